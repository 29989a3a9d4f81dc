use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use platform::ApiError;
use serde_json::json;

use crate::shared::{Problem, Site, Surface};

/// The realm that challenges name.
const REALM: &str = "pleo";

/// The resource APIs: refusals are Pleo's `{type, message}` (facts 7.1).
#[derive(Debug, Clone, Copy)]
pub(super) struct ResourceApi;

impl Surface for ResourceApi {
    fn refuse(problem: Problem, _site: &Site) -> Response {
        let (status, code) = match problem.status() {
            // Pleo answers 400 where a value breaks a rule (facts 7.1).
            StatusCode::UNPROCESSABLE_ENTITY => (StatusCode::BAD_REQUEST, "JSON_MAPPING_EXCEPTION"),
            StatusCode::BAD_REQUEST => (StatusCode::BAD_REQUEST, "VALIDATION_FAILED"),
            StatusCode::NOT_FOUND => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            StatusCode::METHOD_NOT_ALLOWED => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            StatusCode::TOO_MANY_REQUESTS => (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS"),
            status if status.is_server_error() => (status, "INTERNAL_ERROR"),
            status => (status, "VALIDATION_FAILED"),
        };
        answer(status, code, problem.detail_text().unwrap_or(problem.title()))
    }
}

/// The OAuth endpoints: refusals are those of RFC 6749 section 5.2.
#[derive(Debug, Clone, Copy)]
pub(super) struct OAuthEndpoint;

impl Surface for OAuthEndpoint {
    fn refuse(problem: Problem, _site: &Site) -> Response {
        let status = problem.status();
        let error = if status.is_server_error() { "server_error" } else { "invalid_request" };
        let description = oauth::error::sanitise(problem.detail_text().unwrap_or(problem.title()));
        // RFC 6749 section 5.2 answers 400 whatever about a request is wrong; the others say more and stay.
        let status = match status {
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
            status => status,
        };
        no_store(
            (status, axum::Json(json!({ "error": error, "error_description": description }))).into_response(),
        )
    }
}

/// Marks an answer as one that nobody may keep (RFC 6749 section 5.1).
pub(super) fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

fn answer(status: StatusCode, code: &str, message: &str) -> Response {
    no_store((status, axum::Json(json!({ "type": code, "message": message }))).into_response())
}

/// An [`ApiError`] on the wire.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) ApiError);

impl<E: Into<ApiError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        use oauth::bearer::Challenge;
        let error = self.0;
        let status = status(&error);
        let message = match &error {
            ApiError::Store(_) | ApiError::Internal(_) => {
                tracing::error!(%error, "a resource call failed");
                "something went wrong on our side; try again".to_owned()
            }
            told => told.to_string(),
        };
        let mut response = answer(status, error.code(), &message);
        let challenge = match &error {
            ApiError::NoCredential => Some(Challenge::Missing.header(REALM)),
            ApiError::InvalidCredential => Some(Challenge::InvalidToken.header(REALM)),
            ApiError::TwoCredentials => Some(Challenge::InvalidRequest.header(REALM)),
            ApiError::InsufficientScope { needed } => {
                let scope = needed.parse().unwrap_or_default();
                Some(Challenge::InsufficientScope(&scope).header(REALM))
            }
            _ => None,
        };
        if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        let pause = match &error {
            ApiError::TooManyCalls { pause } => Some(pause.as_secs().max(1)),
            _ => (status == StatusCode::SERVICE_UNAVAILABLE).then_some(2),
        };
        if let Some(seconds) = pause {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn status(error: &ApiError) -> StatusCode {
    use base::StoreError::{NotWritable, Unavailable};
    match error {
        ApiError::NoCredential | ApiError::InvalidCredential => StatusCode::UNAUTHORIZED,
        ApiError::TooManyCalls { .. } => StatusCode::TOO_MANY_REQUESTS,
        ApiError::InsufficientScope { .. } | ApiError::ForeignCompany => StatusCode::FORBIDDEN,
        ApiError::NotFound { .. } => StatusCode::NOT_FOUND,
        ApiError::Invalid { .. } | ApiError::MissingContraAccounts | ApiError::TwoCredentials => {
            StatusCode::BAD_REQUEST
        }
        ApiError::AlreadyInstalled | ApiError::ExportInProgress => StatusCode::CONFLICT,
        ApiError::ItemLimit => StatusCode::PAYLOAD_TOO_LARGE,
        ApiError::JobFinished | ApiError::IllegalEvent => StatusCode::UNPROCESSABLE_ENTITY,
        ApiError::Store(Unavailable(_) | NotWritable(_)) => StatusCode::SERVICE_UNAVAILABLE,
        ApiError::Store(_) | ApiError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
