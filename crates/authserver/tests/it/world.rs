//! An engine on a database in memory, with one person who always consents.

use std::sync::Arc;
use std::time::Duration;

use audit::{Actor, AuditRecord, Auditor, Filter, Origin, Rotation, RotationStore as _, Store as _};
use authserver::{
    AuthorisationState, AuthorizationServer, ClientId, ClientRules, ClientSpec, ClientState, Consent,
    EndReason, EndpointError, Faults, Journal, NoFaults, NoJournal, Ports, Reply, SeedSecret, Settings,
    Store as _, TokenSuccess,
};
use base::testing::{ManualClock, SeededEntropy};
use base::{Clock, Secret};
use oauth::introspection::Introspection;
use oauth::pkce::Verifier;
use oauth::token_request::{ClientCredentials, EncodedRequest, TokenRequest};
use oauth::{ClientAuthMethod, ErrorCode};
use seal::{KeyRing, Keys, LocalKeyWrap, Sealer};
use store::{Database, Migration, Side, migrations_of};

pub(crate) const SUBJECT: &str = "urn:pleo:company:11111111-1111-4111-8111-111111111111";
pub(crate) const REDIRECT: &str = "https://app.example/cb";
pub(crate) const CLIENT: &str = "client-1";
pub(crate) const SECRET: &str = "a secret of the client";

pub(crate) struct World {
    pub(crate) server: Arc<AuthorizationServer>,
    pub(crate) database: Database,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) keys: Arc<Keys>,
}

pub(crate) fn confidential(id: &str) -> ClientSpec {
    let mut spec = ClientSpec::confidential(id, "Example");
    spec.redirect_uris = vec![REDIRECT.parse().unwrap()];
    spec.scope = "users:read accounts:read accounts:write".parse().unwrap();
    spec
}

pub(crate) fn public(id: &str) -> ClientSpec {
    let spec = confidential(id);
    ClientSpec {
        redirect_uris: spec.redirect_uris,
        scope: spec.scope,
        ..ClientSpec::public(id, "Example app")
    }
}

pub(crate) fn origin() -> Origin {
    Origin { source: Some("192.0.2.1".to_owned()), request_id: Some("req-1".to_owned()) }
}

pub(crate) fn query(client: &str, verifier: &Verifier) -> String {
    let challenge = verifier.challenge();
    format!(
        "response_type=code&client_id={client}&redirect_uri={REDIRECT}&state=st&scope=users:read\
         &code_challenge={challenge}&code_challenge_method=S256"
    )
}

pub(crate) fn consent() -> Consent {
    Consent {
        subject: SUBJECT.to_owned(),
        granted_by: "user-1".to_owned(),
        scope: "users:read".parse().unwrap(),
        extra: vec![("urn_pleo_params_oauth_subject".to_owned(), SUBJECT.to_owned())],
    }
}

