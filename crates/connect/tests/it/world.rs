//! Pleo, Xero and Fortnox as far as the connect side sees them: they issue, rotate and revoke, and answer calls by what they
//! issued.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use oauth::Parameters;
use outbound::testing::ScriptedClient;
use outbound::{Body, SendError, Unknown};
use serde_json::{Value, json};
use url::Url;

#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    systems: HashMap<String, System>,
    counter: u32,
}

#[derive(Default)]
pub(crate) struct System {
    pub(crate) companies: Vec<(&'static str, &'static str)>,
    grants: Vec<Grant>,
    codes: HashMap<String, Code>,
    keys: HashMap<String, &'static str>,
    /// Every request: method and path.
    pub(crate) journal: Vec<String>,
    /// Does not answer.
    pub(crate) down: bool,
    installations: Vec<String>,
}

struct Grant {
    companies: Vec<&'static str>,
    access: String,
    refresh: String,
    alive: bool,
}

struct Code {
    companies: Vec<&'static str>,
    challenge: Option<String>,
    redirect_uri: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self::default();
        world.at("pleo", |pleo| pleo.companies = vec![("p-1", "Love Crème BV"), ("p-2", "Holm AB")]);
        world.at("xero", |xero| xero.companies = vec![("x-1", "Love Crème BV"), ("x-2", "Other Ltd")]);
        world.at("fortnox", |fortnox| fortnox.companies = vec![("1001", "Holm AB")]);
        world
    }

    pub(crate) fn at<T>(&self, system: &str, act: impl FnOnce(&mut System) -> T) -> T {
        act(self.0.lock().unwrap().systems.entry(system.to_owned()).or_default())
    }

    pub(crate) fn client(&self) -> Arc<ScriptedClient> {
        let world = self.clone();
        Arc::new(ScriptedClient::new(move |request| {
            let answer = world.answer(&request);
            async move { answer }
        }))
    }

    /// A person at a provider signs in for these companies and allows. Gives the query of the redirect back.
    pub(crate) fn allow(&self, system: &str, sent_to: &Url, companies: &[&'static str]) -> String {
        let mut state = self.0.lock().unwrap();
        state.counter += 1;
        let code = format!("code-{}", state.counter);
        let sent: HashMap<_, _> = sent_to.query_pairs().into_owned().collect();
        let entry = Code {
            companies: companies.to_vec(),
            challenge: sent.get("code_challenge").cloned(),
            redirect_uri: sent["redirect_uri"].clone(),
        };
        state.systems.get_mut(system).unwrap().codes.insert(code.clone(), entry);
        format!("code={code}&state={}&iss=https%3A%2F%2F{system}.example", sent["state"])
    }

    /// The provider takes back everything it has given.
    pub(crate) fn withdraw(&self, system: &str) {
        self.at(system, |system| {
            system.grants.iter_mut().for_each(|grant| grant.alive = false);
            system.keys.clear();
        });
    }

    pub(crate) fn key(&self, system: &str, key: &str, company: &'static str) {
        self.at(system, |system| system.keys.insert(key.to_owned(), company));
    }

    pub(crate) fn journal(&self, system: &str) -> Vec<String> {
        self.at(system, |system| system.journal.clone())
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Response<Body>, SendError> {
        let name = request.uri().host().unwrap().strip_suffix(".example").unwrap().to_owned();
        let mut state = self.0.lock().unwrap();
        state.counter += 1;
        let number = state.counter;
        let system = state.systems.get_mut(&name).unwrap();
        system.journal.push(format!("{} {}", request.method(), request.uri().path()));
        if system.down {
            return Err(Unknown::Cut { host: name, cause: "a test wants it so".to_owned() }.into());
        }
        let path = request.uri().path();
        if path.ends_with("/token") {
            return Ok(system.token(request, number));
        }
        if path.ends_with("/introspect") && path.starts_with("/oauth/") {
            return Ok(system.introspect(request));
        }
        if path.ends_with("/revoke") || path.ends_with("/revocation") {
            let form = Parameters::parse_bytes(request.body()).unwrap();
            let token = form.one("token").unwrap().unwrap();
            system
                .grants
                .iter_mut()
                .filter(|grant| grant.refresh == token)
                .for_each(|grant| grant.alive = false);
            return Ok(json_answer(StatusCode::OK, &json!({})));
        }
        let Some(companies) = system.presented(request) else {
            return Ok(json_answer(StatusCode::UNAUTHORIZED, &json!({ "message": "no" })));
        };
        Ok(system.api(request, &companies))
    }
}

impl System {
    /// Access tokens die while their grants live: somebody refreshed elsewhere, or the provider lost patience.
    pub(crate) fn kill_access_tokens(&mut self) {
        self.grants.iter_mut().for_each(|grant| "dead".clone_into(&mut grant.access));
    }

    fn token(&mut self, request: &Request<Bytes>, number: u32) -> Response<Body> {
        let refused = |code: &str| json_answer(StatusCode::BAD_REQUEST, &json!({ "error": code }));
        let client = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if client != Some(&format!("Basic {}", STANDARD.encode("our-client:our-secret"))) {
            return json_answer(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_client" }));
        }
        let form = Parameters::parse_bytes(request.body()).unwrap();
        let pair = (format!("access-{number}"), format!("refresh-{number}"));
        if form.one("grant_type").unwrap() == Some("refresh_token") {
            let presented = form.one("refresh_token").unwrap().unwrap().to_owned();
            let Some(grant) = self.grants.iter_mut().find(|grant| grant.alive && grant.refresh == presented)
            else {
                return refused("invalid_grant");
            };
            (grant.access, grant.refresh) = pair.clone();
        } else {
            let Some(code) = self.codes.remove(form.one("code").unwrap().unwrap()) else {
                return refused("invalid_grant");
            };
            let challenge = form.one("code_verifier").unwrap().map(|verifier| {
                let verifier = oauth::pkce::Verifier::parse(verifier.to_owned().into()).unwrap();
                verifier.challenge().as_str().to_owned()
            });
            if challenge != code.challenge || form.one("redirect_uri").unwrap() != Some(&code.redirect_uri) {
                return refused("invalid_grant");
            }
            let (access, refresh) = pair.clone();
            self.grants.push(Grant { companies: code.companies, access, refresh, alive: true });
        }
        let (access, refresh) = pair;
        let body = json!({ "access_token": access, "refresh_token": refresh, "expires_in": 900, "token_type": "bearer" });
        json_answer(StatusCode::OK, &body)
    }

    fn introspect(&self, request: &Request<Bytes>) -> Response<Body> {
        let form = Parameters::parse_bytes(request.body()).unwrap();
        let token = form.one("token").unwrap().unwrap();
        let active =
            self.grants.iter().any(|grant| grant.alive && (grant.access == token || grant.refresh == token));
        json_answer(StatusCode::OK, &json!({ "active": active }))
    }

    /// What the credential of a call reaches.
    fn presented(&self, request: &Request<Bytes>) -> Option<Vec<&'static str>> {
        let value = request.headers().get("authorization")?.to_str().ok()?;
        if let Some(token) = value.strip_prefix("Bearer ") {
            let grant = self.grants.iter().find(|grant| grant.alive && grant.access == token)?;
            return Some(grant.companies.clone());
        }
        let pair = String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ")?).ok()?).ok()?;
        self.keys.get(pair.strip_suffix(':')?).map(|company| vec![*company])
    }

    fn api(&mut self, request: &Request<Bytes>, companies: &[&'static str]) -> Response<Body> {
        let name_of = |id: &str| self.companies.iter().find(|(known, _)| *known == id).map(|(_, name)| *name);
        let path = request.uri().path();
        let urn = format!("urn:pleo:company:{}", companies[0]);
        match (request.method(), path) {
            (_, "/v1/introspect") => json_answer(StatusCode::OK, &json!({ "data": { "subjectURN": urn } })),
            (&Method::GET, "/v1/installations/me") if !self.installations.contains(&urn) => {
                json_answer(StatusCode::NOT_FOUND, &json!({ "type": "NOT_FOUND" }))
            }
            (&Method::DELETE, "/v1/installations/me") => {
                let gone: Vec<_> = companies.to_vec();
                self.grants
                    .iter_mut()
                    .filter(|grant| grant.companies == gone)
                    .for_each(|grant| grant.alive = false);
                json_answer(StatusCode::NO_CONTENT, &Value::Null)
            }
            (_, "/v1/installations/me") => {
                self.installations.push(urn.clone());
                json_answer(StatusCode::OK, &json!({ "data": { "resource": urn } }))
            }
            (_, "/connections") => {
                let rows: Vec<_> =
                    companies.iter().map(|id| json!({ "tenantId": id, "tenantName": name_of(id) })).collect();
                json_answer(StatusCode::OK, &Value::Array(rows))
            }
            (_, "/3/companyinformation") => json_answer(
                StatusCode::OK,
                &json!({ "CompanyInformation": { "DatabaseNumber": companies[0].parse::<u32>().unwrap(), "CompanyName": name_of(companies[0]) } }),
            ),
            _ => match path.strip_prefix("/v1/companies/") {
                Some(id) => json_answer(
                    StatusCode::OK,
                    &json!({ "data": { "name": name_of(id), "address": { "country": "NL" } } }),
                ),
                None => echo(request),
            },
        }
    }
}

/// What arrived, so that a test can look at it.
fn echo(request: &Request<Bytes>) -> Response<Body> {
    let headers: HashMap<_, _> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
        .collect();
    let body = json!({
        "method": request.method().as_str(),
        "target": request.uri().to_string(),
        "headers": headers,
        "body_length": request.body().len(),
    });
    let mut answer = json_answer(StatusCode::OK, &body);
    for (name, value) in [
        ("set-cookie", "a=b"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("mainstay-error", "forged"),
        ("alt-svc", "h3=\":443\""),
        ("strict-transport-security", "max-age=1"),
        ("clear-site-data", "\"*\""),
        ("access-control-allow-origin", "*"),
        ("x-kept", "1"),
    ] {
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    if request.uri().path().ends_with("/redirect") {
        *answer.status_mut() = StatusCode::FOUND;
        answer.headers_mut().insert("location", "https://elsewhere.example/".parse().unwrap());
    }
    answer
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    Response::builder().status(status).header("content-type", "application/json").body(body).unwrap()
}
