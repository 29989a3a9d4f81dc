//! [`sandbox::Store`] and [`sandbox::ClockOffset`] on all databases.

use async_trait::async_trait;
use base::{StoreError, Timestamp};
use identity::AccountId;
use sandbox::{
    Agreement, Application, Booked, ClockOffset, Company, Connected, ConnectionId, NewBooking, Store,
};

use crate::{Database, Row, params};

/// The counter that holds the clock's offset in milliseconds; no row means none.
const OFFSET: &str = "sandbox.clock_offset_millis";

#[async_trait]
impl ClockOffset for Database {
    async fn clock_offset_millis(&self) -> Result<i64, StoreError> {
        self.read("sandbox.clock_offset", |tx| {
            let row = tx.query_opt("SELECT value FROM counters WHERE name = $1", params![OFFSET])?;
            row.map_or(Ok(0), |row| row.get("value"))
        })
        .await
    }

    async fn add_clock_offset(&self, millis: i64) -> Result<i64, StoreError> {
        self.run_tx("sandbox.add_clock_offset", move |tx| {
            let row = tx.query_one(
                "INSERT INTO counters (name, value) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET value = counters.value + $2 RETURNING value",
                params![OFFSET, millis],
            )?;
            row.get("value")
        })
        .await
    }

    async fn reset_clock_offset(&self) -> Result<(), StoreError> {
        self.run_tx("sandbox.reset_clock_offset", |tx| {
            tx.execute("DELETE FROM counters WHERE name = $1", params![OFFSET]).map(drop)
        })
        .await
    }
}

#[async_trait]
impl Store for Database {
    async fn put_company(&self, company: &Company) -> Result<(), StoreError> {
        let company = company.clone();
        self.run_tx("sandbox.put_company", move |tx| {
            tx.execute(
                "INSERT INTO standin_companies (id, name, country, registration_number, last_number) \
                 VALUES ($1, $2, $3, $4, 0) \
                 ON CONFLICT (id) DO UPDATE SET name = $2, country = $3, registration_number = $4",
                params![company.id, company.name, company.country, company.registration_number],
            )
            .map(drop)
        })
        .await
    }

    async fn company(&self, id: &str) -> Result<Option<Company>, StoreError> {
        let id = id.to_owned();
        self.read("sandbox.company", move |tx| {
            let sql = "SELECT id, name, country, registration_number FROM standin_companies WHERE id = $1";
            tx.query_opt(sql, params![id])?.as_ref().map(company).transpose()
        })
        .await
    }

    async fn add_member(&self, account: AccountId, company_id: &str) -> Result<(), StoreError> {
        let company_id = company_id.to_owned();
        self.run_tx("sandbox.add_member", move |tx| {
            tx.execute(
                "INSERT INTO standin_members (account_id, company_id) VALUES ($1, $2) ON CONFLICT (account_id, company_id) DO NOTHING",
                params![account, company_id],
            )
            .map(drop)
        })
        .await
    }

    async fn companies_of(&self, account: AccountId) -> Result<Vec<Company>, StoreError> {
        self.read("sandbox.companies_of", move |tx| {
            let rows = tx.query(
                "SELECT id, name, country, registration_number FROM standin_members \
                 JOIN standin_companies ON standin_companies.id = standin_members.company_id \
                 WHERE account_id = $1 ORDER BY name, id",
                params![account],
            )?;
            rows.iter().map(company).collect()
        })
        .await
    }

    async fn connect(
        &self,
        client_id: &str,
        account: AccountId,
        companies: Vec<(ConnectionId, String)>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let client_id = client_id.to_owned();
        self.run_tx("sandbox.connect", move |tx| {
            for (id, company_id) in &companies {
                tx.execute(
                    "INSERT INTO standin_connections (id, client_id, account_id, company_id, created_at, updated_at) \
                     VALUES ($1, $2, $3, $4, $5, $5) \
                     ON CONFLICT (client_id, account_id, company_id) DO UPDATE SET updated_at = $5",
                    params![id, client_id, account, company_id, at],
                )?;
            }
            Ok(())
        })
        .await
    }

