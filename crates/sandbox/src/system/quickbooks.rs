use authserver::{RotationPolicy, RotationRules};
use oauth::ClientAuthMethod;
use serde_json::{Value, json};

use super::{Act, Api, CompanyIn, DAY, Grant, Reach, Route, System, with};
use crate::StandinKind;
use crate::api::Refusal;
use crate::booking::{LineAmount, Lines};
use crate::store::{Booked, Company};

/// Facts 16.3: the company is named on the redirect; the refresh token's value changes about once a day.
pub(super) const QUICKBOOKS: System = System {
    kind: StandinKind::QuickBooks,
    name: "QuickBooks Online",
    company_word: "company",
    authorize_paths: &["/connect/oauth2"],
    token_path: Some("/oauth2/v1/tokens/bearer"),
    revoke_path: Some("/v2/oauth2/tokens/revoke"),
    reach: Reach::One,
    grant: Grant {
        scopes: "com.intuit.quickbooks.accounting openid profile email",
        client_authentication: &[ClientAuthMethod::ClientSecretBasic],
        rotation: || RotationRules::stand_in(RotationPolicy::ChangesDaily),
        code_seconds: 600,
        access_token_seconds: 3600,
        refresh_idle: DAY.saturating_mul(100),
        refresh_absolute: Some(DAY.saturating_mul(5 * 365)),
        offline_by_access_type: false,
        consent_replaces_earlier: false,
        company_parameter: Some("realmId"),
        refresh_expiry_member: Some("x_refresh_token_expires_in"),
    },
    api: Api {
        routes: &[
            Route { methods: &["GET"], pattern: "/v3/company/{company}/companyinfo/{id}", act: Act::Company },
            Route { methods: &["POST"], pattern: "/v3/company/{company}/journalentry", act: Act::Book },
            Route { methods: &["GET"], pattern: "/v3/company/{company}/journalentry", act: Act::Booked },
        ],
        company_in: CompanyIn::Path,
        lines: Lines {
            pointer: "/Line",
            amount: LineAmount::Posting("Amount", "/JournalEntryLineDetail/PostingType"),
        },
        booked_status: 200,
        booked: |booked| json!({"JournalEntry": entry(booked), "time": booked.booking.booked_at}),
        booked_list: |list| json!({"QueryResponse": {"JournalEntry": list.iter().map(entry).collect::<Vec<_>>(), "totalCount": list.len()}}),
        companies: |_| Value::Null,
        company,
        refusal,
    },
};

fn company(company: &Company) -> Value {
    json!({"CompanyInfo": {"Id": "1", "CompanyName": company.name, "LegalName": company.name, "Country": company.country}})
}

fn entry(booked: &Booked) -> Value {
    with(&booked.booking.document, json!({"Id": booked.number.to_string(), "SyncToken": "0"}))
}

fn refusal(refusal: &Refusal) -> (u16, Value) {
    let kind = if refusal.status() == 401 { "AUTHENTICATION" } else { "ValidationFault" };
    let error = json!({"Message": refusal.to_string(), "code": refusal.status().to_string()});
    (refusal.status(), json!({"Fault": {"Error": [error], "type": kind}}))
}
