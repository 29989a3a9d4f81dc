use async_trait::async_trait;
use audit::AuditRecord;
use base::{StoreError, Timestamp};
use identity::AccountId;
use platform::{
    Company, CompanyId, Employee, EmployeeFilter, EmployeeId, Membership, Organisation, OrganisationId, Page,
    PageQuery, Reach, Role, Standing, Subject, Tenants,
};

use super::page::List;
use crate::audit::append;
use crate::{Database, Row, Tx, Value, params};

pub(super) const COMPANY: &str = "c.id, c.organisation_id, c.name, c.country, c.registration_number, c.standalone_api_keys, c.suspended_at";
pub(super) const EMPLOYEE: &str = "e.id, e.company_id, e.user_id, e.email, e.first_name, e.last_name, e.role";

pub(super) fn read_company(row: &Row) -> Result<Company, StoreError> {
    Ok(Company {
        id: row.get("id")?,
        organisation: row.get("organisation_id")?,
        name: row.get("name")?,
        country: row.get("country")?,
        registration_number: row.get("registration_number")?,
        standalone_api_keys: row.get("standalone_api_keys")?,
        suspended_at: row.get("suspended_at")?,
    })
}

pub(super) fn read_employee(row: &Row) -> Result<Employee, StoreError> {
    Ok(Employee {
        id: row.get("id")?,
        company: row.get("company_id")?,
        account: row.get("user_id")?,
        email: row.get("email")?,
        first_name: row.get("first_name")?,
        last_name: row.get("last_name")?,
        role: row.parse("role")?,
    })
}

/// The condition that keeps a list of companies within reach, and its value as `$1`.
fn within(reach: Reach) -> (&'static str, Value) {
    match reach {
        Reach::Company(id) => ("c.suspended_at IS NULL AND c.id = $1", Value::Text(id.to_string())),
        Reach::Organisation(id) => {
            ("c.suspended_at IS NULL AND c.organisation_id = $1", Value::Text(id.to_string()))
        }
    }
}

/// Records what was done, if anything was.
fn told(tx: &mut Tx, done: bool, audit: &AuditRecord) -> Result<(), StoreError> {
    if done { append(tx, std::slice::from_ref(audit)) } else { Ok(()) }
}

#[async_trait]
impl Tenants for Database {
    async fn put_organisation(
        &self,
        organisation: &Organisation,
        audit: AuditRecord,
    ) -> Result<(), StoreError> {
        let organisation = organisation.clone();
        self.run_tx("platform.put_organisation", move |tx| {
            let changed = tx.execute(
                "INSERT INTO organisations (id, name) VALUES ($1, $2) \
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE organisations.name <> excluded.name",
                params![organisation.id, organisation.name],
            )?;
            told(tx, changed == 1, &audit)
        })
        .await
    }

    async fn put_company(&self, company: &Company, audit: AuditRecord) -> Result<(), StoreError> {
        let company = company.clone();
        self.run_tx("platform.put_company", move |tx| {
            let changed = tx.execute(
                "INSERT INTO companies (id, organisation_id, name, country, registration_number, standalone_api_keys) \
                 VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (id) DO UPDATE SET organisation_id = excluded.organisation_id, name = excluded.name, \
                 country = excluded.country, registration_number = excluded.registration_number, \
                 standalone_api_keys = excluded.standalone_api_keys \
                 WHERE companies.organisation_id <> excluded.organisation_id OR companies.name <> excluded.name \
                 OR companies.country <> excluded.country \
                 OR companies.registration_number IS DISTINCT FROM excluded.registration_number \
                 OR companies.standalone_api_keys <> excluded.standalone_api_keys",
                params![
                    company.id,
                    company.organisation,
                    company.name,
                    company.country,
                    company.registration_number,
                    company.standalone_api_keys
                ],
            )?;
            told(tx, changed == 1, &audit)
        })
        .await
    }

    async fn put_employee(&self, employee: &Employee, audit: AuditRecord) -> Result<EmployeeId, StoreError> {
        let employee = employee.clone();
        self.run_tx("platform.put_employee", move |tx| {
            let before = tx.query_opt(
                "SELECT role FROM employees WHERE user_id = $1 AND company_id = $2 {for_update}",
                params![employee.account, employee.company],
            )?;
            let before: Option<Role> = before.map(|row| row.parse("role")).transpose()?;
            let row = tx.query_one(
                "INSERT INTO employees (id, company_id, user_id, email, first_name, last_name, role) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (user_id, company_id) DO UPDATE SET email = excluded.email, \
                 first_name = excluded.first_name, last_name = excluded.last_name, role = excluded.role \
                 RETURNING id",
                params![
                    employee.id,
                    employee.company,
                    employee.account,
                    employee.email,
                    employee.first_name,
                    employee.last_name,
                    employee.role.as_str()
                ],
            )?;
            told(tx, before != Some(employee.role), &audit)?;
            row.get("id")
        })
        .await
    }

    async fn remove_employee(
        &self,
        company: CompanyId,
        account: AccountId,
        audit: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.run_tx("platform.remove_employee", move |tx| {
            let sql = "DELETE FROM employees WHERE user_id = $1 AND company_id = $2";
            let removed = tx.execute(sql, params![account, company])? == 1;
            told(tx, removed, &audit)?;
            Ok(removed)
        })
        .await
    }