fn schema() -> Vec<Migration> {
    let wanted =
        migrations_of(Side::Platform).iter().filter(|step| ["audit", "authserver"].contains(&step.name));
    wanted.zip(1..).map(|(step, number)| Migration { number, ..*step }).collect()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(confidential(CLIENT)).await
    }

    pub(crate) async fn with(spec: ClientSpec) -> Self {
        Self::disturbed(spec, Arc::new(NoFaults), Arc::new(NoJournal)).await
    }

    pub(crate) async fn disturbed(
        spec: ClientSpec,
        faults: Arc<dyn Faults>,
        journal: Arc<dyn Journal>,
    ) -> Self {
        let world = Self::empty(faults, journal, true);
        world.seed(spec).await;
        world
    }

    /// Where real customers are: http is for public clients on their own machine. There are no clients yet.
    pub(crate) fn in_production() -> Self {
        Self::empty(Arc::new(NoFaults), Arc::new(NoJournal), false)
    }

    fn empty(faults: Arc<dyn Faults>, journal: Arc<dyn Journal>, http_on_loopback: bool) -> Self {
        let clock = Arc::new(ManualClock::new());
        let database = Database::memory_with(Side::Platform, clock.clone(), &schema()).unwrap();
        let entropy = Arc::new(SeededEntropy::new(42));
        let keys = seal::testing::keys(&*entropy);
        let wrap = Arc::new(LocalKeyWrap::new(KeyRing::generate(&*entropy)));
        let ports = Ports {
            store: Arc::new(database.clone()),
            clock: clock.clone(),
            entropy: entropy.clone(),
            sealer: Arc::new(Sealer::new(wrap, entropy.clone())),
            keys: Arc::clone(&keys),
            faults,
            journal,
        };
        let mut settings = Settings::new("https://as.example");
        settings.subject_member = Some("urn:pleo:params:oauth:subject_urn".to_owned());
        settings.scopes_for_all = "test:test".parse().unwrap();
        settings.default_scope = "users:read".parse().unwrap();
        settings.client_rules = ClientRules {
            protected_names: vec!["pleo".to_owned()],
            scopes: Some("users:read accounts:read accounts:write test:test".parse().unwrap()),
            shown_to_people: true,
            http_on_loopback,
            ..ClientRules::default()
        };
        let server = Arc::new(AuthorizationServer::new(settings, ports));
        Self { server, database, clock, entropy, keys }
    }

    pub(crate) async fn seed(&self, spec: ClientSpec) {
        let secret =
            if spec.public { SeedSecret::Keep } else { SeedSecret::Set(Secret::new(SECRET.to_owned())) };
        self.server.upsert_client(spec, ClientState::Approved, secret, Actor::CommandLine).await.unwrap();
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::generate(&*self.entropy)
    }

    /// Sign-in and consent: the code.
    pub(crate) async fn code(&self, client: &str, verifier: &Verifier) -> Secret<String> {
        let request = self.server.begin_authorization(&query(client, verifier)).await.unwrap();
        let granted = self.server.grant(&request, consent(), &origin()).await.unwrap();
        code_of(granted.location.expose())
    }

    /// Sign-in, consent and exchange.
    pub(crate) async fn connect(&self) -> TokenSuccess {
        self.connect_as(CLIENT).await
    }

    pub(crate) async fn connect_as(&self, client: &str) -> TokenSuccess {
        let verifier = self.verifier();
        let code = self.code(client, &verifier).await;
        self.exchange(client, &code, REDIRECT, Some(&verifier)).await.unwrap()
    }

    /// The same for all that the client may ask for.
    pub(crate) async fn connect_to_all(&self) -> TokenSuccess {
        let verifier = self.verifier();
        let query = query(CLIENT, &verifier).replace("&scope=users:read", "");
        let request = self.server.begin_authorization(&query).await.unwrap();
        let consent = Consent { scope: request.scope.clone(), ..consent() };
        let granted = self.server.grant(&request, consent, &origin()).await.unwrap();
        let code = code_of(granted.location.expose());
        self.exchange(CLIENT, &code, REDIRECT, Some(&verifier)).await.unwrap()
    }

    pub(crate) async fn is_public(&self, client: &str) -> bool {
        self.database.client(&ClientId::from(client)).await.unwrap().unwrap().spec.public
    }

    pub(crate) async fn encode(&self, client: &str, parameters: &[(&str, &str)]) -> EncodedRequest {
        let secret = Secret::new(SECRET.to_owned());
        let public = self.is_public(client).await;
        ClientCredentials {
            client_id: client,
            client_secret: (!public).then_some(&secret),
            method: if public { ClientAuthMethod::None } else { ClientAuthMethod::ClientSecretBasic },
        }
        .encode(parameters)
    }

    pub(crate) async fn send_token(&self, request: &EncodedRequest) -> Result<TokenSuccess, ErrorCode> {
        let header = request.authorization.as_ref().map(|header| header.expose().as_str());
        answered(self.server.token(header, request.body.expose().as_bytes(), &origin()).await)
    }

    pub(crate) async fn exchange(
        &self,
        client: &str,
        code: &Secret<String>,
        redirect_uri: &str,
        verifier: Option<&Verifier>,
    ) -> Result<TokenSuccess, ErrorCode> {
        let secret = Secret::new(SECRET.to_owned());
        let public = self.is_public(client).await;
        let credentials = ClientCredentials {
            client_id: client,
            client_secret: (!public).then_some(&secret),
            method: if public { ClientAuthMethod::None } else { ClientAuthMethod::ClientSecretPost },
        };
        let request = TokenRequest::AuthorizationCode { code, redirect_uri, verifier };
        self.send_token(&request.encode(&credentials, &[])).await
    }

    pub(crate) async fn refresh(&self, refresh_token: &Secret<String>) -> Result<TokenSuccess, ErrorCode> {
        self.refresh_as(CLIENT, refresh_token).await
    }

    pub(crate) async fn refresh_as(
        &self,
        client: &str,
        refresh_token: &Secret<String>,
    ) -> Result<TokenSuccess, ErrorCode> {
        let parameters =
            [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose().as_str())];
        self.send_token(&self.encode(client, &parameters).await).await
    }

    /// A refresh that asks for a scope.
    pub(crate) async fn refresh_for(
        &self,
        tokens: &TokenSuccess,
        scope: &str,
    ) -> Result<TokenSuccess, ErrorCode> {
        let token = refresh_of(tokens).expose().as_str();
        let parameters = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        self.send_token(&self.encode(CLIENT, &parameters).await).await
    }

    /// For which scope a resource server takes it.
    pub(crate) async fn scope_of(&self, tokens: &TokenSuccess) -> String {
        self.server.authenticate(&tokens.access_token).await.unwrap().scope.to_string()
    }

    pub(crate) async fn introspect_as(&self, client: &str, token: &Secret<String>) -> Introspection<'_> {
        let request = self.encode(client, &[("token", token.expose())]).await;
        let header = request.authorization.as_ref().map(|header| header.expose().as_str());
        answered(self.server.introspect(header, request.body.expose().as_bytes(), &origin()).await).unwrap()
    }

    /// Whether introspection calls it active.
    pub(crate) async fn is_active(&self, token: &Secret<String>) -> bool {
        matches!(self.introspect_as(CLIENT, token).await, Introspection::Active(_))
    }

    /// Whether a resource server takes it. Counts as use.
    pub(crate) async fn works(&self, tokens: &TokenSuccess) -> bool {
        self.server.authenticate(&tokens.access_token).await.is_ok()
    }

    pub(crate) async fn revoke_as(&self, client: &str, token: &str) -> Result<(), ErrorCode> {
        let request = self.encode(client, &[("token", token)]).await;
        let header = request.authorization.as_ref().map(|header| header.expose().as_str());
        answered(self.server.revoke(header, request.body.expose().as_bytes(), &origin()).await)
    }

    pub(crate) async fn end_reason(&self, tokens: &TokenSuccess) -> Option<EndReason> {
        match self.server.authorisation(tokens.authorisation).await.unwrap().unwrap().state {
            AuthorisationState::Ended { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// The records of a type, newest first; each must verify.
    /// The log of rotations, which must verify.
    pub(crate) async fn rotations(&self) -> Vec<Rotation> {
        let auditor = Auditor::new(Arc::clone(&self.keys), self.clock.clone(), self.entropy.clone());
        let logged = self.database.rotations(None, 1000).await.unwrap();
        let verified = audit::verify_rotations(&self.database, &auditor).await;
        assert_eq!(verified, Ok((logged.len() as u64, None)));
        logged
    }

    pub(crate) async fn audit(&self, kind: &str) -> Vec<AuditRecord> {
        let auditor = Auditor::new(Arc::clone(&self.keys), self.clock.clone(), self.entropy.clone());
        let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
        let records = self.database.audit_records(filter, 100).await.unwrap();
        for record in &records {
            assert_eq!(auditor.verify(record), Ok(()), "{record:?}");
            assert!(record.at <= self.clock.now());
        }
        records
    }
}

pub(crate) fn refresh_of(tokens: &TokenSuccess) -> &Secret<String> {
    tokens.refresh_token.as_ref().expect("a refresh token came")
}

pub(crate) fn code_of(location: &str) -> Secret<String> {
    let callback =
        oauth::authorization_response::Callback::parse(location.split_once('?').unwrap().1).unwrap();
    match callback.outcome {
        oauth::authorization_response::CallbackOutcome::Code(code) => code,
        oauth::authorization_response::CallbackOutcome::Error { code, .. } => panic!("no code: {code}"),
    }
}

/// The answer of an undisturbed endpoint; a failing database is a failing test.
pub(crate) fn answered<T>(reply: Reply<T>) -> Result<T, ErrorCode> {
    match reply {
        Reply::Answered(Ok(value)) => Ok(value),
        Reply::Answered(Err(EndpointError::Refused(refused))) => Err(refused.code),
        Reply::Answered(Err(EndpointError::Unavailable(error))) => panic!("the database failed: {error}"),
        Reply::Disturbed { fault, .. } => panic!("disturbed by {fault:?}"),
    }
}
