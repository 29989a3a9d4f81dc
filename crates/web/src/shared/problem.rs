use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

/// What went wrong, for whoever asked: RFC 9457 problem details. `type` is stable and documented; people's pages show the
/// same title and detail. Never put a cause from inside or a value that was sent into it.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: Cow<'static, str>,
    detail: Option<String>,
    retry_after_seconds: Option<u64>,
    more: Map<String, Value>,
}

impl Problem {
    /// A problem with a stable type (a short name such as `connection-needs-attention`) and a title that is the same each
    /// time this type occurs.
    pub fn new(status: StatusCode, kind: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self { status, kind, title: title.into(), detail: None, retry_after_seconds: None, more: Map::new() }
    }

    /// What happened this time and what to do about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sends `Retry-After` with this many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// One more member of the answer (RFC 9457 section 3.2).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable type.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The detail, if there is one.
    pub fn detail_text(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be understood").detail(detail)
    }

    /// 401: nobody, or somebody unknown, is asking. The caller adds `WWW-Authenticate` where its scheme wants it.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Sign-in is needed").detail(detail)
    }

    /// 403: known, but not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This is not allowed").detail(detail)
    }

    /// 404: no such thing, or not for this caller.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Nothing is here")
            .detail("Check the address. What was here may have been removed, or belong to somebody else.")
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "This address does not take that method",
        )
    }

    /// 413: more bytes than are read here.
    pub fn too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large")
            .detail(format!("At most {limit} bytes are taken here."))
    }

    /// 415: another content type than the one taken here.
    pub fn unsupported_media_type(wanted: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The content type is not taken here",
        )
        .detail(format!("Send {wanted}."))
    }

    /// 422: understood, but a value breaks a rule.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", "A value cannot be accepted")
            .detail(detail)
    }

    /// 429, with the seconds to wait.
    pub fn too_many(seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests")
            .detail(format!("Try again in {seconds} seconds."))
            .retry_after(seconds)
    }

    /// 500. The cause is logged where it is handled, never shown.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side").detail(
            "Nothing was changed that you need to undo. Try again; if it stays, pass on the reference of this request.",
        )
    }

    /// 503 with the seconds to wait: the database or another part is away for the moment.
    pub fn unavailable(seconds: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "This cannot be answered right now")
            .detail(format!("Try again in {seconds} seconds."))
            .retry_after(seconds)
    }

    /// Adds what belongs to the status rather than to the shape of the body.
    pub(super) fn decorate(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = self.more.clone();
        body.insert("type".into(), self.kind.into());
        body.insert("title".into(), self.title.as_ref().into());
        body.insert("status".into(), self.status.as_u16().into());
        if let Some(detail) = &self.detail {
            body.insert("detail".into(), detail.as_str().into());
        }
        let content_type = HeaderValue::from_static("application/problem+json");
        let text = Value::Object(body).to_string();
        let mut response = (self.status, [(header::CONTENT_TYPE, content_type)], text).into_response();
        self.decorate(&mut response);
        response
    }
}

impl From<base::StoreError> for Problem {
    /// A store that failed: 503 where trying again helps, 500 where it does not. The error itself is logged here, once.
    fn from(error: base::StoreError) -> Self {
        use base::StoreError::{Corrupt, Duplicate, NotWritable, Statement, Unavailable};
        tracing::error!(%error, "the store failed");
        match error {
            Unavailable(_) | NotWritable(_) => Self::unavailable(2),
            Duplicate(_) | Corrupt(_) | Statement(_) => Self::internal(),
        }
    }
}
