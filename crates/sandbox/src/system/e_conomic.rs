use authserver::{RotationPolicy, RotationRules};
use serde_json::{Value, json};

use super::{Act, Api, CompanyIn, DAY, Grant, Reach, Route, System, plain_refusal, with};
use crate::StandinKind;
use crate::booking::{LineAmount, Lines};
use crate::store::{Booked, Company};

/// Facts 16.6: two static tokens in headers, one of the application and one of the customer's agreement; no OAuth.
pub(super) const E_CONOMIC: System = System {
    kind: StandinKind::EConomic,
    name: "e-conomic",
    company_word: "agreement",
    authorize_paths: &["/secure/api1/requestaccess.aspx"],
    token_path: None,
    revoke_path: None,
    reach: Reach::One,
    // Nothing of this is used: there is no token endpoint.
    grant: Grant {
        scopes: "",
        client_authentication: &[],
        rotation: || RotationRules::stand_in(RotationPolicy::OldLives),
        code_seconds: 60,
        access_token_seconds: 3600,
        refresh_idle: DAY,
        refresh_absolute: None,
        offline_by_access_type: false,
        consent_replaces_earlier: false,
        company_parameter: None,
        refresh_expiry_member: None,
    },
    api: Api {
        routes: &[
            Route { methods: &["GET"], pattern: "/self", act: Act::Company },
            Route { methods: &["POST"], pattern: "/journals/{journal}/vouchers", act: Act::Book },
            Route { methods: &["GET"], pattern: "/journals/{journal}/vouchers", act: Act::Booked },
        ],
        company_in: CompanyIn::Grant,
        lines: Lines { pointer: "/entries/financeVouchers", amount: LineAmount::Signed("amount") },
        booked_status: 201,
        booked: voucher,
        booked_list: |list| json!({"collection": list.iter().map(voucher).collect::<Vec<_>>(), "pagination": {"results": list.len()}}),
        companies: |_| Value::Null,
        company,
        refusal: plain_refusal,
    },
};

fn company(company: &Company) -> Value {
    json!({
        "agreementNumber": company.id.parse::<u64>().map_or_else(|_| json!(company.id), |number| json!(number)),
        "company": {
            "name": company.name,
            "country": company.country,
            "companyIdentificationNumber": company.registration_number,
        },
    })
}

fn voucher(booked: &Booked) -> Value {
    with(&booked.booking.document, json!({"voucherNumber": booked.number}))
}
