//! The whole platform side in memory, with two people signed in, a client that has tokens and one that manages itself, in a state that
//! every input finds anew.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use authserver::{AuthorizationServer, ClientMetadata, NewInitialAccessToken, NoFaults, NoJournal, Ports};
use base::testing::{ManualClock, SeededEntropy};
use base::{Clock, Entropy};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use identity::{Cost, Identity};
use oauth::parameters::encode;
use platform::{By, Environment, NewApplication, Platform, Seed, server_settings};
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
const EXPENSE: &str = "0198d5c2-0000-7000-8000-000000000093";
const SCOPES: &str = "companies:read users:read export-jobs:read export-jobs:write export-items:read";
const SEED: &str = include_str!("house.toml");
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// What an input may name instead of guessing it: `{RT}`, `{AT}`, `{CODE}`, `{BASIC}`, `{COOKIE}`, `{CSRF}` (both of Anna, who administers
/// the platform), `{EMIL}`, `{EMILS}` (the same of Emil, who may do nothing), `{USER}` (Emil's id), `{OWN}` (a client that is Anna's),
/// `{JOB}` (an export job of the client's), `{IAT}` (an initial access token), `{RAT}` and `{MANAGED}` (what was registered with it, and the token it is managed with).
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) refresh: String,
    pub(crate) access: String,
    pub(crate) code: String,
    pub(crate) initial: String,
    pub(crate) management: String,
    pub(crate) managed: String,
    anna: Visitor,
    emil: Visitor,
    user: String,
    own: String,
    job: String,
}

/// A person's session, and the value that its forms carry.
#[derive(Debug, Default)]
struct Visitor {
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
            .replace("{COOKIE}", &self.anna.cookie)
            .replace("{CSRF}", &self.anna.csrf)
            .replace("{EMIL}", &self.emil.cookie)
            .replace("{EMILS}", &self.emil.csrf)
            .replace("{USER}", &self.user)
            .replace("{OWN}", &self.own)
            .replace("{JOB}", &self.job)
            .replace("{IAT}", &self.initial)
            .replace("{RAT}", &self.management)
            .replace("{MANAGED}", &self.managed)
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
    /// The same while an export runs: beside it none can be started, and without one there are no items to report on.
    exporting: Snapshot,
    /// Which of the two it was at the beginning of this visit.
    is_exporting: bool,
    pub(crate) known: Known,
}

impl House {
    /// Does something in the house of this process, as it was in the beginning.
    pub(crate) fn visit(act: impl FnOnce(&House)) {
        Self::visit_while(false, act);
    }

    /// The same while an export runs, or while none does.
    pub(crate) fn visit_while(exporting: bool, act: impl FnOnce(&House)) {
        static HOUSE: OnceLock<Mutex<House>> = OnceLock::new();
        let house = HOUSE.get_or_init(|| Mutex::new(Self::build()));
        // What an input broke is put back like everything else.
        let mut house = house.lock().unwrap_or_else(PoisonError::into_inner);
        house.is_exporting = exporting;
        if !house.is_as_it_was() {
            house.database.restore(house.beginning()).expect("a snapshot can be put back");
        }
        act(&house);
    }

    fn beginning(&self) -> &Snapshot {
        if self.is_exporting { &self.exporting } else { &self.stored }
    }

    /// Whether nothing was written.
    pub(crate) fn is_as_it_was(&self) -> bool {
        let now = self.database.snapshot().expect("a database in memory has snapshots");
        now.as_bytes() == self.beginning().as_bytes()
    }

    fn build() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime of one thread");
        let clock = Arc::new(ManualClock::new());
        let database = Database::memory(store::Side::Platform, Arc::clone(&clock) as _);
        let database = Arc::new(database.expect("a database in memory"));
        let mut known = Known::default();
        let server = runtime.block_on(Self::server(&database, clock, &mut known));
        let snapshot = || database.snapshot().expect("a database in memory has snapshots");
        let (stored, exporting) = (snapshot(), snapshot());
        let database = Arc::clone(&database);
        let mut house = Self { runtime, server, database, stored, exporting, is_exporting: false, known };
        house.move_in();
        house.stored = snapshot();
        house.export();
        house.exporting = snapshot();
        house
    }

    async fn server(database: &Arc<Database>, clock: Arc<ManualClock>, known: &mut Known) -> InProcess {
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
        administered(&platform, known).await;
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

    /// Both sign in. Anna consents twice: one code is exchanged, one is kept. A program registers itself.
    fn move_in(&mut self) {
        self.known.anna = self.sign_in("anna@example.com");
        self.known.emil = self.sign_in("emil@example.com");
        let registration = serde_json::json!({ "client_name": "Managed", "redirect_uris": [CALLBACK] });
        let request = Request::post("/oauth/register")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.known.initial));
        let managed = self.send(request.body(registration.to_string()).expect("a request")).json();
        let text = |name: &str| managed[name].as_str().unwrap_or_else(|| panic!("{managed}")).to_owned();
        (self.known.managed, self.known.management) = (text("client_id"), text("registration_access_token"));
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

    fn export(&mut self) {
        let job = serde_json::json!({ "companyId": COMPANY, "accountingEntryIds": [EXPENSE] });
        let request = Request::post("/v3/export-jobs")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.known.access));
        let job = self.send(request.body(job.to_string()).expect("a request")).json();
        job["data"]["id"].as_str().unwrap_or_else(|| panic!("{job}")).clone_into(&mut self.known.job);
    }

    fn sign_in(&self, email: &str) -> Visitor {
        let page = self.page("/login", "");
        let (pre_session, csrf) = (cookie(&page.headers), hidden(&page.body, "csrf"));
        let fields = format!("csrf={}&email={}&password=correct+horse", encode(&csrf), encode(email));
        let cookie = cookie(&self.post("/login", &pre_session, fields).headers);
        let csrf = hidden(&self.page("/settings/apps", &cookie).body, "csrf");
        Visitor { cookie, csrf }
    }

    fn consent(&self) -> String {
        let request = format!(
            "response_type=code&client_id=books&redirect_uri={}&scope={}&state=s&code_challenge={CHALLENGE}&code_challenge_method=S256",
            encode(CALLBACK),
            encode(SCOPES)
        );
        let fields = format!(
            "csrf={}&request={}&shown={}&company={COMPANY}&decision=allow",
            encode(&self.known.anna.csrf),
            encode(&request),
            encode(SCOPES)
        );
        let answer = self.post("/oauth/authorize", &self.known.anna.cookie, fields);
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

/// What there is by the hands of those who administer the platform.
async fn administered(platform: &Platform, known: &mut Known) {
    let by = By::command_line();
    let account = async |email: &str| {
        let found = platform.identity().account_by_email(email).await.expect("a database in memory");
        found.expect("a person of the seed").id
    };
    known.user = account("emil@example.com").await.to_string();
    let metadata = ClientMetadata {
        name: "Own".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        scopes: vec!["companies:read".to_owned()],
        ..ClientMetadata::default()
    };
    let owner = Some(account("anna@example.com").await);
    let application = NewApplication { metadata, owner, ..NewApplication::default() };
    let own = platform.register_client(&by, application).await.expect("it keeps to the rules");
    known.own = own.client.id().to_string();
    let new = NewInitialAccessToken { uses: 2, ..NewInitialAccessToken::default() };
    let made = platform.create_initial_access_token(&by, new).await.expect("it keeps to the rules");
    known.initial.clone_from(made.1.expose());
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