    async fn connected(&self, client_id: &str, account: AccountId) -> Result<Vec<Connected>, StoreError> {
        let client_id = client_id.to_owned();
        self.read("sandbox.connected", move |tx| {
            let rows = tx.query(
                "SELECT standin_companies.id AS id, name, country, registration_number, \
                 standin_connections.id AS connection_id, created_at, updated_at FROM standin_connections \
                 JOIN standin_companies ON standin_companies.id = standin_connections.company_id \
                 WHERE client_id = $1 AND account_id = $2 ORDER BY name, standin_companies.id",
                params![client_id, account],
            )?;
            rows.iter().map(connected).collect()
        })
        .await
    }

    async fn disconnect(
        &self,
        client_id: &str,
        account: AccountId,
        id: ConnectionId,
    ) -> Result<bool, StoreError> {
        let client_id = client_id.to_owned();
        self.run_tx("sandbox.disconnect", move |tx| {
            let sql = "DELETE FROM standin_connections WHERE id = $1 AND client_id = $2 AND account_id = $3";
            Ok(tx.execute(sql, params![id, client_id, account])? == 1)
        })
        .await
    }

    async fn disconnect_all(
        &self,
        client_id: &str,
        company_id: Option<&str>,
    ) -> Result<Vec<AccountId>, StoreError> {
        let (client_id, company_id) = (client_id.to_owned(), company_id.map(ToOwned::to_owned));
        self.run_tx("sandbox.disconnect_all", move |tx| {
            let rows = match &company_id {
                Some(company_id) => tx.query(
                    "DELETE FROM standin_connections WHERE client_id = $1 AND company_id = $2 RETURNING account_id",
                    params![client_id, company_id],
                )?,
                None => tx.query(
                    "DELETE FROM standin_connections WHERE client_id = $1 RETURNING account_id",
                    params![client_id],
                )?,
            };
            let mut accounts = rows.iter().map(|row| row.get("account_id")).collect::<Result<Vec<AccountId>, _>>()?;
            accounts.sort();
            accounts.dedup();
            Ok(accounts)
        })
        .await
    }

    async fn book(&self, booking: &NewBooking) -> Result<u64, StoreError> {
        let booking = booking.clone();
        let document = booking.document.to_string();
        self.run_tx("sandbox.book", move |tx| {
            let row = tx.query_opt(
                "UPDATE standin_companies SET last_number = last_number + 1 WHERE id = $1 RETURNING last_number",
                params![booking.company_id],
            )?;
            let Some(row) = row else { return Err(StoreError::Corrupt("books of a company that is not there".to_owned())) };
            let number: i64 = row.get("last_number")?;
            tx.execute(
                "INSERT INTO standin_entries (id, company_id, number, client_id, document, booked_at) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                params![booking.id, booking.company_id, number, booking.client_id, document, booking.booked_at],
            )?;
            u64::try_from(number).map_err(|_| StoreError::Corrupt("a number below 1".to_owned()))
        })
        .await
    }

    async fn booked(&self, company_id: &str, after: u64, limit: u32) -> Result<Vec<Booked>, StoreError> {
        let company_id = company_id.to_owned();
        self.read("sandbox.booked", move |tx| {
            let rows = tx.query(
                "SELECT id, company_id, number, client_id, document, booked_at FROM standin_entries \
                 WHERE company_id = $1 AND number > $2 ORDER BY number LIMIT $3",
                params![company_id, after, limit],
            )?;
            rows.iter().map(booked).collect()
        })
        .await
    }

    async fn put_application(&self, application: &Application) -> Result<(), StoreError> {
        let application = application.clone();
        let redirect_uris = serde_json::Value::from(application.redirect_uris).to_string();
        self.run_tx("sandbox.put_application", move |tx| {
            tx.execute(
                "INSERT INTO standin_applications (client_id, name, secret_hash, redirect_uris) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (client_id) DO UPDATE SET name = $2, secret_hash = $3, redirect_uris = $4",
                params![application.client_id, application.name, application.secret_hash, redirect_uris],
            )
            .map(drop)
        })
        .await
    }

