//! Who plays in the demo: one organisation of three companies, people with different roles, the integration with its client, and
//! the expenses that go through the connections.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::secrets::Secrets;

/// A company at the platform.
#[derive(Debug, Clone, Copy)]
pub(super) struct Company {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) country: &'static str,
    pub(super) registration_number: &'static str,
    pub(super) currency: &'static str,
}

/// Sold in the Netherlands, exported to Xero.
pub(super) const DUTCH: Company = Company {
    id: "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a1001",
    name: "Love Crème BV",
    country: "NL",
    registration_number: "34567890",
    currency: "EUR",
};

/// Called like the Dutch one: only number and country tell them apart.
pub(super) const BELGIAN: Company = Company {
    id: "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a1002",
    name: "Love Crème BV",
    country: "BE",
    registration_number: "0712.345.678",
    currency: "EUR",
};

/// Exported to Fortnox.
pub(super) const SWEDISH: Company = Company {
    id: "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a1003",
    name: "Fika & Rosteri AB",
    country: "SE",
    registration_number: "559123-4567",
    currency: "SEK",
};

pub(super) const COMPANIES: [Company; 3] = [DUTCH, BELGIAN, SWEDISH];

const ORGANISATION: &str = "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a1000";

/// The integration's client.
pub(super) const CLIENT: &str = "9d2c7a10-3b57-4a8e-8a55-6f0f1c2d2001";

/// The same integration as an app that connects by an API key.
pub(super) const KEY_CLIENT: &str = "9d2c7a10-3b57-4a8e-8a55-6f0f1c2d2002";

/// A person at the platform.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) email: &'static str,
    pub(super) name: &'static str,
    roles: &'static [(&'static str, &'static str)],
    platform_admin: bool,
}

/// May consent for each of the three companies.
pub(super) const ADMIN: Person = Person {
    email: "alma@lovecreme.example",
    name: "Alma Jansen",
    roles: &[(DUTCH.id, "admin"), (BELGIAN.id, "admin"), (SWEDISH.id, "admin")],
    platform_admin: false,
};

pub(super) const PEOPLE: [Person; 4] = [
    ADMIN,
    Person {
        email: "bram@lovecreme.example",
        name: "Bram de Vries",
        roles: &[(DUTCH.id, "bookkeeper"), (BELGIAN.id, "bookkeeper")],
        platform_admin: false,
    },
    Person {
        email: "elin@lovecreme.example",
        name: "Elin Berg",
        roles: &[(SWEDISH.id, "employee")],
        platform_admin: false,
    },
    Person { email: "petra@pleo.example", name: "Petra Holm", roles: &[], platform_admin: true },
];

/// What the integration asks for.
pub(super) const SCOPES: &[&str] = &[
    "companies:read",
    "users:read",
    "export-jobs:read",
    "export-jobs:write",
    "export-items:read",
    "accounts:read",
    "vendors:read",
];

/// An expense of a company: what the export is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expense {
    pub(super) id: &'static str,
    pub(super) company: Company,
    pub(super) kind: &'static str,
    pub(super) amount_minor: i64,
    pub(super) note: &'static str,
}

pub(super) const EXPENSES: [Expense; 6] = [
    Expense {
        id: "c3a80e5e-7f6e-4a43-9d5a-1e2f3a4b3001",
        company: DUTCH,
        kind: "card_purchase",
        amount_minor: 4_250,
        note: "Vanilla pods",
    },
    Expense {
        id: "c3a80e5e-7f6e-4a43-9d5a-1e2f3a4b3002",
        company: DUTCH,
        kind: "mileage",
        amount_minor: 1_890,
        note: "To the dairy",
    },
    Expense {
        id: "c3a80e5e-7f6e-4a43-9d5a-1e2f3a4b3003",
        company: DUTCH,
        kind: "out_of_pocket",
        amount_minor: 1_200,
        note: "Train to Utrecht",
    },
    Expense {
        id: "c3a80e5e-7f6e-4a43-9d5a-1e2f3a4b3004",
        company: BELGIAN,
        kind: "card_purchase",
        amount_minor: 9_900,
        note: "Cooling element",
    },
    Expense {
        id: "c3a80e5e-7f6e-4a43-9d5a-1e2f3a4b3005",
        company: SWEDISH,
        kind: "card_purchase",
        amount_minor: 129_000,
        note: "Espresso grinder",
    },
    Expense {
        id: "c3a80e5e-7f6e-4a43-9d5a-1e2f3a4b3006",
        company: SWEDISH,
        kind: "per_diem",
        amount_minor: 26_000,
        note: "Trade fair",
    },
];

