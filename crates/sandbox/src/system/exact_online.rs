use std::time::Duration;

use authserver::{RotationPolicy, RotationRules};
use oauth::ClientAuthMethod;
use serde_json::{Value, json};

use super::{Act, Api, CompanyIn, DAY, Grant, Reach, Route, System, plain_refusal, with};
use crate::StandinKind;
use crate::booking::{LineAmount, Lines};
use crate::store::{Booked, Company, Connected};

/// Facts 16.8: no refresh before the last 30 seconds; the old refresh token dies when the new one is first used.
pub(super) const EXACT_ONLINE: System = System {
    kind: StandinKind::ExactOnline,
    name: "Exact Online",
    company_word: "administration",
    authorize_paths: &["/api/oauth2/auth"],
    token_path: Some("/api/oauth2/token"),
    revoke_path: None,
    reach: Reach::AllOfPerson,
    grant: Grant {
        scopes: "",
        client_authentication: &[ClientAuthMethod::ClientSecretPost],
        rotation,
        code_seconds: 180,
        access_token_seconds: 600,
        refresh_idle: DAY.saturating_mul(30),
        refresh_absolute: None,
        offline_by_access_type: false,
        consent_replaces_earlier: false,
        company_parameter: None,
        refresh_expiry_member: None,
    },
    api: Api {
        routes: &[
            Route { methods: &["GET"], pattern: "/api/v1/current/Me", act: Act::Outer(me) },
            Route { methods: &["GET"], pattern: "/api/v1/{division}/hrm/Divisions", act: Act::Companies },
            Route {
                methods: &["POST"],
                pattern: "/api/v1/{company}/generaljournalentry/GeneralJournalEntries",
                act: Act::Book,
            },
            Route {
                methods: &["GET"],
                pattern: "/api/v1/{company}/generaljournalentry/GeneralJournalEntries",
                act: Act::Booked,
            },
        ],
        company_in: CompanyIn::Path,
        lines: Lines { pointer: "/GeneralJournalEntryLines", amount: LineAmount::Signed("AmountFC") },
        booked_status: 201,
        booked: |booked| json!({"d": entry(booked)}),
        booked_list: |list| json!({"d": {"results": list.iter().map(entry).collect::<Vec<_>>()}}),
        companies: |connected| json!({"d": {"results": connected.iter().map(|connected| division(&connected.company)).collect::<Vec<_>>()}}),
        company: division,
        refusal: plain_refusal,
    },
};

fn rotation() -> RotationRules {
    RotationRules {
        earliest_refresh_before_expiry: Some(Duration::from_secs(30)),
        ..RotationRules::stand_in(RotationPolicy::OldDiesWhenNewIsUsed)
    }
}

/// Divisions are numbers; ids of seeds that are none are shown as they are.
fn code(company: &Company) -> Value {
    company.id.parse::<u64>().map_or_else(|_| json!(company.id), |number| json!(number))
}

fn me(connected: &[Connected]) -> Value {
    let results: Vec<Value> =
        connected.iter().take(1).map(|first| json!({"CurrentDivision": code(&first.company)})).collect();
    json!({"d": {"results": results}})
}

fn division(company: &Company) -> Value {
    json!({"Code": code(company), "Description": company.name, "Country": company.country})
}

fn entry(booked: &Booked) -> Value {
    with(&booked.booking.document, json!({"EntryID": booked.booking.id, "EntryNumber": booked.number}))
}
