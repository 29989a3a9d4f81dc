use authserver::{RotationPolicy, RotationRules};
use oauth::ClientAuthMethod;
use serde_json::{Value, json};

use super::{Act, Api, CompanyIn, DAY, Grant, Reach, Route, System, plain_refusal, with};
use crate::StandinKind;
use crate::booking::{LineAmount, Lines};
use crate::store::{Booked, Company};

/// Facts 16.9: a token is unique to application and user; strict rotation.
pub(super) const VISMA: System = System {
    kind: StandinKind::Visma,
    name: "Visma eAccounting",
    company_word: "company",
    authorize_paths: &["/connect/authorize"],
    token_path: Some("/connect/token"),
    revoke_path: None,
    reach: Reach::One,
    grant: Grant {
        scopes: "ea:api offline_access ea:sales ea:accounting ea:purchase ea:sales_readonly ea:accounting_readonly ea:purchase_readonly",
        client_authentication: &[ClientAuthMethod::ClientSecretBasic],
        rotation,
        code_seconds: 300,
        access_token_seconds: 3600,
        // Not documented; the stand-in takes the shortest that is seen elsewhere.
        refresh_idle: DAY.saturating_mul(30),
        refresh_absolute: None,
        offline_by_access_type: false,
        consent_replaces_earlier: true,
        company_parameter: None,
        refresh_expiry_member: None,
    },
    api: Api {
        routes: &[
            Route { methods: &["GET"], pattern: "/v2/companysettings", act: Act::Company },
            Route { methods: &["POST"], pattern: "/v2/vouchers", act: Act::Book },
            Route { methods: &["GET"], pattern: "/v2/vouchers", act: Act::Booked },
        ],
        company_in: CompanyIn::Grant,
        lines: Lines { pointer: "/Rows", amount: LineAmount::Sides("DebitAmount", "CreditAmount") },
        booked_status: 201,
        booked: voucher,
        booked_list: |list| json!({"Meta": {"TotalNumberOfResults": list.len()}, "Data": list.iter().map(voucher).collect::<Vec<_>>()}),
        companies: |_| Value::Null,
        company,
        refusal: plain_refusal,
    },
};

fn rotation() -> RotationRules {
    RotationRules {
        refresh_needs_scope: Some("offline_access".to_owned()),
        ..RotationRules::stand_in(RotationPolicy::Strict)
    }
}

fn company(company: &Company) -> Value {
    json!({
        "Name": company.name,
        "CountryCode": company.country,
        "CorporateIdentityNumber": company.registration_number.as_ref().unwrap_or(&company.id),
    })
}

fn voucher(booked: &Booked) -> Value {
    with(
        &booked.booking.document,
        json!({"Id": booked.booking.id, "VoucherNumber": format!("A{}", booked.number)}),
    )
}