    async fn application(&self, client_id: &str) -> Result<Option<Application>, StoreError> {
        let client_id = client_id.to_owned();
        self.read("sandbox.application", move |tx| {
            let sql = "SELECT client_id, name, secret_hash, redirect_uris FROM standin_applications WHERE client_id = $1";
            tx.query_opt(sql, params![client_id])?.as_ref().map(application).transpose()
        })
        .await
    }

    async fn application_by_secret(&self, secret_hash: &[u8; 32]) -> Result<Option<Application>, StoreError> {
        let secret_hash = *secret_hash;
        self.read("sandbox.application_by_secret", move |tx| {
            let sql = "SELECT client_id, name, secret_hash, redirect_uris FROM standin_applications WHERE secret_hash = $1";
            tx.query_opt(sql, params![secret_hash])?.as_ref().map(application).transpose()
        })
        .await
    }

    async fn put_agreement(&self, agreement: &Agreement) -> Result<(), StoreError> {
        let agreement = agreement.clone();
        self.run_tx("sandbox.put_agreement", move |tx| {
            tx.execute(
                "INSERT INTO standin_agreements (token_hash, client_id, company_id, granted_by, created_at) \
                 VALUES ($1, $2, $3, $4, $5)",
                params![
                    agreement.token_hash,
                    agreement.client_id,
                    agreement.company_id,
                    agreement.granted_by,
                    agreement.created_at
                ],
            )
            .map(drop)
        })
        .await
    }

    async fn agreement(&self, token_hash: &[u8; 32]) -> Result<Option<Agreement>, StoreError> {
        let token_hash = *token_hash;
        self.read("sandbox.agreement", move |tx| {
            let sql = "SELECT token_hash, client_id, company_id, granted_by, created_at FROM standin_agreements WHERE token_hash = $1";
            tx.query_opt(sql, params![token_hash])?.as_ref().map(agreement).transpose()
        })
        .await
    }

    async fn end_agreements(&self, client_id: &str, company_id: Option<&str>) -> Result<usize, StoreError> {
        let (client_id, company_id) = (client_id.to_owned(), company_id.map(ToOwned::to_owned));
        self.run_tx("sandbox.end_agreements", move |tx| match &company_id {
            Some(company_id) => tx.execute(
                "DELETE FROM standin_agreements WHERE client_id = $1 AND company_id = $2",
                params![client_id, company_id],
            ),
            None => tx.execute("DELETE FROM standin_agreements WHERE client_id = $1", params![client_id]),
        })
        .await
    }

    async fn end_agreement(&self, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let token_hash = *token_hash;
        self.run_tx("sandbox.end_agreement", move |tx| {
            Ok(tx.execute("DELETE FROM standin_agreements WHERE token_hash = $1", params![token_hash])? == 1)
        })
        .await
    }
}

fn company(row: &Row) -> Result<Company, StoreError> {
    Ok(Company {
        id: row.get("id")?,
        name: row.get("name")?,
        country: row.get("country")?,
        registration_number: row.get("registration_number")?,
    })
}

fn connected(row: &Row) -> Result<Connected, StoreError> {
    Ok(Connected {
        id: row.get("connection_id")?,
        company: company(row)?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn booked(row: &Row) -> Result<Booked, StoreError> {
    let booking = NewBooking {
        id: row.get("id")?,
        company_id: row.get("company_id")?,
        client_id: row.get("client_id")?,
        document: row.json("document")?,
        booked_at: row.get("booked_at")?,
    };
    Ok(Booked { booking, number: row.get("number")? })
}

fn application(row: &Row) -> Result<Application, StoreError> {
    Ok(Application {
        client_id: row.get("client_id")?,
        name: row.get("name")?,
        secret_hash: row.get("secret_hash")?,
        redirect_uris: row.json("redirect_uris")?,
    })
}

fn agreement(row: &Row) -> Result<Agreement, StoreError> {
    Ok(Agreement {
        token_hash: row.get("token_hash")?,
        client_id: row.get("client_id")?,
        company_id: row.get("company_id")?,
        granted_by: row.get("granted_by")?,
        created_at: row.get("created_at")?,
    })
}
