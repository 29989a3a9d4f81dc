//! Who has which role where, as those who administer the platform decide it.

use audit::AuditRecord;
use base::StoreError;
use identity::{Account, AccountId};

use crate::{ActError, By, CompanyId, Employee, EmployeeId, Platform, Role, Subject};

impl Platform {
    /// Where a role is to be: in the company with this id, or in every company of its organisation.
    pub async fn place(&self, company: &str, everywhere: bool) -> Result<Subject, ActError> {
        let found = match company.trim().parse() {
            Ok(id) => self.store.company(id).await?,
            Err(_) => None,
        };
        let company =
            found.ok_or_else(|| ActError::invalid("company", "there is no company with this id"))?;
        Ok(if everywhere {
            Subject::Organisation(company.organisation)
        } else {
            Subject::Company(company.id)
        })
    }

    /// Gives a person a role in a company, or in each company of an organisation, in the place of the one they had there. It counts
    /// from their next request on. What they consented to before is the company's, and goes on.
    pub async fn set_role(
        &self,
        by: &By,
        account: &Account,
        place: Subject,
        role: Role,
    ) -> Result<(), ActError> {
        for company in self.companies_at(place).await? {
            let id = EmployeeId::new(&*self.clock, &*self.entropy);
            self.put_employee(&Employee::of(account, id, company, role), by).await?;
        }
        Ok(())
    }

    /// Takes a person's role in a company, or in each company of an organisation, away.
    pub async fn remove_role(&self, by: &By, account: &Account, place: Subject) -> Result<(), ActError> {
        let mut removed = false;
        for company in self.companies_at(place).await? {
            let audit = self.told_of_role("role.removed", by, account.id, company, None);
            removed |= self.store.remove_employee(company, account.id, audit).await?;
        }
        if removed {
            Ok(())
        } else {
            Err(ActError::NotFound { what: format!("role of {} there", account.email) })
        }
    }

    /// Makes or changes a place, and has it recorded where the role is another one.
    pub(crate) async fn put_employee(&self, employee: &Employee, by: &By) -> Result<EmployeeId, StoreError> {
        let role = Some(employee.role);
        let audit = self.told_of_role("role.given", by, employee.account, employee.company, role);
        self.store.put_employee(employee, audit).await
    }

    async fn companies_at(&self, place: Subject) -> Result<Vec<CompanyId>, ActError> {
        let companies: Vec<CompanyId> = match place {
            Subject::Company(id) => {
                self.store.company(id).await?.map(|company| company.id).into_iter().collect()
            }
            Subject::Organisation(id) => {
                self.store.companies_of(id).await?.into_iter().map(|company| company.id).collect()
            }
        };
        if companies.is_empty() {
            return Err(ActError::NotFound { what: format!("company in {place}") });
        }
        Ok(companies)
    }

    fn told_of_role(
        &self,
        kind: &'static str,
        by: &By,
        account: AccountId,
        company: CompanyId,
        role: Option<Role>,
    ) -> AuditRecord {
        let mut event = audit::AuditEvent::new(kind, by.actor.clone()).subject(account).origin(&by.origin);
        event = event.with("company", Subject::Company(company));
        if let Some(role) = role {
            event = event.with("role", role);
        }
        self.auditor.record(event)
    }
}
