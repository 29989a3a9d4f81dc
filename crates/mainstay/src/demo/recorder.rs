//! Every secret that goes over the wire during a walk, for the test that searches databases and logs for them.
//!
//! It sits where requests leave: with the walk's own browser and with connect's client. So it sees codes, verifiers, tokens, keys,
//! cookies, links and passwords without reaching into anything.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, Response};
use outbound::{Body, BodyError, HttpClient, SendError, SendOptions};
use serde_json::Value;
use url::{Url, form_urlencoded};

/// Form fields and query parameters whose values are secret.
const FIELDS: &[&str] = &[
    "code",
    "code_verifier",
    "refresh_token",
    "access_token",
    "client_secret",
    "token",
    "password",
    "api_key",
];

/// JSON members whose values are secret.
const MEMBERS: &[&str] =
    &["access_token", "refresh_token", "id_token", "token", "key", "secret", "client_secret", "secretKey"];

/// Shorter texts would be found by chance.
const SHORTEST: usize = 8;

/// What was seen so far.
#[derive(Clone, Default)]
pub(crate) struct SeenSecrets(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    secrets: BTreeSet<String>,
    refusals: String,
}

impl fmt::Debug for SeenSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeenSecrets(..)")
    }
}

impl SeenSecrets {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every refusal that was answered, one after the other: none may repeat a secret.
    pub(crate) fn refusals(&self) -> String {
        self.lock().refusals.clone()
    }

    /// Remembers one.
    pub(crate) fn add(&self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.lock().secrets.insert(secret.to_owned());
        }
    }

    /// Remembers several.
    pub(crate) fn add_all(&self, secrets: impl IntoIterator<Item = String>) {
        secrets.into_iter().for_each(|secret| self.add(&secret));
    }

    /// All of them, one a line.
    pub(crate) fn lines(&self) -> String {
        self.lock().secrets.iter().fold(String::new(), |lines, secret| lines + secret + "\n")
    }

    fn take_headers(&self, headers: &HeaderMap) {
        let texts = |name| headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        for text in texts(AUTHORIZATION) {
            match text.split_once(' ') {
                Some(("Basic", encoded)) => {
                    let decoded =
                        STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                    match decoded.as_deref().and_then(|pair| pair.split_once(':')) {
                        // An API key is a user name without a password.
                        Some((user, "")) => self.add(user),
                        Some((_, password)) => self.take_form(&format!("password={password}")),
                        None => {}
                    }
                }
                Some((_, token)) => self.add(token),
                None => {}
            }
        }
        for text in texts(COOKIE) {
            text.split("; ").filter_map(|pair| pair.split_once('=')).for_each(|(_, value)| self.add(value));
        }
        for text in texts(SET_COOKIE) {
            if let Some((_, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.add(value);
            }
        }
        for text in texts(LOCATION) {
            // Relative addresses carry secrets as well; any base does to read their query.
            if let Ok(url) = Url::parse("http://localhost").and_then(|base| base.join(text)) {
                self.take_url(&url);
            }
        }
    }

    fn take_url(&self, url: &Url) {
        self.take_form(url.query().unwrap_or_default());
        if let Some(token) = url.path().strip_prefix("/connect/") {
            self.add(token.split('/').next().unwrap_or_default());
        }
    }

    fn take_form(&self, form: &str) {
        for (name, value) in form_urlencoded::parse(form.as_bytes()) {
            if FIELDS.contains(&&*name) {
                self.add(&value);
            }
        }
    }

    fn take_json(&self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(text) if MEMBERS.contains(&name.as_str()) => self.add(text),
                        Value::String(text) if name == "url" => {
                            if let Ok(url) = Url::parse(text) {
                                self.take_url(&url);
                            }
                        }
                        other => self.take_json(other),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.take_json(value)),
            _ => {}
        }
    }

    fn take_body(&self, headers: &HeaderMap, body: &[u8]) {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.contains("json") {
            if let Ok(value) = serde_json::from_slice(body) {
                self.take_json(&value);
            }
        } else if kind.contains("form-urlencoded") {
            self.take_form(&String::from_utf8_lossy(body));
        }
    }
}

/// A client that tells the recorder what passes.
#[derive(Debug)]
pub(crate) struct RecordingClient {
    pub(crate) inner: Arc<dyn HttpClient>,
    pub(crate) seen: SeenSecrets,
}

/// Larger bodies pass in one piece but unread.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

#[async_trait]
impl HttpClient for RecordingClient {
    async fn send(&self, request: Request<Body>, options: &SendOptions) -> Result<Response<Body>, SendError> {
        let (parts, body) = request.into_parts();
        let body = body
            .collect_up_to(LARGEST_BODY)
            .await
            .map_err(|_| SendError::BadRequest("its body broke off"))?;
        self.seen.take_headers(&parts.headers);
        if let Ok(url) = Url::parse(&parts.uri.to_string()) {
            self.seen.take_url(&url);
        }
        self.seen.take_body(&parts.headers, &body);
        let response = self.inner.send(Request::from_parts(parts, Body::from(body)), options).await?;
        let (parts, body) = response.into_parts();
        self.seen.take_headers(&parts.headers);
        let body = match body.collect_up_to(LARGEST_BODY).await {
            Ok(bytes) => {
                self.seen.take_body(&parts.headers, &bytes);
                if parts.status.is_client_error() || parts.status.is_server_error() {
                    self.seen.lock().refusals.push_str(&String::from_utf8_lossy(&bytes));
                }
                Body::from(bytes)
            }
            // Whoever asked for it learns that it broke off in the same way.
            Err(error) => broken(error),
        };
        Ok(Response::from_parts(parts, body))
    }
}

fn broken(error: BodyError) -> Body {
    struct Broken(Option<BodyError>);
    impl http_body::Body for Broken {
        type Data = bytes::Bytes;
        type Error = BodyError;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, BodyError>>> {
            std::task::Poll::Ready(self.0.take().map(Err))
        }
    }
    Body::wrap(Broken(Some(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sees_secrets_wherever_they_travel() {
        let seen = SeenSecrets::default();
        let mut headers = HeaderMap::new();
        headers.insert(
            AUTHORIZATION,
            format!("Basic {}", STANDARD.encode("id:s%2Bcret-value")).parse().unwrap(),
        );
        headers.insert(SET_COOKIE, "s=cookie-value; Path=/".parse().unwrap());
        headers.insert(LOCATION, "/callback/pleo?code=code-value-1&state=not-secret".parse().unwrap());
        seen.take_headers(&headers);
        seen.take_json(&serde_json::json!({"a": [{"access_token": "token-value"}], "url": "http://h/connect/link-value/x"}));
        seen.take_form("code_verifier=verifier-value&email=not-a-secret&password=short");
        let lines = seen.lines();
        for secret in
            ["s+cret-value", "cookie-value", "code-value-1", "token-value", "link-value", "verifier-value"]
        {
            assert!(lines.lines().any(|line| line == secret), "{secret} is missing in {lines}");
        }
        assert!(!lines.contains("not-") && !lines.contains("short"), "{lines}");
    }
}
