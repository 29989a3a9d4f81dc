//! Calls to providers' APIs that are needed for connecting: which company is this, does the credential work.

use std::time::Duration;

use http::header::{ACCEPT, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode};
use outbound::{Body, HttpClient, SendOptions};
use refresh::ProviderAccess;
use serde_json::Value;

mod credential;
mod identify;

pub(crate) use credential::Credential;
pub(crate) use identify::{Reach, identify, prove};

/// How long a call may take while a person waits for the page.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest answer that is read: a list of companies.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// Why a provider's API did not tell what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// 401: the credential is not accepted.
    #[error("the provider does not accept the credential")]
    Refused,
    /// 403: the credential may not do this.
    #[error("the credential may not do this")]
    Forbidden,
    /// 404.
    #[error("the provider knows no such thing")]
    NotFound,
    /// No answer, 429 or 5xx: later it may work.
    #[error("the provider cannot be reached at the moment: {0}")]
    Unavailable(String),
    /// An answer that is not as the catalogue says.
    #[error("the provider's answer was not understood: {0}")]
    NotUnderstood(String),
}

/// Sends a call and reads its JSON answer; `Null` where there is none.
pub(crate) async fn call(
    http: &dyn HttpClient,
    access: &ProviderAccess,
    method: Method,
    path: &str,
    headers: &[(HeaderName, HeaderValue)],
    body: Option<&Value>,
) -> Result<Value, CallError> {
    let url = access.endpoints.api(path).map_err(|error| CallError::NotUnderstood(error.to_string()))?;
    let mut request = Request::builder().method(method).uri(url.as_str()).header(ACCEPT, "application/json");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let body = match body {
        Some(json) => {
            request = request.header(http::header::CONTENT_TYPE, "application/json;charset=UTF-8");
            Body::from(json.to_string())
        }
        None => Body::empty(),
    };
    let request = request.body(body).map_err(|error| CallError::NotUnderstood(error.to_string()))?;
    let answer = http
        .send(request, &SendOptions::within(PATIENCE))
        .await
        .map_err(|error| CallError::Unavailable(error.to_string()))?;
    let status = answer.status();
    let bytes = answer.into_body().collect_up_to(LARGEST_ANSWER).await;
    match status {
        StatusCode::UNAUTHORIZED => Err(CallError::Refused),
        StatusCode::FORBIDDEN => Err(CallError::Forbidden),
        StatusCode::NOT_FOUND => Err(CallError::NotFound),
        StatusCode::TOO_MANY_REQUESTS => Err(CallError::Unavailable("it asks for fewer requests".to_owned())),
        _ if status.is_server_error() => Err(CallError::Unavailable(format!("it answered {status}"))),
        _ if status.is_success() => {
            let bytes = bytes.map_err(|error| CallError::Unavailable(error.to_string()))?;
            if bytes.is_empty() {
                return Ok(Value::Null);
            }
            serde_json::from_slice(&bytes).map_err(|_| CallError::NotUnderstood("it is not JSON".to_owned()))
        }
        _ => Err(CallError::NotUnderstood(format!("it answered {status}"))),
    }
}
