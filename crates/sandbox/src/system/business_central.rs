use authserver::{RotationPolicy, RotationRules};
use oauth::ClientAuthMethod;
use serde_json::{Value, json};

use super::{Act, Api, CompanyIn, DAY, Grant, Reach, Route, System, plain_refusal, with};
use crate::StandinKind;
use crate::booking::{LineAmount, Lines};
use crate::store::{Booked, Company, Connected};

/// Facts 16.4: environments, then companies; refresh tokens slide, and old ones live on.
pub(super) const BUSINESS_CENTRAL: System = System {
    kind: StandinKind::BusinessCentral,
    name: "Business Central",
    company_word: "company",
    authorize_paths: &["/common/oauth2/v2.0/authorize"],
    token_path: Some("/common/oauth2/v2.0/token"),
    revoke_path: None,
    reach: Reach::AllOfPerson,
    grant: Grant {
        scopes: "https://api.businesscentral.dynamics.com/.default offline_access openid profile",
        client_authentication: &[ClientAuthMethod::ClientSecretPost, ClientAuthMethod::ClientSecretBasic],
        rotation,
        code_seconds: 600,
        access_token_seconds: 3600,
        refresh_idle: DAY.saturating_mul(90),
        refresh_absolute: None,
        offline_by_access_type: false,
        consent_replaces_earlier: false,
        company_parameter: None,
        refresh_expiry_member: None,
    },
    api: Api {
        routes: &[
            Route { methods: &["GET"], pattern: "/environments/v1.2", act: Act::Outer(environments) },
            Route {
                methods: &["GET"],
                pattern: "/v2.0/{tenant}/{environment}/api/v2.0/companies",
                act: Act::Companies,
            },
            Route {
                methods: &["GET"],
                pattern: "/v2.0/{tenant}/{environment}/api/v2.0/companies({company})",
                act: Act::Company,
            },
            Route {
                methods: &["POST"],
                pattern: "/v2.0/{tenant}/{environment}/api/v2.0/companies({company})/journals",
                act: Act::Book,
            },
            Route {
                methods: &["GET"],
                pattern: "/v2.0/{tenant}/{environment}/api/v2.0/companies({company})/journals",
                act: Act::Booked,
            },
        ],
        company_in: CompanyIn::Path,
        lines: Lines { pointer: "/journalLines", amount: LineAmount::Signed("amount") },
        booked_status: 201,
        booked: journal,
        booked_list: |list| json!({"value": list.iter().map(journal).collect::<Vec<_>>()}),
        companies: |connected| json!({"value": connected.iter().map(|connected| company(&connected.company)).collect::<Vec<_>>()}),
        company,
        refusal: plain_refusal,
    },
};

fn rotation() -> RotationRules {
    RotationRules {
        refresh_needs_scope: Some("offline_access".to_owned()),
        ..RotationRules::stand_in(RotationPolicy::OldLives)
    }
}

/// The stand-in has one tenant with one environment.
fn environments(_: &[Connected]) -> Value {
    let tenant = "7b1c51d4-2f52-4d4e-9c0f-5b0a3f6f7a10";
    json!({"value": [{"aadTenantId": tenant, "name": "Production", "type": "Production", "applicationFamily": "BusinessCentral"}]})
}

fn company(company: &Company) -> Value {
    json!({"id": company.id, "name": company.name, "displayName": company.name})
}

fn journal(booked: &Booked) -> Value {
    with(&booked.booking.document, json!({"id": booked.booking.id, "number": booked.number}))
}
