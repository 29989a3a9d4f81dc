use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use base::Secret;
use http::{HeaderMap, Method, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use oauth::{Parameters, PresentedClient};
use sandbox::{Answer, Credential, Endpoint, NewEntry, Redaction, Switches};
use serde_json::{Map, Value};

use crate::shared::Problem;

/// The most bytes of a request or an answer that are looked into; what is longer passes unseen.
const LOOKED_INTO: u64 = 256 * 1024;

/// Headers beside `Authorization` that carry a credential (facts 16.6).
const KEY_HEADERS: [&str; 2] = ["x-agreementgranttoken", "x-appsecrettoken"];

/// What is seen of a request before it is carried out.
pub(super) struct Observation {
    switches: Arc<Switches>,
    entry: Option<NewEntry>,
}

impl Observation {
    /// Looks into a request and hands it back whole.
    pub(super) async fn begin(
        switches: &Arc<Switches>,
        endpoint: Endpoint,
        request: Request,
    ) -> Result<(Self, Request), Problem> {
        let at = switches.clock.now();
        let (parts, body) = request.into_parts();
        let (bytes, body) = peek(body)
            .await
            .map_err(|Cut| Problem::bad_request("The request ended before its body was complete."))?;
        let (parameters, form) =
            parameters(&switches.redaction, &parts.headers, parts.uri.query(), bytes.as_ref());
        let credential = credential(&parts.headers);
        let client_id =
            client_of(switches, endpoint, credential.as_ref(), &parts.headers, parts.uri.query(), &form)
                .await;
        let entry = NewEntry {
            at,
            client_id,
            endpoint,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            credential: credential.as_ref().map(|(scheme, secret)| Credential {
                scheme: scheme.clone(),
                fingerprint: switches.redaction.fingerprint(secret.expose()),
            }),
            parameters,
            answer: None,
            fault: None,
        };
        Ok((Self { switches: Arc::clone(switches), entry: Some(entry) }, Request::from_parts(parts, body)))
    }

    pub(super) fn client_id(&self) -> Option<&str> {
        self.entry.as_ref().and_then(|entry| entry.client_id.as_deref())
    }

    pub(super) fn path(&self) -> &str {
        self.entry.as_ref().map_or("", |entry| &entry.path)
    }

    /// Notes a fault that happened.
    pub(super) fn fault(&mut self, description: &str) {
        if let Some(entry) = &mut self.entry {
            let earlier = entry.fault.take().map_or_else(String::new, |earlier| format!("{earlier}, "));
            entry.fault = Some(earlier + description);
        }
    }

    /// Looks into the answer and writes the entry. Returns the answer whole, and its bytes where they were looked into.
    pub(super) async fn finish(mut self, response: Response) -> (Response, Option<Bytes>) {
        let (parts, body) = response.into_parts();
        let (bytes, body) = match peek(body).await {
            Ok(peeked) => peeked,
            // An answer that breaks off by itself stays broken off.
            Err(Cut) => return (super::broken_body::closed(), None),
        };
        let shown = match parts.headers.get(header::LOCATION).and_then(|location| location.to_str().ok()) {
            Some(location) => redirect(&self.switches.redaction, location),
            None => bytes
                .as_ref()
                .filter(|_| is_json(&parts.headers))
                .and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok())
                .map(|value| self.switches.redaction.json(&value)),
        };
        if let Some(entry) = &mut self.entry {
            entry.answer = Some(Answer { status: parts.status.as_u16(), body: shown });
        }
        (Response::from_parts(parts, body), bytes)
    }
}

/// An entry is written whatever becomes of the request: answered, closed by a fault, or given up by the client.
impl Drop for Observation {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.switches.journal.add(entry);
        }
    }
}

struct Cut;

/// Reads a body of known and modest length and hands it back as if it had not been read.
async fn peek(body: Body) -> Result<(Option<Bytes>, Body), Cut> {
    match body.size_hint().exact() {
        Some(length) if length <= LOOKED_INTO => {
            let bytes = body.collect().await.map_err(|_| Cut)?.to_bytes();
            Ok((Some(bytes.clone()), Body::from(bytes)))
        }
        _ => Ok((None, body)),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    content_type(headers).is_some_and(|essence| essence == "application/json" || essence.ends_with("+json"))
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// The parameters as they may be shown, and the form's as they are.
fn parameters(
    redaction: &Redaction,
    headers: &HeaderMap,
    query: Option<&str>,
    body: Option<&Bytes>,
) -> (Map<String, Value>, Parameters) {
    // What cannot be read as parameters is refused by the endpoint itself; the journal shows it as absent.
    let query = query.and_then(|query| Parameters::parse(query).ok()).unwrap_or_default();
    let mut shown = redaction.pairs(query.iter());
    let mut form = Parameters::default();
    match (content_type(headers).as_deref(), body) {
        (Some("application/x-www-form-urlencoded"), Some(body)) => {
            form = Parameters::parse_bytes(body).unwrap_or_default();
            shown.extend(redaction.pairs(form.iter()));
        }
        (Some(_), Some(body)) if is_json(headers) => {
            match serde_json::from_slice::<Value>(body).map(|value| redaction.json(&value)) {
                Ok(Value::Object(members)) => shown.extend(members),
                Ok(other) => {
                    shown.insert("body".to_owned(), other);
                }
                Err(_) => {}
            }
        }
        _ => {}
    }
    (shown, form)
}

/// Scheme and secret part of what a request proves itself with.
fn credential(headers: &HeaderMap) -> Option<(String, Secret<String>)> {
    if let Some(name) = KEY_HEADERS.into_iter().find(|name| headers.contains_key(*name)) {
        return headers
            .get(name)?
            .to_str()
            .ok()
            .map(|value| (name.to_owned(), Secret::new(value.to_owned())));
    }
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Some((scheme.to_owned(), Secret::new(rest.trim().to_owned())));
    }
    let presented = PresentedClient::extract(Some(value), &Parameters::default()).ok()?;
    let secret = match presented.credential {
        oauth::Credential::Basic(secret) | oauth::Credential::Post(secret) => secret,
        // An API key is the user name, with an empty password (facts 10.1).
        oauth::Credential::None => Secret::new(presented.client_id),
    };
    Some(("Basic".to_owned(), secret))
}

async fn client_of(
    switches: &Switches,
    endpoint: Endpoint,
    credential: Option<&(String, Secret<String>)>,
    headers: &HeaderMap,
    query: Option<&str>,
    form: &Parameters,
) -> Option<String> {
    if endpoint == Endpoint::Api {
        let (_, secret) = credential?;
        return switches.access.as_ref()?.client_of(secret).await;
    }
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| PresentedClient::extract(Some(value), &Parameters::default()).ok())
        .map(|presented| presented.client_id);
    let named = |parameters: &Parameters| parameters.one("client_id").ok().flatten().map(ToOwned::to_owned);
    basic
        .or_else(|| named(form))
        .or_else(|| query.and_then(|query| Parameters::parse(query).ok()).and_then(|query| named(&query)))
}

/// A redirect's parameters, with the address they are sent to.
fn redirect(redaction: &Redaction, location: &str) -> Option<Value> {
    let (address, query) = location.split_once('?').unwrap_or((location, ""));
    let mut shown = redaction.pairs(Parameters::parse(query).ok()?.iter());
    shown.insert("location".to_owned(), address.into());
    Some(Value::Object(shown))
}

/// Whether requests of this method change or ask something that belongs into the journal: a browser's preflight does not.
pub(super) fn is_observed(method: &Method) -> bool {
    *method != Method::OPTIONS
}
