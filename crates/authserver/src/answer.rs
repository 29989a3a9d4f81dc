//! What goes over the wire: replies of the engine as HTTP answers, the same for whoever embeds it.

mod registration;

pub use registration::{managed_client_response, registration_refusal_response, removed_client_response};

use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use oauth::introspection::Introspection;
use oauth::{ErrorCode, Refused};
use serde::Serialize;

use crate::faults::Fault;
use crate::outcome::{EndpointError, Reply, TokenSuccess};

/// How an answer is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As it is.
    Whole,
    /// With its full length announced, and cut in the middle of the body.
    Truncated,
    /// Not at all: the connection is closed.
    Closed,
}

/// An HTTP answer and how to send it.
#[derive(Debug)]
pub struct Rendered {
    /// The answer.
    pub response: Response<Vec<u8>>,
    /// How to send it.
    pub ending: Ending,
}

/// The answer of the token endpoint (RFC 6749 sections 5.1 and 5.2).
pub fn token_response(reply: Reply<TokenSuccess>) -> Rendered {
    render(reply, |success| json(StatusCode::OK, success.to_json()))
}

/// The answer of introspection (RFC 7662 section 2.2).
pub fn introspection_response(reply: Reply<Introspection<'_>>) -> Rendered {
    render(reply, |answer| json(StatusCode::OK, answer.to_json()))
}

/// The answer of revocation: `200 {}`.
pub fn revocation_response(reply: Reply<()>) -> Rendered {
    render(reply, |()| json(StatusCode::OK, "{}".to_owned()))
}

/// A refusal of RFC 6749 section 5.2; 401 carries `WWW-Authenticate: Basic`, 429 and 503 `Retry-After`.
pub fn refusal_response(refused: &Refused) -> Response<Vec<u8>> {
    let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = json(status, refused.to_json());
    let headers = response.headers_mut();
    if refused.code == ErrorCode::InvalidClient {
        headers.insert(
            WWW_AUTHENTICATE,
            http::HeaderValue::from_static("Basic realm=\"oauth\", charset=\"UTF-8\""),
        );
    }
    if let Some(pause) = refused.retry_after {
        headers.insert(RETRY_AFTER, http::HeaderValue::from(pause.as_secs().max(1)));
    } else if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, http::HeaderValue::from(1_u64));
    }
    response
}

impl TokenSuccess {
    /// The body of RFC 6749 section 5.1.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            access_token: &'a str,
            token_type: &'static str,
            expires_in: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            refresh_token: Option<&'a str>,
            scope: String,
        }
        let body = Body {
            access_token: self.access_token.expose(),
            token_type: "Bearer",
            expires_in: self.expires_in.as_secs(),
            refresh_token: self.refresh_token.as_ref().map(|token| token.expose().as_str()),
            scope: self.scope.to_string(),
        };
        serde_json::to_string(&body).expect("texts and numbers are always JSON")
    }
}

/// The refusal that stands for a failure of the server.
pub(crate) fn as_refusal(error: &EndpointError) -> Refused {
    match error {
        EndpointError::Refused(refused) => refused.clone(),
        EndpointError::Unavailable(_) => {
            Refused::new(ErrorCode::TemporarilyUnavailable, "the server cannot answer now; try again")
        }
    }
}

/// Renders a reply; stand-ins whose success looks otherwise give their own `success`.
pub fn render<T>(reply: Reply<T>, success: impl FnOnce(T) -> Response<Vec<u8>>) -> Rendered {
    let plain = |result: Result<T, EndpointError>| match result {
        Ok(value) => success(value),
        Err(error) => refusal_response(&as_refusal(&error)),
    };
    match reply {
        Reply::Answered(result) => Rendered { response: plain(result), ending: Ending::Whole },
        Reply::Disturbed { fault: Fault::Truncate, behind: Some(result) } => {
            Rendered { response: plain(result), ending: Ending::Truncated }
        }
        Reply::Disturbed { fault, behind: _ } => disturbed(fault),
    }
}

/// The answer a fault puts in the place of the real one.
pub fn disturbed(fault: Fault) -> Rendered {
    let status = |code| StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match fault {
        // Cut off before there is an answer is the same as no answer.
        Fault::Close | Fault::Truncate => {
            Rendered { response: Response::new(Vec::new()), ending: Ending::Closed }
        }
        Fault::Status(code) => {
            let mut response = Response::new(Vec::new());
            *response.status_mut() = status(code);
            Rendered { response, ending: Ending::Whole }
        }
        Fault::Html(code) => {
            let page = "<!doctype html><html><head><title>Gateway</title></head><body><h1>Gateway</h1></body></html>";
            let mut response = Response::new(page.as_bytes().to_vec());
            *response.status_mut() = status(code);
            response
                .headers_mut()
                .insert(CONTENT_TYPE, http::HeaderValue::from_static("text/html; charset=utf-8"));
            Rendered { response, ending: Ending::Whole }
        }
    }
}

fn json(status: StatusCode, body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, http::HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests;
