use axum::Json;
use serde_json::{Value, json};

use crate::platform::credential::Authorized;

/// `GET /v1/introspect`: who am I.
pub(super) async fn introspect(Authorized(caller): Authorized) -> Json<Value> {
    Json(json!({ "data": {
        "authMethod": caller.method.as_str(),
        "clientId": caller.application_id,
        "scope": caller.scope,
        "applicationName": caller.application_name,
        "subjectURN": caller.subject.to_string(),
    }}))
}
