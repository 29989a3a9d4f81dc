//! The whole platform side in memory, with a clock that the test moves.

use std::sync::Arc;

use audit::{Auditor, Chain, HeadInProcess, Ledger};
use authserver::{AuthorizationServer, Faults, NoFaults, NoJournal, Ports};
use axum::Router;
use axum::body::Body;
use base::testing::{ManualClock, SeededEntropy};
use base::{Clock, Entropy, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use continuity::{Keeper, MemoryInProcess};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use identity::{Cost, Identity};
use oauth::pkce::Verifier;
use outbound::HttpClient;
use platform::{ApiLimits, By, Environment, Platform, Seed, Seeded, server_settings};
use seal::{KeyRing, Keys, LocalKeyWrap, Sealer};
use serde_json::Value;
use store::Database;
use tower::ServiceExt as _;
use url::Url;
use web::platform::{PlatformState, manner_of, router, standstill};
use web::shared::{Side, Site, frame};

pub(super) const ORIGIN: &str = "https://platform.example";
pub(super) const CALLBACK: &str = "https://books.example/callback";
pub(super) const LOVE_BV: &str = "0198d5c2-0000-7000-8000-000000000011";
pub(super) const LOVE_GMBH: &str = "0198d5c2-0000-7000-8000-000000000012";
pub(super) const OTHER: &str = "0198d5c2-0000-7000-8000-000000000021";
pub(super) const LOVE: &str = "0198d5c2-0000-7000-8000-000000000001";
pub(super) const EXPENSE: &str = "0198d5c2-0000-7000-8000-000000000091";
pub(super) const UNREADY_EXPENSE: &str = "0198d5c2-0000-7000-8000-000000000092";
pub(super) const FOREIGN_EXPENSE: &str = "0198d5c2-0000-7000-8000-000000000093";
const SEED: &str = include_str!("seed.toml");

pub(super) struct App {
    pub(super) router: Router,
    pub(super) platform: Arc<Platform>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) seeded: Seeded,
    pub(super) database: Arc<Database>,
    /// The audit log's chain, which nobody seals by himself here.
    pub(super) chain: Chain,
}

/// What of a platform side a test may want otherwise.
pub(super) struct Wanted<'a> {
    pub(super) origin: &'a str,
    /// More of a seed file, behind the usual one.
    pub(super) seed: &'a str,
    pub(super) rate_limits: bool,
}

/// What stands around a platform side.
pub(super) struct Surroundings {
    pub(super) environment: Environment,
    /// What its credentials are separated for.
    pub(super) separated: Option<&'static str>,
    /// What it fetches logos with.
    pub(super) http: Option<Arc<dyn HttpClient>>,
    /// What disturbs its authorization server.
    pub(super) faults: Arc<dyn Faults>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { environment: Environment::Staging, separated: None, http: None, faults: Arc::new(NoFaults) }
    }
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
            .get(header::LOCATION)
            .unwrap_or_else(|| panic!("{}: {}", self.status, self.body))
            .to_str()
            .unwrap()
    }

    /// A parameter of the redirect.
    pub(super) fn redirected(&self, name: &str) -> Option<String> {
        let url = Url::parse(self.location()).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The `type` of a resource API's refusal.
    pub(super) fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["type"].as_str().unwrap().to_owned())
    }
}

