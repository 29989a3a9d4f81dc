mod cookies;
mod form;
mod html;

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN};
use http::{HeaderMap, Method, Request, StatusCode};
use outbound::{Body, HttpClient, SendOptions};
use serde_json::Value;
use url::Url;

use cookies::Jar;
pub use form::Form;

/// Longer than any step that waits for a refresh.
const PATIENCE: Duration = Duration::from_secs(30);
const LARGEST_PAGE: usize = 4 * 1024 * 1024;
/// More hops than the longest honest way has.
const MOST_HOPS: usize = 12;

/// Why a step did not hold: what was expected and what was seen. Never holds a secret: addresses are shown without query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexpected(pub String);

impl Unexpected {
    /// In words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for Unexpected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An answer: a page or a machine's.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Where it was found, after all redirects.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as text.
    pub body: String,
    /// Where the browser was sent on the way here, the first one first.
    pub hops: Vec<Url>,
}

impl Seen {
    /// The address without query, and without what may be a link's secret.
    pub fn place(&self) -> String {
        place(&self.url)
    }

    /// The text that a person reads.
    pub fn text(&self) -> String {
        html::text(&self.body)
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Unexpected> {
        serde_json::from_str(&self.body)
            .map_err(|_| Unexpected(format!("{} answered {} without JSON", self.place(), self.status)))
    }

    /// Insists on a status.
    pub fn expect(self, status: u16) -> Result<Self, Unexpected> {
        if self.status.as_u16() == status {
            return Ok(self);
        }
        let excerpt: String = self.summary().chars().take(300).collect();
        Err(Unexpected(format!(
            "{} answered {} where {status} was expected: {excerpt}",
            self.place(),
            self.status.as_u16()
        )))
    }

    /// What a failed step tells of an answer. A JSON answer is shown by its error members only, as others may be secret.
    fn summary(&self) -> String {
        match serde_json::from_str::<Value>(&self.body) {
            Ok(value) => ["type", "title", "detail", "error", "error_description", "message"]
                .iter()
                .filter_map(|name| {
                    value.get(name).and_then(Value::as_str).map(|text| format!("{name}={text}"))
                })
                .collect::<Vec<_>>()
                .join(", "),
            Err(_) => self.text(),
        }
    }

    /// The form that has a field, or a button, of this name.
    pub fn form_with(&self, field: &str) -> Result<Form, Unexpected> {
        self.forms().into_iter().find(|form| form.has(field)).ok_or_else(|| {
            let excerpt: String = self.summary().chars().take(300).collect();
            Unexpected(format!(
                "{} ({}) has no form with `{field}`: {excerpt}",
                self.place(),
                self.status.as_u16()
            ))
        })
    }

    /// All forms of the page.
    pub fn forms(&self) -> Vec<Form> {
        form::forms(&self.body, &self.url)
    }
}

/// An address as it may be shown: a path that carries a link's token is cut.
pub fn place(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let path = match url.path() {
        path if path.starts_with("/connect/") => "/connect/…".to_owned(),
        path => path.to_owned(),
    };
    format!("{}{port}{path}", url.host_str().unwrap_or_default())
}

/// A browser with its own cookies.
#[derive(Debug)]
pub struct Browser {
    http: Arc<dyn HttpClient>,
    jar: Jar,
}

impl Browser {
    /// A fresh one, without cookies.
    pub fn new(http: Arc<dyn HttpClient>) -> Self {
        Self { http, jar: Jar::default() }
    }

    /// Opens an address and goes where it is sent, one hop after the other.
    pub async fn open(&mut self, url: &Url) -> Result<Seen, Unexpected> {
        let request = Request::builder().method(Method::GET).uri(url.as_str()).body(Body::empty());
        let seen = self.once(url, request).await?;
        self.follow(seen).await
    }

    /// Sends a form and goes where it is sent.
    pub async fn submit(&mut self, form: &Form) -> Result<Seen, Unexpected> {
        let seen = self.submit_once(form).await?;
        self.follow(seen).await
    }

