use authserver::{RotationPolicy, RotationRules};
use oauth::ClientAuthMethod;
use serde_json::{Value, json};

use super::{Act, Api, CompanyIn, DAY, Grant, Reach, Route, System, with};
use crate::StandinKind;
use crate::api::Refusal;
use crate::booking::{LineAmount, Lines};
use crate::store::{Booked, Company, Connected};

/// Facts 16.2: one sign-in reaches several organisations; the old refresh token may be sent again for 30 minutes.
pub(super) const XERO: System = System {
    kind: StandinKind::Xero,
    name: "Xero",
    company_word: "organisation",
    authorize_paths: &["/identity/connect/authorize", "/connect/authorize"],
    token_path: Some("/connect/token"),
    revoke_path: Some("/connect/revocation"),
    reach: Reach::AllOfPerson,
    grant: Grant {
        scopes: "offline_access openid profile email accounting.transactions accounting.transactions.read \
                 accounting.settings accounting.settings.read accounting.contacts accounting.contacts.read \
                 accounting.journals.read accounting.attachments",
        client_authentication: &[ClientAuthMethod::ClientSecretBasic],
        rotation,
        code_seconds: 300,
        access_token_seconds: 1800,
        refresh_idle: DAY.saturating_mul(60),
        refresh_absolute: None,
        offline_by_access_type: false,
        consent_replaces_earlier: false,
        company_parameter: None,
        refresh_expiry_member: None,
    },
    api: Api {
        routes: &[
            Route { methods: &["GET"], pattern: "/connections", act: Act::Companies },
            Route { methods: &["DELETE"], pattern: "/connections/{id}", act: Act::Disconnect },
            Route { methods: &["GET"], pattern: "/api.xro/2.0/Organisation", act: Act::Company },
            Route { methods: &["POST", "PUT"], pattern: "/api.xro/2.0/ManualJournals", act: Act::Book },
            Route { methods: &["GET"], pattern: "/api.xro/2.0/ManualJournals", act: Act::Booked },
        ],
        company_in: CompanyIn::Header("xero-tenant-id"),
        lines: Lines { pointer: "/JournalLines", amount: LineAmount::Signed("LineAmount") },
        booked_status: 200,
        booked: |booked| json!({"Status": "OK", "ManualJournals": [journal(booked)]}),
        booked_list: |list| json!({"Status": "OK", "ManualJournals": list.iter().map(journal).collect::<Vec<_>>()}),
        companies,
        company,
        refusal,
    },
};

fn rotation() -> RotationRules {
    RotationRules {
        refresh_needs_scope: Some("offline_access".to_owned()),
        ..RotationRules::stand_in(RotationPolicy::GracePeriod { seconds: 1800 })
    }
}

fn companies(connected: &[Connected]) -> Value {
    connected
        .iter()
        .map(|connected| {
            json!({
                "id": connected.id,
                "authEventId": connected.id,
                "tenantId": connected.company.id,
                "tenantType": "ORGANISATION",
                "tenantName": connected.company.name,
                "createdDateUtc": connected.created_at,
                "updatedDateUtc": connected.updated_at,
            })
        })
        .collect()
}

fn company(company: &Company) -> Value {
    json!({"Organisations": [{
        "OrganisationID": company.id,
        "Name": company.name,
        "CountryCode": company.country,
        "RegistrationNumber": company.registration_number,
    }]})
}

fn journal(booked: &Booked) -> Value {
    let own = json!({"ManualJournalID": booked.booking.id, "JournalNumber": booked.number, "UpdatedDateUTC": booked.booking.booked_at});
    with(&booked.booking.document, own)
}

fn refusal(refusal: &Refusal) -> (u16, Value) {
    let body = match refusal {
        Refusal::Credential => {
            json!({"Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired: token expired or not valid"})
        }
        Refusal::CompanyMissing | Refusal::Company => {
            json!({"Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful"})
        }
        Refusal::Document(_) => {
            json!({"ErrorNumber": 10, "Type": "ValidationException", "Message": refusal.to_string()})
        }
        Refusal::NotFound | Refusal::Unavailable(_) => {
            json!({"Title": refusal.code(), "Status": refusal.status(), "Detail": refusal.to_string()})
        }
    };
    (refusal.status(), body)
}
