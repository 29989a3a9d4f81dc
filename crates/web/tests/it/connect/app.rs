//! The whole connect side in memory. Pleo and Xero answer from a closure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use audit::{Auditor, Ledger};
use axum::Router;
use axum::body::Body;
use base::testing::{ManualClock, SeededEntropy};
use base::{Clock, Entropy, Secret};
use bytes::Bytes;
use connect::{Connect, Directory, Parts, Role, Settings};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use identity::{Cost, Identity, NewAccount};
use outbound::testing::ScriptedClient;
use providers::{Catalogue, Overrides};
use refresh::Authority;
use refresh::spill::SpillDirectory;
use serde_json::{Value, json};
use store::Database;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use url::Url;
use web::connect::{ConnectState, manner_of, router};
use web::shared::{Side, Site, frame};

pub(super) const ORIGIN: &str = "https://connect.example";

pub(super) struct App {
    router: Router,
    pub(super) connect: Connect,
    pub(super) clock: Arc<ManualClock>,
    pub(super) database: Arc<Database>,
    /// Whether Xero answers 503 when it is asked for companies.
    pub(super) xero_is_away: Arc<AtomicBool>,
    _directory: tempfile::TempDir,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|_| panic!("{} is no JSON: {}", self.status, self.body))
    }

    pub(super) fn location(&self) -> &str {
        self.headers
            .get("location")
            .unwrap_or_else(|| panic!("{}: {}", self.status, self.body))
            .to_str()
            .unwrap()
    }

    /// Status, type and mark of a refusal.
    pub(super) fn refusal(&self) -> (u16, String) {
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        assert_eq!(self.headers["mainstay-error"], kind.as_str());
        (self.status.as_u16(), kind)
    }
}

impl App {
    pub(super) async fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        let shared_clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(11));
        let database = Arc::new(Database::memory(store::Side::Connect, Arc::clone(&shared_clock)).unwrap());
        let (sealer, keys) = (seal::testing::sealer(&entropy), seal::testing::keys(&*entropy));
        let overrides = ["pleo", "xero"]
            .map(|id| {
                let base_url = Some(format!("https://{id}.example").parse().unwrap());
                (id.parse().unwrap(), Overrides { base_url, ..Overrides::default() })
            })
            .into();
        let directory = Directory::new(
            &Catalogue::built_in(),
            &overrides,
            Arc::clone(&database) as _,
            Arc::clone(&sealer),
        );
        let directory = Arc::new(directory.unwrap());
        let temporary = tempfile::tempdir().unwrap();
        let xero_is_away = Arc::new(AtomicBool::new(false));
        let (tracker, http) = (TaskTracker::new(), providers(Arc::clone(&xero_is_away)));
        let authority = Authority::new(
            refresh::Parts {
                store: Arc::clone(&database) as _,
                http: Arc::clone(&http) as _,
                directory: Arc::clone(&directory) as _,
                sealer: Arc::clone(&sealer),
                spill: Arc::new(SpillDirectory::open(temporary.path().join("spill"), "one").unwrap()),
                memory: Arc::new(refresh::MemoryInProcess::default()),
                clock: Arc::clone(&shared_clock),
                entropy: Arc::clone(&entropy),
                tracker: tracker.clone(),
            },
            refresh::Settings::new("one".to_owned()),
        );
        let parts = Parts {
            store: Arc::clone(&database) as _,
            directory,
            authority,
            http,
            sealer,
            keys: Arc::clone(&keys),
            clock: Arc::clone(&shared_clock),
            entropy: Arc::clone(&entropy),
            tracker,
        };
        let mut settings = Settings::new(ORIGIN.parse().unwrap());
        settings.return_to_allow = vec![Url::parse("https://app.example").unwrap().origin()];
        let connect = Connect::new(parts, settings);
        for provider in ["pleo", "xero"] {
            connect
                .set_client(provider, None, "ours", Some(&Secret::new("secret".to_owned())))
                .await
                .unwrap();
        }
        let settings = identity::Settings { password_cost: Cost::LEAST, ..identity::Settings::default() };
        let auditor = Auditor::new(Arc::clone(&keys), Arc::clone(&shared_clock), Arc::clone(&entropy));
        let ledger = Arc::new(Ledger::new(Arc::clone(&database) as _, auditor, Arc::clone(&shared_clock)));
        let identity = Identity::new(
            Arc::clone(&database) as _,
            Arc::clone(&shared_clock),
            Arc::clone(&entropy),
            keys,
            settings,
        )
        .recording(Arc::clone(&ledger));
        let operator = NewAccount {
            email: "op@example.com".to_owned(),
            name: "Olga Operator".to_owned(),
            password: Some(Secret::new("correct horse".to_owned())),
        };
        identity.create_account(operator).await.unwrap();
        let mut site = Site::new(Side::Connect, ORIGIN.parse().unwrap(), shared_clock, entropy);
        site.manner_of = manner_of;
        let site = Arc::new(site);
        let state = ConnectState {
            connect: connect.clone(),
            identity: Arc::new(identity),
            ledger: Some(ledger),
            site: Arc::clone(&site),
        };
        Self {
            router: frame(router(state), &site),
            connect,
            clock,
            database,
            xero_is_away,
            _directory: temporary,
        }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(super) async fn api_token(&self, role: Role) -> String {
        self.connect.create_api_token(role.as_str(), role).await.unwrap().text.expose().clone()
    }

    /// A backend's call.
    pub(super) async fn call(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }
}

/// Both give whatever is asked for: one company at Pleo, two at Xero.
fn providers(xero_is_away: Arc<AtomicBool>) -> Arc<ScriptedClient> {
    let issued = AtomicU32::new(0);
    Arc::new(ScriptedClient::new(move |request: Request<Bytes>| {
        let number = issued.fetch_add(1, Ordering::SeqCst);
        let body = match (request.uri().host().unwrap(), request.uri().path()) {
            (_, "/oauth/token" | "/connect/token") => json!({
                "access_token": format!("access-{number}"),
                "refresh_token": format!("refresh-{number}"),
                "expires_in": 900,
            }),
            ("pleo.example", "/v1/introspect") => json!({ "data": { "subjectURN": "urn:pleo:company:p-1" } }),
            ("pleo.example", "/v1/companies/p-1") => json!({ "data": {
                "name": "Love <Crème> BV", "address": { "country": "NL" }, "registrationNumber": "123",
            } }),
            ("xero.example", "/connections") => json!([
                { "tenantId": "x-1", "tenantName": "Love Crème Books" },
                { "tenantId": "x-2", "tenantName": "Other\"><script>alert(1)</script>" },
            ]),
            (_, path) => json!({ "path": path, "query": request.uri().query() }),
        };
        let is_away = request.uri().path() == "/connections" && xero_is_away.load(Ordering::SeqCst);
        let answer = http::Response::builder()
            .status(if is_away { 503 } else { 200 })
            .header("content-type", "application/json");
        let answer: Response<outbound::Body> = answer.body(outbound::Body::from(body.to_string())).unwrap();
        async move { Ok(answer) }
    }))
}
