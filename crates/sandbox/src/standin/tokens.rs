use audit::Origin;
use authserver::{Ending, Reply, TokenSuccess, render};
use base::{Scope, Secret};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use oauth::parameters;
use serde_json::{Value, json};

use super::Standin;
use super::asking::OFFLINE;
use crate::StandinKind;

impl Standin {
    /// The token endpoint.
    pub async fn token(
        &self,
        authorization: Option<&str>,
        body: &[u8],
        origin: &Origin,
    ) -> Response<Vec<u8>> {
        let reply = self.ports.server.token(authorization, body, origin).await;
        whole(reply, |success| answer(&self.token_answer(&success)))
    }

    /// The revocation endpoint. QuickBooks takes the token as JSON; the others as a form (RFC 7009).
    pub async fn revoke(
        &self,
        authorization: Option<&str>,
        is_json: bool,
        body: &[u8],
        origin: &Origin,
    ) -> Response<Vec<u8>> {
        let form = is_json.then(|| {
            let token = serde_json::from_slice::<Value>(body)
                .ok()
                .and_then(|body| Some(body.get("token")?.as_str()?.to_owned()));
            Secret::new(
                token.map_or_else(String::new, |token| format!("token={}", parameters::encode(&token))),
            )
        });
        let body = form.as_ref().map_or(body, |form| form.expose().as_bytes());
        let reply = self.ports.server.revoke(authorization, body, origin).await;
        whole(reply, |()| match self.system.kind {
            StandinKind::Fortnox => answer(&json!({"revoked": true})),
            _ => Response::new(Vec::new()),
        })
    }

    fn token_answer(&self, success: &TokenSuccess) -> Value {
        let offline = Scope::from_tokens([OFFLINE]).unwrap_or_default();
        let mut body = json!({
            "access_token": success.access_token.expose(),
            "token_type": if self.system.kind == StandinKind::QuickBooks || self.system.kind == StandinKind::Fortnox { "bearer" } else { "Bearer" },
            "expires_in": success.expires_in.as_secs(),
            "scope": success.scope.difference(&offline),
        });
        if let Some(token) = &success.refresh_token {
            body["refresh_token"] = token.expose().as_str().into();
        }
        if let (Some(name), Some(life)) =
            (self.system.grant.refresh_expiry_member, success.refresh_token_expires_in)
        {
            body[name] = life.as_secs().into();
        }
        body
    }
}

/// The engine of a stand-in is handed no faults (the switches put them around it), so every reply is sent whole.
fn whole<T>(reply: Reply<T>, success: impl FnOnce(T) -> Response<Vec<u8>>) -> Response<Vec<u8>> {
    let rendered = render(reply, success);
    debug_assert_eq!(rendered.ending, Ending::Whole);
    rendered.response
}

fn answer(body: &Value) -> Response<Vec<u8>> {
    let mut response = Response::new(body.to_string().into_bytes());
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
