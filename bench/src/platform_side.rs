//! A data directory of the platform side with many live authorisations, each granted and exchanged by the engine itself.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use audit::{Actor, Origin};
use authserver::{
    AuthorizationServer, ClientSpec, ClientState, Consent, NoFaults, NoJournal, PkceRule, Ports, Reply,
    SeedSecret, Settings, TokenSuccess, ValidatedRequest,
};
use base::{Clock, Entropy, Secret, SystemClock, SystemEntropy};
use futures_util::future::try_join_all;
use oauth::ClientAuthMethod;
use oauth::token_request::{ClientCredentials, TokenRequest};
use seal::{KeyRing, Keys, LocalKeyWrap, Sealer};
use store::{Database, Location, Side};

/// The client that all of them were given to. Its secret is as long as the other server wants one.
pub(crate) const CLIENT: &str = "bench";
pub(crate) const SECRET: &str = "bench-secret-bench-secret-bench-secret";
const REDIRECT_URI: &str = "https://app.example/cb";
/// How many are made at once.
const AT_ONCE: usize = 500;

/// An access and a refresh token.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

struct Maker {
    server: AuthorizationServer,
    request: ValidatedRequest,
}

impl Maker {
    async fn pair(&self, number: usize) -> Result<Pair> {
        let origin = Origin { source: None, request_id: None };
        let consent = Consent {
            subject: format!("urn:pleo:company:{:08x}-0000-4000-8000-000000000000", number % 10_000),
            granted_by: format!("user-{}", number % 10_000),
            scope: "companies:read".parse()?,
            extra: Vec::new(),
        };
        let granted = self.server.grant(&self.request, consent, &origin).await?;
        let location = url::Url::parse(granted.location.expose())?;
        let code = location.query_pairs().find(|(name, _)| name == "code").context("a code")?.1.into_owned();
        let (secret, code) = (Secret::new(SECRET.to_owned()), Secret::new(code));
        let credentials = ClientCredentials {
            client_id: CLIENT,
            client_secret: Some(&secret),
            method: ClientAuthMethod::ClientSecretPost,
        };
        let request =
            TokenRequest::AuthorizationCode { code: &code, redirect_uri: REDIRECT_URI, verifier: None };
        let request = request.encode(&credentials, &[]);
        match self.server.token(None, request.body.expose().as_bytes(), &origin).await {
            Reply::Answered(Ok(TokenSuccess { access_token, refresh_token, .. })) => Ok(Pair {
                access: access_token.expose().clone(),
                refresh: refresh_token.context("a refresh token")?.expose().clone(),
            }),
            Reply::Answered(Err(error)) => bail!("a code was not exchanged: {error}"),
            Reply::Disturbed { .. } => bail!("nothing here disturbs"),
        }
    }
}

/// Makes the data in `directory`; gives the tokens.
pub(crate) async fn fill(directory: &Path, count: usize) -> Result<Vec<Pair>> {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) =
        (Arc::new(SystemClock::new()), Arc::new(SystemEntropy));
    std::fs::create_dir_all(directory.join("keys"))?;
    let location = Location::Sqlite(directory.join("platform.db"));
    let settings = store::Settings::new(Side::Platform, location, Arc::clone(&clock), Arc::clone(&entropy));
    let database = Database::open(settings).await?;
    let ring = KeyRing::open_or_create(&directory.join("keys/platform.keys"), true, &*entropy)?;
    let sealer = Arc::new(Sealer::new(Arc::new(LocalKeyWrap::new(ring)), Arc::clone(&entropy)));
    let keys = Arc::new(Keys::load_or_create(&database, &sealer, &*clock, &*entropy).await?);
    let ports = Ports {
        store: Arc::new(database.clone()),
        clock,
        entropy,
        sealer,
        keys,
        faults: Arc::new(NoFaults),
        journal: Arc::new(NoJournal),
    };
    let server = AuthorizationServer::new(Settings::new("http://127.0.0.1"), ports);
    let spec = ClientSpec {
        redirect_uris: vec![REDIRECT_URI.parse()?],
        scope: "companies:read".parse()?,
        pkce: PkceRule::Optional,
        ..ClientSpec::confidential(CLIENT, "Bench")
    };
    let secret = SeedSecret::Set(Secret::new(SECRET.to_owned()));
    server.upsert_client(spec, ClientState::Approved, secret, Actor::CommandLine).await?;
    let query =
        format!("response_type=code&client_id={CLIENT}&redirect_uri={REDIRECT_URI}&scope=companies:read");
    let request = server.begin_authorization(&query).await?;
    let maker = Maker { server, request };
    let mut pairs = Vec::with_capacity(count);
    let numbers: Vec<usize> = (0..count).collect();
    for part in numbers.chunks(AT_ONCE) {
        pairs.extend(try_join_all(part.iter().map(|number| maker.pair(*number))).await?);
    }
    database.close().await;
    Ok(pairs)
}