    async fn set_platform_admin(
        &self,
        account: AccountId,
        admin: bool,
        audit: AuditRecord,
    ) -> Result<(), StoreError> {
        self.run_tx("platform.set_platform_admin", move |tx| {
            let sql = if admin {
                "INSERT INTO platform_admins (account_id) VALUES ($1) ON CONFLICT (account_id) DO NOTHING"
            } else {
                "DELETE FROM platform_admins WHERE account_id = $1"
            };
            let changed = tx.execute(sql, params![account])?;
            told(tx, changed == 1, &audit)
        })
        .await
    }

    async fn is_platform_admin(&self, account: AccountId) -> Result<bool, StoreError> {
        self.read("platform.is_platform_admin", move |tx| {
            let row = tx.query_opt(
                "SELECT account_id FROM platform_admins WHERE account_id = $1",
                params![account],
            )?;
            Ok(row.is_some())
        })
        .await
    }

    async fn organisation(&self, id: OrganisationId) -> Result<Option<Organisation>, StoreError> {
        self.read("platform.organisation", move |tx| {
            tx.query_opt("SELECT id, name FROM organisations WHERE id = $1", params![id])?
                .map(|row| Ok(Organisation { id: row.get("id")?, name: row.get("name")? }))
                .transpose()
        })
        .await
    }

    async fn company(&self, id: CompanyId) -> Result<Option<Company>, StoreError> {
        self.read("platform.company", move |tx| {
            let sql = format!("SELECT {COMPANY} FROM companies c WHERE c.id = $1");
            tx.query_opt(&sql, params![id])?.as_ref().map(read_company).transpose()
        })
        .await
    }

    async fn suspend_company(&self, id: CompanyId, since: Option<Timestamp>) -> Result<bool, StoreError> {
        self.run_tx("platform.suspend_company", move |tx| {
            let sql = "UPDATE companies SET suspended_at = CASE WHEN CAST($2 AS BIGINT) IS NULL THEN NULL \
                       ELSE COALESCE(suspended_at, $2) END WHERE id = $1";
            Ok(tx.execute(sql, params![id, since])? == 1)
        })
        .await
    }

    async fn memberships(&self, user: AccountId) -> Result<Vec<Membership>, StoreError> {
        self.read("platform.memberships", move |tx| {
            let sql = format!(
                "SELECT {COMPANY}, o.name AS organisation_name, e.role FROM employees e \
                 JOIN companies c ON c.id = e.company_id JOIN organisations o ON o.id = c.organisation_id \
                 WHERE e.user_id = $1 ORDER BY c.name, c.id"
            );
            tx.query(&sql, params![user])?
                .iter()
                .map(|row| {
                    Ok(Membership {
                        company: read_company(row)?,
                        organisation_name: row.get("organisation_name")?,
                        role: row.parse("role")?,
                    })
                })
                .collect()
        })
        .await
    }

    async fn companies_of(&self, organisation: OrganisationId) -> Result<Vec<Company>, StoreError> {
        self.read("platform.companies_of", move |tx| {
            let sql = format!(
                "SELECT {COMPANY} FROM companies c WHERE c.organisation_id = $1 ORDER BY c.name, c.id"
            );
            tx.query(&sql, params![organisation])?.iter().map(read_company).collect()
        })
        .await
    }

    async fn companies(&self, reach: Reach, page: &PageQuery) -> Result<Page<Company>, StoreError> {
        let page = page.clone();
        self.read("platform.companies", move |tx| {
            let (condition, value) = within(reach);
            let list =
                List { columns: COMPANY, from: "companies c", condition, values: vec![value], order: "c.id" };
            list.page(tx, &page, read_company)
        })
        .await
    }

    async fn employees(
        &self,
        filter: &EmployeeFilter,
        page: &PageQuery,
    ) -> Result<Page<Employee>, StoreError> {
        let (filter, page) = (filter.clone(), page.clone());
        self.read("platform.employees", move |tx| {
            let (condition, value) = within(filter.reach);
            let (mut condition, mut values) = (condition.to_owned(), vec![value]);
            if let Some(email) = &filter.email {
                condition.push_str(" AND lower(e.email) = $2");
                values.push(Value::Text(email.to_lowercase()));
            }
            let from = "employees e JOIN companies c ON c.id = e.company_id";
            List { columns: EMPLOYEE, from, condition: &condition, values, order: "e.id" }.page(
                tx,
                &page,
                read_employee,
            )
        })
        .await
    }

    async fn employee(&self, id: EmployeeId) -> Result<Option<Employee>, StoreError> {
        self.read("platform.employee", move |tx| {
            let sql = format!("SELECT {EMPLOYEE} FROM employees e WHERE e.id = $1");
            tx.query_opt(&sql, params![id])?.as_ref().map(read_employee).transpose()
        })
        .await
    }

    async fn standing(&self, subject: Subject) -> Result<Standing, StoreError> {
        self.read("platform.standing", move |tx| {
            let row = match subject {
                Subject::Company(id) => {
                    tx.query_opt("SELECT suspended_at FROM companies WHERE id = $1", params![id])?
                }
                Subject::Organisation(id) => tx.query_opt(
                    "SELECT CAST(NULL AS BIGINT) AS suspended_at FROM organisations WHERE id = $1",
                    params![id],
                )?,
            };
            Ok(match row.map(|row| row.get::<Option<Timestamp>>("suspended_at")).transpose()? {
                None => Standing::Gone,
                Some(None) => Standing::Good,
                Some(Some(_)) => Standing::Suspended,
            })
        })
        .await
    }
}