/// A pair of tokens.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl App {
    pub(super) async fn new() -> Self {
        Self::with(Wanted { origin: ORIGIN, seed: "", rate_limits: true }).await
    }

    pub(super) async fn with(wanted: Wanted<'_>) -> Self {
        let clock = Arc::new(ManualClock::new());
        let database = Arc::new(Database::memory(store::Side::Platform, Arc::clone(&clock) as _).unwrap());
        Self::on(database, clock, 7, wanted).await
    }

    /// On a database that is there: two of them on one, with dice of their own, are two servers.
    pub(super) async fn on(
        database: Arc<Database>,
        clock: Arc<ManualClock>,
        dice: u64,
        wanted: Wanted<'_>,
    ) -> Self {
        Self::among(database, clock, dice, wanted, Surroundings::default()).await
    }

    /// On a database of its own, with other surroundings than usual.
    pub(super) async fn in_surroundings(surroundings: Surroundings) -> Self {
        let clock = Arc::new(ManualClock::new());
        let database = Arc::new(Database::memory(store::Side::Platform, Arc::clone(&clock) as _).unwrap());
        let wanted = Wanted { origin: ORIGIN, seed: "", rate_limits: true };
        Self::among(database, clock, 7, wanted, surroundings).await
    }

    /// The same as [`App::on`], with other surroundings than usual.
    pub(super) async fn among(
        database: Arc<Database>,
        clock: Arc<ManualClock>,
        dice: u64,
        wanted: Wanted<'_>,
        surroundings: Surroundings,
    ) -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(dice));
        let wrap = Arc::new(LocalKeyWrap::new(KeyRing::generate(&SeededEntropy::new(1))));
        let sealer = Arc::new(Sealer::new(wrap, Arc::clone(&entropy)));
        let keys = Keys::load_or_create(&*database, &sealer, &*clock, &*entropy).await.unwrap();
        let keys = Arc::new(match surroundings.separated {
            Some(label) => keys.separated(label),
            None => keys,
        });
        let settings = identity::Settings { password_cost: Cost::LEAST, ..identity::Settings::default() };
        let shared_clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let identity = Identity::new(
            Arc::clone(&database) as _,
            Arc::clone(&shared_clock),
            Arc::clone(&entropy),
            Arc::clone(&keys),
            settings,
        );
        let ports = Ports {
            store: Arc::clone(&database) as _,
            clock: Arc::clone(&shared_clock),
            entropy: Arc::clone(&entropy),
            sealer,
            keys: Arc::clone(&keys),
            faults: surroundings.faults,
            journal: Arc::new(NoJournal),
        };
        let mut settings = server_settings(wanted.origin, surroundings.environment);
        settings.failed_authentications_per_minute =
            settings.failed_authentications_per_minute.filter(|_| wanted.rate_limits);
        let auditor = Auditor::new(Arc::clone(&keys), Arc::clone(&shared_clock), Arc::clone(&entropy));
        let memory = Arc::new(HeadInProcess::default());
        let chain =
            Chain::new(Arc::clone(&database) as _, auditor.clone(), memory, Arc::clone(&shared_clock));
        let ledger = Arc::new(Ledger::new(Arc::clone(&database) as _, auditor, Arc::clone(&shared_clock)));
        let identity = Arc::new(identity.recording(Arc::clone(&ledger)));
        let memory = Arc::new(MemoryInProcess::default());
        let keeper = Keeper::new(Arc::clone(&database) as _, memory, Arc::clone(&shared_clock));
        let server = Arc::new(AuthorizationServer::new(settings, ports).recording(Arc::clone(&ledger)));
        let platform = Platform::new(
            Arc::clone(&database) as _,
            identity,
            server,
            keys,
            Arc::clone(&shared_clock),
            Arc::clone(&entropy),
        )
        .recording(Arc::clone(&ledger))
        .watched(keeper);
        let platform = match surroundings.http {
            Some(http) => platform.with_http(http),
            None => platform,
        };
        let platform =
            Arc::new(if wanted.rate_limits { platform.limited(ApiLimits::default()) } else { platform });
        let seed = Seed::parse(&format!("{SEED}\n{}", wanted.seed)).unwrap();
        let seeded = platform.seed(seed, &By::command_line()).await.unwrap();
        let mut site =
            Site::new(Side::Platform, wanted.origin.parse().unwrap(), shared_clock, Arc::clone(&entropy));
        site.manner_of = manner_of;
        site.standstill = Some(standstill(&platform));
        site.ledger = Some(ledger);
        let site = Arc::new(site);
        let router =
            frame(router(PlatformState { platform: Arc::clone(&platform), site: Arc::clone(&site) }), &site);
        Self { router, platform, clock, entropy, seeded, database, chain }
    }

    /// Runs the seed file again.
    pub(super) async fn seed_again(&self) -> Seeded {
        self.platform.seed(Seed::parse(SEED).unwrap(), &By::command_line()).await.unwrap()
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// A POST of a form by a client, with Basic authentication if there is one.
    pub(super) async fn form(
        &self,
        path: &str,
        client: Option<(&str, &str)>,
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((id, secret)) = client {
            let basic = oauth::client_authentication::basic_header(id, &Secret::new(secret.to_owned()));
            request = request.header(header::AUTHORIZATION, basic.expose());
        }
        self.send(request.body(Body::from(encode(fields))).unwrap()).await
    }

    pub(super) async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.form("/oauth/token", Some(BOOKS), fields).await
    }

    pub(super) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// A call of a resource API with an access token.
    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        access_token: &str,
        body: Option<Value>,
    ) -> Answer {
        self.call_as(method, path, &format!("Bearer {access_token}"), body).await
    }

    /// The same with an API key.
    pub(super) async fn call_with_key(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> Answer {
        self.call_as(method, path, &format!("Basic {}", STANDARD.encode(format!("{key}:"))), body).await
    }

    pub(super) async fn call_as(
        &self,
        method: &str,
        path: &str,
        authorization: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header(header::AUTHORIZATION, authorization);
        let body = match body {
            Some(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// An authorization request of the client `books`, with its verifier.
    pub(super) fn authorization(&self, client_id: &str, scope: &str) -> (String, Verifier) {
        let verifier = Verifier::generate(&*self.entropy);
        let challenge = verifier.challenge().to_string();
        let query = encode(&[
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", CALLBACK),
            ("scope", scope),
            ("state", "st-4/ü"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        (format!("/oauth/authorize?{query}"), verifier)
    }

    /// Walks a person through sign-in and consent, and exchanges the code.
    pub(super) async fn connect(&self, email: &str, company: &str, scope: &str) -> Tokens {
        let (path, verifier) = self.authorization("books", scope);
        let mut browser = super::browser::Browser::new(self);
        browser.sign_in(email).await;
        browser.get(&path).await;
        let answer = browser.submit("/oauth/authorize", &[("company", company), ("decision", "allow")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let code = answer.redirected("code").unwrap();
        let answer = self.exchange(&code, &verifier).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.tokens()
    }

    pub(super) async fn exchange(&self, code: &str, verifier: &Verifier) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier.secret().expose()),
        ])
        .await
    }
}

impl Answer {
    pub(super) fn tokens(&self) -> Tokens {
        let json = self.json();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// The confidential client of the seed.
pub(super) const BOOKS: (&str, &str) = ("books", "a secret with 30 characters ...");

pub(super) fn encode(fields: &[(&str, &str)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", oauth::parameters::encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}
