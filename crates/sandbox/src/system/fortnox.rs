use authserver::{RotationPolicy, RotationRules};
use oauth::ClientAuthMethod;
use serde_json::{Value, json};

use super::{Act, Api, CompanyIn, DAY, Grant, Reach, Route, System, with};
use crate::StandinKind;
use crate::api::Refusal;
use crate::booking::{LineAmount, Lines};
use crate::store::{Booked, Company};

/// Facts 16.5: one grant is one company; refresh tokens are single use.
pub(super) const FORTNOX: System = System {
    kind: StandinKind::Fortnox,
    name: "Fortnox",
    company_word: "company",
    authorize_paths: &["/oauth-v1/auth"],
    token_path: Some("/oauth-v1/token"),
    revoke_path: Some("/oauth-v1/revoke"),
    reach: Reach::One,
    grant: Grant {
        scopes: "companyinformation bookkeeping settings profile invoice supplierinvoice supplier customer archive connectfile costcenter offline",
        client_authentication: &[ClientAuthMethod::ClientSecretBasic],
        rotation,
        code_seconds: 600,
        access_token_seconds: 3600,
        refresh_idle: DAY.saturating_mul(31),
        refresh_absolute: None,
        offline_by_access_type: true,
        consent_replaces_earlier: false,
        company_parameter: None,
        refresh_expiry_member: None,
    },
    api: Api {
        routes: &[
            Route { methods: &["GET"], pattern: "/3/companyinformation", act: Act::Company },
            Route { methods: &["POST"], pattern: "/3/vouchers", act: Act::Book },
            Route { methods: &["GET"], pattern: "/3/vouchers", act: Act::Booked },
        ],
        company_in: CompanyIn::Grant,
        lines: Lines { pointer: "/Voucher/VoucherRows", amount: LineAmount::Sides("Debit", "Credit") },
        booked_status: 201,
        booked: |booked| json!({"Voucher": voucher(booked)}),
        booked_list: |list| {
            json!({
                "MetaInformation": {"@TotalResources": list.len(), "@TotalPages": 1, "@CurrentPage": 1},
                "Vouchers": list.iter().map(voucher).collect::<Vec<_>>(),
            })
        },
        companies: |_| Value::Null,
        company,
        refusal,
    },
};

fn rotation() -> RotationRules {
    RotationRules {
        refresh_needs_scope: Some("offline".to_owned()),
        ..RotationRules::stand_in(RotationPolicy::Strict)
    }
}

fn company(company: &Company) -> Value {
    json!({"CompanyInformation": {
        // Fortnox numbers its databases; ids of seeds that are numbers are shown as such.
        "DatabaseNumber": company.id.parse::<u64>().map_or_else(|_| json!(company.id), |number| json!(number)),
        "CompanyName": company.name,
        "CountryCode": company.country,
        "OrganizationNumber": company.registration_number,
    }})
}

fn voucher(booked: &Booked) -> Value {
    let own = json!({"VoucherNumber": booked.number, "VoucherSeries": "A", "Year": 1});
    with(booked.booking.document.get("Voucher").unwrap_or(&Value::Null), own)
}

fn refusal(refusal: &Refusal) -> (u16, Value) {
    let body = match refusal {
        Refusal::Credential => json!({"message": "unauthorized"}),
        _ => {
            json!({"ErrorInformation": {"error": 1, "message": refusal.to_string(), "code": 2_000_000 + i64::from(refusal.status())}})
        }
    };
    (refusal.status(), body)
}
