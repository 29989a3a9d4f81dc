//! A server with all stand-ins in memory, and a client that goes through its pages.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use authserver::{AuthorizationServer, NoFaults, NoJournal, Ports};
use axum::Router;
use axum::body::Body;
use base::testing::{ManualClock, SeededEntropy};
use base::{Clock, Entropy, Secret, ShiftedClock};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use identity::Identity;
use oauth::parameters::encode;
use sandbox::{
    AccessControl, ClockSwitch, Redaction, Seed, SeedClient, SeedCompany, SeedUser, Standin, StandinKind,
    StandinPorts, Switches, System,
};
use serde_json::Value;
use store::{Database, Side};
use tower::ServiceExt as _;
use web::sandbox::{StandinDoors, manner, standins_router};
use web::shared::{Side as SiteSide, Site, frame};

pub(crate) const SANDBOX_TOKEN: &str = "sandbox-token";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:9/callback";
pub(crate) const SECRET: &str = "a secret with spaces & signs";

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) clock: Arc<ManualClock>,
}

fn seed() -> Seed {
    let company = |id: &str, name: &str| SeedCompany {
        id: id.to_owned(),
        name: name.to_owned(),
        country: "SE".to_owned(),
        registration_number: Some(format!("556000-{id}")),
    };
    let user = |email: &str, companies: &[&str]| SeedUser {
        email: email.to_owned(),
        password: Secret::new("correct horse".to_owned()),
        name: email.to_owned(),
        companies: companies.iter().map(|id| (*id).to_owned()).collect(),
    };
    Seed {
        companies: vec![company("101", "Alfa AB"), company("102", "Beta AB"), company("103", "Gamma AB")],
        users: vec![user("anna@example.com", &["101", "102"]), user("ben@example.com", &["103"])],
        clients: vec![SeedClient {
            client_id: "app".to_owned(),
            client_secret: Some(Secret::new(SECRET.to_owned())),
            name: "Mainstay".to_owned(),
            redirect_uris: vec![REDIRECT.to_owned()],
            access_token_seconds: None,
            refresh_idle_seconds: None,
        }],
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let manual = Arc::new(ManualClock::new());
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(42));
        let mut doors = Vec::new();
        for kind in StandinKind::ALL {
            doors.push(stand_in(kind, &manual, &entropy).await);
        }
        let clock = Arc::clone(&manual) as Arc<dyn Clock>;
        let mut site = Site::new(SiteSide::Sandbox, "http://127.0.0.1:4001".parse().unwrap(), clock, entropy);
        site.manner_of = manner;
        Self { router: frame(standins_router(doors), &Arc::new(site)), clock: manual }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// A switch of one stand-in.
    pub(crate) async fn switch(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {SANDBOX_TOKEN}"));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        self.send(request.body(Body::from(body.map_or_else(String::new, |body| body.to_string()))).unwrap())
            .await
    }

    /// A call to an API with a bearer token and further headers.
    pub(crate) async fn api(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        self.send(request.body(Body::from(body.map_or_else(String::new, |body| body.to_string()))).unwrap())
            .await
    }

    /// A request of the token endpoint, with the client authentication of the system.
    pub(crate) async fn token(&self, kind: StandinKind, fields: &[(&str, &str)]) -> Answer {
        let system = System::of(kind);
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("/{kind}{}", system.token_path.unwrap()))
            .header("content-type", "application/x-www-form-urlencoded");
        let mut fields = fields.to_vec();
        if by_body(kind) {
            fields.extend([("client_id", "app"), ("client_secret", SECRET)]);
        } else {
            let header = oauth::client_authentication::basic_header("app", &Secret::new(SECRET.to_owned()));
            request = request.header("authorization", header.expose());
        }
        self.send(request.body(Body::from(form(&fields))).unwrap()).await
    }

    /// Goes through sign-in and consent with a browser's cookies. Returns the redirect's parameters.
    pub(crate) async fn consent(
        &self,
        kind: StandinKind,
        query: &str,
        email: &str,
        company: Option<&str>,
        decision: &str,
    ) -> BTreeMap<String, String> {
        let mut browser = Browser { world: self, cookies: BTreeMap::new() };
        let page = browser.get(&format!("/{kind}{}?{query}", System::of(kind).authorize_paths[0])).await;
        assert_eq!(page.status, StatusCode::OK, "{kind}: {}", page.text);
        let page = browser.submit(&page, &[("email", email), ("password", "correct horse")]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{kind}: {}", page.text);
        let page = browser.get(page.location()).await;
        assert_eq!(page.status, StatusCode::OK, "{kind}: {}", page.text);
        let mut fields = vec![("decision", decision)];
        fields.extend(company.map(|company| ("company", company)));
        let answer = browser.submit(&page, &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{kind}: {}", answer.text);
        let (address, parameters) = answer.location().split_once('?').unwrap();
        assert_eq!(address, REDIRECT);
        pairs(parameters)
    }
}

/// Whether the system takes id and secret in the form (facts 16.1).
pub(crate) fn by_body(kind: StandinKind) -> bool {
    matches!(kind, StandinKind::BusinessCentral | StandinKind::Sage | StandinKind::ExactOnline)
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

pub(crate) fn pairs(text: &str) -> BTreeMap<String, String> {
    oauth::Parameters::parse(text)
        .unwrap()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

async fn stand_in(kind: StandinKind, manual: &Arc<ManualClock>, entropy: &Arc<dyn Entropy>) -> StandinDoors {
    let shifted = Arc::new(ShiftedClock::new(Arc::clone(manual) as _));
    let clock = Arc::clone(&shifted) as Arc<dyn Clock>;
    let database = Arc::new(Database::memory(Side::Sandbox, Arc::clone(&clock)).unwrap());
    let keys = seal::testing::keys(&**entropy);
    let settings =
        identity::Settings { password_cost: identity::Cost::LEAST, ..identity::Settings::default() };
    let identity = Identity::new(
        Arc::clone(&database) as _,
        Arc::clone(&clock),
        Arc::clone(entropy),
        Arc::clone(&keys),
        settings,
    );
    let ports = Ports {
        store: Arc::clone(&database) as _,
        clock: Arc::clone(&clock),
        entropy: Arc::clone(entropy),
        sealer: seal::testing::sealer(entropy),
        keys: Arc::clone(&keys),
        faults: Arc::new(NoFaults),
        journal: Arc::new(NoJournal),
    };
    let issuer = format!("http://127.0.0.1:4001/{kind}");
    let standin = Arc::new(Standin::new(
        kind,
        StandinPorts {
            store: Arc::clone(&database) as _,
            identity: Arc::new(identity),
            server: Arc::new(AuthorizationServer::new(System::of(kind).server_settings(issuer), ports)),
            keys: Arc::clone(&keys),
            clock,
            entropy: Arc::clone(entropy),
        },
    ));
    standin.seed(&seed()).await.unwrap();
    standin.seed(&seed()).await.unwrap();
    let switches = Switches::new(
        Secret::new(SANDBOX_TOKEN.to_owned()),
        Arc::new(ClockSwitch::new(shifted, database)),
        Redaction::new(keys),
        Arc::clone(entropy),
        Some(Arc::clone(&standin) as Arc<dyn AccessControl>),
    );
    StandinDoors { standin, switches: Arc::new(switches) }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Self { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    pub(crate) fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }
}

/// A plain HTTP client with cookies that fills in the first form of a page.
pub(crate) struct Browser<'a> {
    pub(crate) world: &'a World,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    async fn send(&mut self, request: http::request::Builder, body: String) -> Answer {
        let cookies =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let answer = self.world.send(request.header("cookie", cookies).body(Body::from(body)).unwrap()).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    pub(crate) async fn submit(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let (action, hidden) = first_form(&page.text);
        let mut all: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(fields);
        let request = Request::post(action).header("content-type", "application/x-www-form-urlencoded");
        self.send(request, form(&all)).await
    }
}

/// Action and hidden fields of the first form.
fn first_form(html: &str) -> (String, Vec<(String, String)>) {
    let form = html
        .split("<form")
        .nth(1)
        .unwrap_or_else(|| panic!("no form in {html}"))
        .split("</form>")
        .next()
        .unwrap();
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
        Some(unescaped(rest.split('"').next()?))
    };
    let action = attribute(form, "action").unwrap();
    let hidden = form
        .split("<input")
        .skip(1)
        .filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"))
        .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap()))
        .collect();
    (action, hidden)
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&#60;", "<")
}

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