    /// Sends a form and stays with the answer.
    pub async fn submit_once(&mut self, form: &Form) -> Result<Seen, Unexpected> {
        let query = form.encoded();
        if form.post {
            let request = Request::builder()
                .method(Method::POST)
                .uri(form.action.as_str())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ORIGIN, form.page_origin.as_str())
                .header("sec-fetch-site", "same-origin")
                .body(Body::from(query));
            self.once(&form.action, request).await
        } else {
            let mut url = form.action.clone();
            url.set_query(Some(&query));
            let request = Request::builder().method(Method::GET).uri(url.as_str()).body(Body::empty());
            self.once(&url, request).await
        }
    }

    async fn follow(&mut self, mut seen: Seen) -> Result<Seen, Unexpected> {
        let mut hops = Vec::new();
        while seen.status.is_redirection() {
            if matches!(seen.status.as_u16(), 307 | 308) {
                return Err(Unexpected(format!(
                    "{} redirects with {}, which would send a form on",
                    seen.place(),
                    seen.status
                )));
            }
            let location = seen.headers.get(LOCATION).and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| seen.url.join(location).ok());
            let next = next.ok_or_else(|| Unexpected(format!("{} redirects nowhere", seen.place())))?;
            hops.push(next.clone());
            if hops.len() > MOST_HOPS {
                return Err(Unexpected(format!(
                    "{} is still being redirected after {MOST_HOPS} hops",
                    seen.place()
                )));
            }
            let request = Request::builder().method(Method::GET).uri(next.as_str()).body(Body::empty());
            seen = self.once(&next, request).await?;
        }
        seen.hops = hops;
        Ok(seen)
    }

    async fn once(&mut self, url: &Url, request: http::Result<Request<Body>>) -> Result<Seen, Unexpected> {
        let mut request =
            request.map_err(|error| Unexpected(format!("{} cannot be asked for: {error}", place(url))))?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, http::HeaderValue::from_static("text/html"));
        if let Some(cookies) = self.jar.header(url) {
            headers.insert(COOKIE, cookies);
        }
        let seen = send(&*self.http, url, request).await?;
        self.jar.take(url, &seen.headers);
        Ok(seen)
    }
}

/// A backend of the integration, or any other machine: no cookies, a credential.
#[derive(Debug, Clone)]
pub struct Machine {
    http: Arc<dyn HttpClient>,
    authorization: Option<String>,
}

impl Machine {
    /// With an `Authorization` header, or without.
    pub fn new(http: Arc<dyn HttpClient>, authorization: Option<String>) -> Self {
        Self { http, authorization }
    }

    /// Reads an address.
    pub async fn get(&self, url: &Url) -> Result<Seen, Unexpected> {
        self.call(Method::GET, url, None, &[]).await
    }

    /// Posts JSON.
    pub async fn post(&self, url: &Url, body: &Value) -> Result<Seen, Unexpected> {
        self.call(Method::POST, url, Some(body), &[]).await
    }

    /// Calls with any method, JSON body and further headers.
    pub async fn call(
        &self,
        method: Method,
        url: &Url,
        body: Option<&Value>,
        headers: &[(&'static str, &str)],
    ) -> Result<Seen, Unexpected> {
        let mut request = Request::builder().method(method).uri(url.as_str());
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let request =
            request.map_err(|error| Unexpected(format!("{} cannot be asked for: {error}", place(url))))?;
        send(&*self.http, url, request).await
    }
}

async fn send(http: &dyn HttpClient, url: &Url, request: Request<Body>) -> Result<Seen, Unexpected> {
    debug_assert!(!request.headers().contains_key(HOST), "the client sets it from the address");
    let response = http
        .send(request, &SendOptions::within(PATIENCE))
        .await
        .map_err(|error| Unexpected(format!("{} gave no answer: {error}", place(url))))?;
    let (parts, body) = response.into_parts();
    let body = body
        .collect_up_to(LARGEST_PAGE)
        .await
        .map_err(|error| Unexpected(format!("{} broke off: {error}", place(url))))?;
    Ok(Seen {
        url: url.clone(),
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        hops: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