/// The addresses of a demo that runs.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub(super) platform: String,
    pub(super) connect: String,
    pub(super) sandbox: String,
}

impl Addresses {
    /// Where a stand-in lives.
    pub(super) fn stand_in(&self, system: &str) -> String {
        format!("{}/{system}", self.sandbox)
    }

    /// Where a provider sends people back to.
    pub(super) fn callback(&self, provider: &str) -> String {
        format!("{}/callback/{provider}", self.connect)
    }
}

/// The platform's seed file.
pub(super) fn platform_seed(addresses: &Addresses, secrets: &Secrets) -> String {
    let mut seed = format!("[[organisations]]\nid = \"{ORGANISATION}\"\nname = \"Love Crème Group\"\n");
    for company in COMPANIES {
        let Company { id, name, country, registration_number, .. } = company;
        write!(
            seed,
            "\n[[companies]]\nid = \"{id}\"\nname = \"{name}\"\norganisation = \"{ORGANISATION}\"\ncountry = \"{country}\"\n\
             registration_number = \"{registration_number}\"\nstandalone_api_keys = true\n"
        )
        .expect("a String takes everything");
    }
    for person in PEOPLE {
        let roles: Vec<String> = person
            .roles
            .iter()
            .map(|(company, role)| format!("{{ company = \"{company}\", role = \"{role}\" }}"))
            .collect();
        write!(
            seed,
            "\n[[users]]\nemail = \"{}\"\nname = \"{}\"\npassword = \"{}\"\nplatform_admin = {}\nroles = [{}]\n",
            person.email,
            person.name,
            secrets.of(person.email),
            person.platform_admin,
            roles.join(", ")
        )
        .expect("a String takes everything");
    }
    let scopes = SCOPES.iter().map(|scope| format!("\"{scope}\"")).collect::<Vec<_>>().join(", ");
    for (id, name, keys) in [(CLIENT, "Ledgerline", false), (KEY_CLIENT, "Ledgerline by API key", true)] {
        write!(
            seed,
            "\n[[clients]]\nclient_id = \"{id}\"\nclient_secret = \"{}\"\nname = \"{name}\"\nredirect_uris = [\"{}\"]\n\
             scopes = [{scopes}]\napproved = true\npkce = \"required\"\nintegrated_api_keys = {keys}\n\
             initiation_uri = \"{connect}/connect\"\nsettings_uri = \"{connect}/connect\"\nclient_uri = \"{connect}/\"\n\
             contacts = [\"integrations@ledgerline.example\"]\n",
            secrets.of(id),
            addresses.callback("pleo"),
            connect = addresses.connect
        )
        .expect("a String takes everything");
    }
    for Expense { id, company, kind, amount_minor, note } in EXPENSES {
        write!(
            seed,
            "\n[[expenses]]\nid = \"{id}\"\ncompany = \"{}\"\nemployee = \"{}\"\nkind = \"{kind}\"\namount_minor = {amount_minor}\n\
             currency = \"{}\"\ndate = \"2026-05-04\"\nnote = \"{note}\"\n",
            company.id, ADMIN.email, company.currency
        )
        .expect("a String takes everything");
    }
    seed
}

/// The people of the platform as the demo's JSON line shows them.
pub(super) fn sign_ins(secrets: &Secrets) -> Vec<Value> {
    PEOPLE
        .iter()
        .map(|person| json!({"email": person.email, "name": person.name, "password": secrets.of(person.email)}))
        .collect()
}
