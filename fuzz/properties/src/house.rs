//! The whole platform side in memory, with a person signed in and a client that has tokens, in a state that every input finds anew.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use authserver::{AuthorizationServer, NoFaults, NoJournal, Ports};
use base::testing::{ManualClock, SeededEntropy};
use base::{Clock, Entropy};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use identity::{Cost, Identity};
use oauth::parameters::encode;
use platform::{By, Environment, Platform, Seed, server_settings};
use seal::{KeyRing, Keys, LocalKeyWrap, Sealer};
use store::{Database, Snapshot};
use tokio::runtime::Runtime;
use url::Url;
use web::platform::{PlatformState, manner_of, router};
use web::shared::{InProcess, Side, Site, frame};

pub(crate) const ORIGIN: &str = "https://platform.example";
const CALLBACK: &str = "https://books.example/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// `books` and its secret, as HTTP Basic has them.
const BASIC: &str = "Basic Ym9va3M6YSUyMHNlY3JldA==";
const COMPANY: &str = "0198d5c2-0000-7000-8000-000000000011";
const SCOPES: &str = "companies:read users:read export-jobs:read export-jobs:write export-items:read";
const SEED: &str = include_str!("house.toml");
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// What an input may name instead of guessing it: `{RT}`, `{AT}`, `{CODE}`, `{BASIC}`, `{COOKIE}`, `{CSRF}`.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) refresh: String,
    pub(crate) access: String,
    pub(crate) code: String,
    cookie: String,
    csrf: String,
}

