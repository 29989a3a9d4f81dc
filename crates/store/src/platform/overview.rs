use async_trait::async_trait;
use authserver::ClientId;
use base::{StoreError, Timestamp};
use platform::{ClientUsage, CompanyId, Counts, Employee, ListedCompany, Overview};

use super::tenants::{COMPANY, EMPLOYEE, read_company, read_employee};
use crate::sql::containing;
use crate::{Database, Row, Tx, params};

#[async_trait]
impl Overview for Database {
    async fn counts(&self) -> Result<Counts, StoreError> {
        self.read("platform.counts", move |tx| {
            let people = tx.query_one(
                "SELECT count(*) AS users, count(disabled_at) AS disabled FROM accounts",
                params![],
            )?;
            let tenants = tx.query_one(
                "SELECT count(*) AS companies, count(suspended_at) AS suspended FROM companies",
                params![],
            )?;
            let sql = "SELECT count(*) AS clients FROM clients WHERE state IN ($1, $2)";
            let waiting = tx.query_one(sql, params!["awaiting_review", "change_awaiting_review"])?;
            let approved = tx.query_one(sql, params!["approved", "change_awaiting_review"])?;
            Ok(Counts {
                users: people.get("users")?,
                disabled_users: people.get("disabled")?,
                companies: tenants.get("companies")?,
                suspended_companies: tenants.get("suspended")?,
                waiting_clients: waiting.get("clients")?,
                approved_clients: approved.get("clients")?,
            })
        })
        .await
    }

    async fn client_usage(
        &self,
        clients: &[ClientId],
        now: Timestamp,
    ) -> Result<Vec<ClientUsage>, StoreError> {
        let clients = clients.to_vec();
        self.read("platform.client_usage", move |tx| {
            let mut found = Vec::new();
            for client in &clients {
                found.extend(usage(tx, client, now)?);
            }
            Ok(found)
        })
        .await
    }

    async fn find_companies(
        &self,
        text: &str,
        after: Option<CompanyId>,
        limit: u32,
    ) -> Result<Vec<ListedCompany>, StoreError> {
        let text = text.to_owned();
        self.read("platform.find_companies", move |tx| {
            // Where the list goes on is a place in the order of names; a company that has gone meanwhile leaves none.
            let from = match after {
                None => None,
                Some(id) => tx.query_opt("SELECT name FROM companies WHERE id = $1", params![id])?,
            };
            let (name, id) = match from {
                None => (None, None),
                Some(row) => (Some(row.get::<String>("name")?), after),
            };
            let sql = format!(
                "SELECT {COMPANY}, o.name AS organisation_name FROM companies c \
                 JOIN organisations o ON o.id = c.organisation_id \
                 WHERE (lower(c.name) LIKE $1 ESCAPE '\\' OR c.name LIKE $2 ESCAPE '\\' OR c.registration_number LIKE $2 ESCAPE '\\' \
                 OR lower(o.name) LIKE $1 ESCAPE '\\' OR o.name LIKE $2 ESCAPE '\\' OR c.id = $3) \
                 AND (CAST($4 AS TEXT) IS NULL OR c.name > $4 OR (c.name = $4 AND c.id > $5)) \
                 ORDER BY c.name, c.id LIMIT $6"
            );
            let (lower, written) = (containing(&text.to_lowercase()), containing(&text));
            let rows = tx.query(&sql, params![lower, written, text.to_lowercase(), name, id, limit])?;
            rows.iter().map(listed).collect()
        })
        .await
    }

    async fn staff(&self, company: CompanyId, limit: u32) -> Result<Vec<Employee>, StoreError> {
        self.read("platform.staff", move |tx| {
            let sql = format!(
                "SELECT {EMPLOYEE} FROM employees e WHERE e.company_id = $1 ORDER BY e.email, e.id LIMIT $2"
            );
            tx.query(&sql, params![company, limit])?.iter().map(read_employee).collect()
        })
        .await
    }
}

fn listed(row: &Row) -> Result<ListedCompany, StoreError> {
    Ok(ListedCompany { company: read_company(row)?, organisation_name: row.get("organisation_name")? })
}

fn usage(tx: &mut Tx, client: &ClientId, now: Timestamp) -> Result<Option<ClientUsage>, StoreError> {
    let tokens = tx.query_one(
        "SELECT count(*) AS number, max(last_used_at) AS last FROM authorisations \
         WHERE client_id = $1 AND state = 'active' AND COALESCE(refresh_expires_at, access_expires_at) > $2",
        params![client.as_str(), now],
    )?;
    let keys = tx.query_one(
        "SELECT count(*) AS number, max(last_used_at) AS last FROM api_keys \
         WHERE application_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        params![client.as_str(), now],
    )?;
    let (authorisations, api_keys) = (tokens.get("number")?, keys.get("number")?);
    if authorisations == 0_u64 && api_keys == 0_u64 {
        return Ok(None);
    }
    let (by_token, by_key): (Option<Timestamp>, Option<Timestamp>) = (tokens.get("last")?, keys.get("last")?);
    Ok(Some(ClientUsage {
        client_id: client.clone(),
        authorisations,
        api_keys,
        last_used_at: by_token.max(by_key),
    }))
}
