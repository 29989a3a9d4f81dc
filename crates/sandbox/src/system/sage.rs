use authserver::{RotationPolicy, RotationRules};
use oauth::ClientAuthMethod;
use serde_json::{Value, json};

use super::{Act, Api, CompanyIn, DAY, Grant, Reach, Route, System, plain_refusal, with};
use crate::StandinKind;
use crate::booking::{LineAmount, Lines};
use crate::store::{Booked, Company};

/// Facts 16.7: access tokens of five minutes, strict rotation, and a lead business that is used silently.
pub(super) const SAGE: System = System {
    kind: StandinKind::Sage,
    name: "Sage Accounting",
    company_word: "business",
    authorize_paths: &["/oauth2/auth/central"],
    token_path: Some("/token"),
    revoke_path: None,
    reach: Reach::AllOfPerson,
    grant: Grant {
        scopes: "full_access readonly",
        client_authentication: &[ClientAuthMethod::ClientSecretPost],
        rotation: || RotationRules::stand_in(RotationPolicy::Strict),
        code_seconds: 60,
        access_token_seconds: 300,
        refresh_idle: DAY.saturating_mul(31),
        refresh_absolute: None,
        offline_by_access_type: false,
        consent_replaces_earlier: false,
        company_parameter: None,
        refresh_expiry_member: Some("refresh_token_expires_in"),
    },
    api: Api {
        routes: &[
            Route { methods: &["GET"], pattern: "/v3.1/businesses", act: Act::Companies },
            Route { methods: &["GET"], pattern: "/v3.1/business_settings", act: Act::Company },
            Route { methods: &["POST"], pattern: "/v3.1/journals", act: Act::Book },
            Route { methods: &["GET"], pattern: "/v3.1/journals", act: Act::Booked },
        ],
        company_in: CompanyIn::HeaderOrLead("x-business"),
        lines: Lines { pointer: "/journal/journal_lines", amount: LineAmount::Sides("debit", "credit") },
        booked_status: 201,
        booked: journal,
        booked_list: |list| json!({"$total": list.len(), "$items": list.iter().map(journal).collect::<Vec<_>>()}),
        companies: |connected| {
            let items: Vec<Value> = connected.iter().map(|connected| company(&connected.company)).collect();
            json!({"$total": items.len(), "$items": items})
        },
        company,
        refusal: plain_refusal,
    },
};

fn company(company: &Company) -> Value {
    json!({"id": company.id, "displayed_as": company.name, "$path": format!("/businesses/{}", company.id)})
}

fn journal(booked: &Booked) -> Value {
    let document = booked.booking.document.get("journal").unwrap_or(&Value::Null);
    with(document, json!({"id": booked.booking.id, "displayed_as": format!("Journal {}", booked.number)}))
}