impl Known {
    /// The input with what it names put in.
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("{RT}", &self.refresh)
            .replace("{AT}", &self.access)
            .replace("{CODE}", &self.code)
            .replace("{BASIC}", BASIC)
            .replace("{COOKIE}", &self.cookie)
            .replace("{CSRF}", &self.csrf)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} is no JSON: {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

pub(crate) struct House {
    runtime: Runtime,
    server: InProcess,
    database: Arc<Database>,
    stored: Snapshot,
    pub(crate) known: Known,
}

impl House {
    /// Does something in the house of this process, as it was in the beginning.
    pub(crate) fn visit(act: impl FnOnce(&House)) {
        static HOUSE: OnceLock<Mutex<House>> = OnceLock::new();
        let house = HOUSE.get_or_init(|| Mutex::new(Self::build()));
        // What an input broke is put back like everything else.
        let house = house.lock().unwrap_or_else(PoisonError::into_inner);
        if !house.is_as_it_was() {
            house.database.restore(&house.stored).expect("a snapshot can be put back");
        }
        act(&house);
    }

    /// Whether nothing was written.
    pub(crate) fn is_as_it_was(&self) -> bool {
        let now = self.database.snapshot().expect("a database in memory has snapshots");
        now.as_bytes() == self.stored.as_bytes()
    }

    fn build() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime of one thread");
        let clock = Arc::new(ManualClock::new());
        let database = Database::memory(store::Side::Platform, Arc::clone(&clock) as _);
        let database = Arc::new(database.expect("a database in memory"));
        let server = runtime.block_on(Self::server(&database, clock));
        let stored = database.snapshot().expect("a database in memory has snapshots");
        let mut house = Self { runtime, server, database, stored, known: Known::default() };
        house.move_in();
        house.stored = house.database.snapshot().expect("a database in memory has snapshots");
        house
    }

    async fn server(database: &Arc<Database>, clock: Arc<ManualClock>) -> InProcess {
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
        let clock = clock as Arc<dyn Clock>;
        let wrap = Arc::new(LocalKeyWrap::new(KeyRing::generate(&SeededEntropy::new(1))));
        let sealer = Arc::new(Sealer::new(wrap, Arc::clone(&entropy)));
        let keys = Keys::load_or_create(&**database, &sealer, &*clock, &*entropy).await;
        let keys = Arc::new(keys.expect("new keys"));
        // Without limits, as millions of requests come from one place.
        let settings =
            identity::Settings { password_cost: Cost::LEAST, limits: None, ..identity::Settings::default() };
        let identity = Identity::new(
            Arc::clone(database) as _,
            Arc::clone(&clock),
            Arc::clone(&entropy),
            Arc::clone(&keys),
            settings,
        );
        let mut settings = server_settings(ORIGIN, Environment::Staging);
        settings.failed_authentications_per_minute = None;
        let ports = Ports {
            store: Arc::clone(database) as _,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            sealer,
            keys: Arc::clone(&keys),
            faults: Arc::new(NoFaults),
            journal: Arc::new(NoJournal),
        };
        let server = Arc::new(AuthorizationServer::new(settings, ports));
        let platform = Arc::new(Platform::new(
            Arc::clone(database) as _,
            Arc::new(identity),
            server,
            keys,
            Arc::clone(&clock),
            Arc::clone(&entropy),
        ));
        let seed = Seed::parse(SEED).expect("the seed file is good");
        platform.seed(seed, &By::command_line()).await.expect("a database in memory");
        let mut site = Site::new(Side::Platform, ORIGIN.parse().expect("a URL"), clock, entropy);
        site.manner_of = manner_of;
        let site = Arc::new(site);
        InProcess::new(frame(router(PlatformState { platform, site: Arc::clone(&site) }), &site))
    }

    /// Sends a request.
    pub(crate) fn send(&self, request: Request<String>) -> Seen {
        let answer = self.runtime.block_on(self.server.answer(request));
        let (parts, body) = answer.expect("an answer made in memory").into_parts();
        Seen { status: parts.status, headers: parts.headers, body: body.into() }
    }

    /// A form by the client.
    pub(crate) fn form(&self, path: &str, body: String) -> Seen {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, FORM).header(header::AUTHORIZATION, BASIC);
        self.send(request.body(body).expect("a request"))
    }

    /// Whether introspection by its client calls a token active.
    pub(crate) fn is_active(&self, token: &str) -> bool {
        self.form("/oauth/token/introspect", format!("token={}", encode(token))).json()["active"] == true
    }

    /// The person signs in and consents twice: one code is exchanged, one is kept.
    fn move_in(&mut self) {
        let page = self.page("/login", "");
        let (pre_session, csrf) = (cookie(&page.headers), hidden(&page.body, "csrf"));
        let fields = format!("csrf={}&email=anna%40example.com&password=correct+horse", encode(&csrf));
        let signed_in = self.post("/login", &pre_session, fields);
        self.known.cookie = cookie(&signed_in.headers);
        self.known.csrf = hidden(&self.page("/settings/apps", &self.known.cookie).body, "csrf");
        let code = self.consent();
        let fields = format!(
            "grant_type=authorization_code&code={}&redirect_uri={}&code_verifier={VERIFIER}",
            encode(&code),
            encode(CALLBACK)
        );
        let pair = self.form("/oauth/token", fields).json();
        let text = |name: &str| pair[name].as_str().unwrap_or_else(|| panic!("{pair}")).to_owned();
        (self.known.access, self.known.refresh) = (text("access_token"), text("refresh_token"));
        self.known.code = self.consent();
    }

    fn consent(&self) -> String {
        let request = format!(
            "response_type=code&client_id=books&redirect_uri={}&scope={}&state=s&code_challenge={CHALLENGE}&code_challenge_method=S256",
            encode(CALLBACK),
            encode(SCOPES)
        );
        let fields = format!(
            "csrf={}&request={}&company={COMPANY}&decision=allow",
            encode(&self.known.csrf),
            encode(&request)
        );
        let answer = self.post("/oauth/authorize", &self.known.cookie, fields);
        let location = Url::parse(answer.header(header::LOCATION).expect("a redirect")).expect("a URL");
        location.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned()
    }

    fn page(&self, path: &str, cookie: &str) -> Seen {
        let request = Request::get(path).header(header::COOKIE, cookie).body(String::new());
        self.send(request.expect("a request"))
    }

    fn post(&self, path: &str, cookie: &str, fields: String) -> Seen {
        let request = Request::post(path).header(header::CONTENT_TYPE, FORM).header(header::COOKIE, cookie);
        self.send(request.body(fields).expect("a request"))
    }
}

/// The first cookie that is set to something.
fn cookie(headers: &HeaderMap) -> String {
    let lines =
        headers.get_all(header::SET_COOKIE).iter().filter_map(|value| HeaderValue::to_str(value).ok());
    let mut pairs = lines.filter_map(|line| line.split(';').next());
    pairs.rfind(|pair| !pair.ends_with('=')).expect("a cookie").to_owned()
}

/// The value of a hidden field.
fn hidden(page: &[u8], name: &str) -> String {
    let page = String::from_utf8_lossy(page);
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    let value = page[at..].split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
    value.expect("a hidden field has a value").to_owned()
}
