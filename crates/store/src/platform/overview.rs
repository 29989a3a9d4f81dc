use async_trait::async_trait;
use authserver::ClientId;
use base::{StoreError, Timestamp};
use platform::{
    ClientUsage, CompanyId, CompanySelection, Counts, Employee, ListedCompany, Overview, Subject, Tally,
    TokenAccess,
};

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
        most: u32,
    ) -> Result<Vec<ClientUsage>, StoreError> {
        let clients = clients.to_vec();
        self.read("platform.client_usage", move |tx| {
            let mut found = Vec::new();
            for client in &clients {
                found.extend(usage(tx, client, now, most)?);
            }
            Ok(found)
        })
        .await
    }

    async fn token_accesses(&self, subject: Subject, now: Timestamp) -> Result<Vec<TokenAccess>, StoreError> {
        self.read("platform.token_accesses", move |tx| {
            let sql = "SELECT client_id, scope, min(created_at) AS since, max(last_used_at) AS last_used_at, \
                       count(CASE WHEN refresh_expires_at > $2 OR access_expires_at > $2 THEN 1 END) AS live \
                       FROM authorisations WHERE subject = $1 AND state = 'active' GROUP BY client_id, scope";
            tx.query(sql, params![subject.to_string(), now])?.iter().map(token_access).collect()
        })
        .await
    }

    async fn find_companies(
        &self,
        text: &str,
        selection: CompanySelection,
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
                 AND (CAST($7 AS BIGINT) = 0 OR c.suspended_at IS NOT NULL) ORDER BY c.name, c.id LIMIT $6"
            );
            let (lower, written) = (containing(&text.to_lowercase()), containing(&text));
            let suspended = selection == CompanySelection::Suspended;
            let values = params![lower, written, text.to_lowercase(), name, id, limit, suspended];
            let rows = tx.query(&sql, values)?;
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

fn token_access(row: &Row) -> Result<TokenAccess, StoreError> {
    Ok(TokenAccess {
        client_id: ClientId::new(row.get::<String>("client_id")?),
        scope: row.get("scope")?,
        since: row.get("since")?,
        last_used_at: row.get("last_used_at")?,
        live: row.get::<u64>("live")? > 0,
    })
}

fn listed(row: &Row) -> Result<ListedCompany, StoreError> {
    Ok(ListedCompany { company: read_company(row)?, organisation_name: row.get("organisation_name")? })
}

/// What is counted of the newest `$3` of a client's rows that are not over, at `$2`. The limit comes before the count, so that a
/// million of them cost no more than that.
const TOKENS: &str = "SELECT count(*) AS looked_at, count(CASE WHEN live THEN 1 END) AS number, \
    max(CASE WHEN live THEN last_used_at END) AS last FROM (\
        SELECT last_used_at, state = 'active' AND COALESCE(refresh_expires_at, access_expires_at) > $2 AS live \
        FROM authorisations WHERE client_id = $1 AND state <> 'ended' ORDER BY id DESC LIMIT $3) AS looked";

const KEYS: &str = "SELECT count(*) AS looked_at, count(CASE WHEN live THEN 1 END) AS number, \
    max(CASE WHEN live THEN last_used_at END) AS last FROM (\
        SELECT last_used_at, expires_at IS NULL OR expires_at > $2 AS live \
        FROM api_keys WHERE application_id = $1 AND revoked_at IS NULL LIMIT $3) AS looked";

fn usage(
    tx: &mut Tx,
    client: &ClientId,
    now: Timestamp,
    most: u32,
) -> Result<Option<ClientUsage>, StoreError> {
    let mut tally = |sql: &str| -> Result<(Tally, Option<Timestamp>), StoreError> {
        let row = tx.query_one(sql, params![client.as_str(), now, most])?;
        let looked_at: u64 = row.get("looked_at")?;
        let tally = Tally { number: row.get("number")?, is_all: looked_at < u64::from(most) };
        Ok((tally, row.get("last")?))
    };
    let (authorisations, by_token) = tally(TOKENS)?;
    let (api_keys, by_key) = tally(KEYS)?;
    if [authorisations, api_keys] == [Tally::NONE; 2] {
        return Ok(None);
    }
    let last_used_at = by_token.max(by_key);
    Ok(Some(ClientUsage { client_id: client.clone(), authorisations, api_keys, last_used_at }))
}
