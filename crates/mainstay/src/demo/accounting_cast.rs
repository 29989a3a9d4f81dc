//! Who plays at the accounting stand-ins.

use base::Secret;
use sandbox::{Seed, SeedClient, SeedCompany, SeedUser, StandinKind};
use serde_json::{Value, json};

use super::cast::Addresses;
use super::secrets::Secrets;

/// A company in an accounting system.
#[derive(Debug, Clone, Copy)]
pub(super) struct Books {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    country: &'static str,
    registration_number: &'static str,
}

/// What one accounting system has in the demo.
#[derive(Debug, Clone, Copy)]
pub(super) struct System {
    pub(super) kind: StandinKind,
    /// The first is the one that the walk connects.
    pub(super) books: &'static [Books],
    pub(super) email: &'static str,
    name: &'static str,
}

/// One sign-in reaches three organisations, two of them easily confused.
pub(super) const XERO: System = System {
    kind: StandinKind::Xero,
    books: &[
        Books {
            id: "0b7a5f3e-2c1d-4e8f-9a6b-7c8d9e0f4001",
            name: "Love Crème Nederland",
            country: "NL",
            registration_number: "34567890",
        },
        Books {
            id: "0b7a5f3e-2c1d-4e8f-9a6b-7c8d9e0f4002",
            name: "Love Crème België",
            country: "BE",
            registration_number: "0712.345.678",
        },
        Books {
            id: "0b7a5f3e-2c1d-4e8f-9a6b-7c8d9e0f4003",
            name: "Crème Holding",
            country: "NL",
            registration_number: "34567001",
        },
    ],
    email: "xander@ledgers.example",
    name: "Xander Bakker",
};

/// One grant reaches the one company that was chosen; refresh tokens work once.
pub(super) const FORTNOX: System = System {
    kind: StandinKind::Fortnox,
    books: &[
        Books { id: "510001", name: "Fika & Rosteri AB", country: "SE", registration_number: "559123-4567" },
        Books { id: "510002", name: "Crème Nordic AB", country: "SE", registration_number: "559765-4321" },
    ],
    email: "freja@ledgers.example",
    name: "Freja Lind",
};

pub(super) const SYSTEMS: [System; 2] = [XERO, FORTNOX];

impl System {
    /// The integration's client there.
    pub(super) fn client_id(&self) -> String {
        format!("ledgerline-at-{}", self.kind)
    }

    /// What the stand-in is filled with.
    pub(super) fn seed(&self, addresses: &Addresses, secrets: &Secrets) -> Seed {
        let companies = self.books.iter().map(|books| SeedCompany {
            id: books.id.to_owned(),
            name: books.name.to_owned(),
            country: books.country.to_owned(),
            registration_number: Some(books.registration_number.to_owned()),
        });
        Seed {
            companies: companies.collect(),
            users: vec![SeedUser {
                email: self.email.to_owned(),
                password: Secret::new(secrets.of(self.email)),
                name: self.name.to_owned(),
                companies: self.books.iter().map(|books| books.id.to_owned()).collect(),
            }],
            clients: vec![SeedClient {
                client_id: self.client_id(),
                client_secret: Some(Secret::new(secrets.of(&self.client_id()))),
                name: "Ledgerline".to_owned(),
                redirect_uris: vec![addresses.callback(self.kind.id())],
                access_token_seconds: None,
                refresh_idle_seconds: None,
            }],
        }
    }

    /// As the demo's JSON line shows it.
    pub(super) fn shown(&self, addresses: &Addresses, secrets: &Secrets) -> Value {
        let books = |books: &Books| json!({"id": books.id, "name": books.name});
        json!({
            "url": addresses.stand_in(self.kind.id()),
            "users": [{"email": self.email, "name": self.name, "password": secrets.of(self.email)}],
            "companies": self.books.iter().map(books).collect::<Vec<_>>(),
            "clients": [{
                "client_id": self.client_id(),
                "client_secret": secrets.of(&self.client_id()),
                "redirect_uris": [addresses.callback(self.kind.id())],
            }],
            "sandbox_token": secrets.of(super::SANDBOX_TOKEN),
        })
    }
}
