//! The authorization server on a file of its own, where introspection and resource servers are answered from memory: whatever ends a
//! token is known to the very next question.

use std::sync::Arc;
use std::time::Duration;

use audit::{Actor, Origin};
use authserver::{
    AccessRefusal, AuthorizationServer, ClientId, ClientSpec, ClientState, Consent, EndReason, NoFaults,
    NoJournal, Ports, Reply, RotationRules, SeedSecret, Settings, Store as _, TokenSuccess,
};
use base::testing::{ManualClock, SeededEntropy};
use base::{Entropy, Secret};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use oauth::introspection::Introspection;
use store::{Database, Side};
use testkit::databases::{Kind, Place};

use crate::suite::Suite;

pub(crate) fn cases(suite: &mut Suite) {
    suite.places("introspection::what_ends_a_token_is_known_at_once", &Kind::ALL, what_ends_a_token);
    suite.places(
        "introspection::memory_tells_what_the_file_tells",
        &Kind::ALL,
        memory_tells_what_the_file_tells,
    );
}

const SUBJECT: &str = "urn:x:company:1";

struct World {
    server: AuthorizationServer,
    database: Database,
    clock: Arc<ManualClock>,
}

/// Tokens with the code they came from.
struct Given {
    tokens: TokenSuccess,
    code: String,
}

fn rotation() -> RotationRules {
    RotationRules::retry_window(30)
}

impl World {
    async fn new(place: &Place) -> Self {
        let database = place.open(Side::Platform).await.unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
        let clock = Arc::new(ManualClock::new());
        let ports = Ports {
            store: Arc::new(database.clone()),
            clock: Arc::clone(&clock) as _,
            keys: seal::testing::keys(&*entropy),
            sealer: seal::testing::sealer(&entropy),
            entropy,
            faults: Arc::new(NoFaults),
            journal: Arc::new(NoJournal),
        };
        let server = AuthorizationServer::new(Settings::new("https://as.example"), ports);
        let world = Self { server, database, clock };
        world.put_client("a b").await;
        world
    }

    async fn put_client(&self, scope: &str) {
        let mut spec = ClientSpec::confidential("c", "Example");
        spec.redirect_uris = vec!["https://a.example/cb".parse().unwrap()];
        spec.scope = scope.parse().unwrap();
        spec.pkce = authserver::PkceRule::Optional;
        spec.rotation = rotation();
        let secret = SeedSecret::Set(Secret::new("s".to_owned()));
        self.server.upsert_client(spec, ClientState::Approved, secret, Actor::CommandLine).await.unwrap();
    }

    async fn ask(&self, parameters: &str) -> Option<TokenSuccess> {
        let body = format!("{parameters}&client_id=c&client_secret=s");
        match self.server.token(None, body.as_bytes(), &Origin::default()).await {
            Reply::Answered(answer) => answer.ok(),
            Reply::Disturbed { .. } => panic!("nothing disturbs here"),
        }
    }

    async fn connect(&self) -> Given {
        let request = self.server.begin_authorization("response_type=code&client_id=c").await.unwrap();
        let consent = Consent {
            subject: SUBJECT.to_owned(),
            granted_by: "u".to_owned(),
            scope: request.scope.clone(),
            extra: vec![],
        };
        let granted = self.server.grant(&request, consent, &Origin::default()).await.unwrap();
        let code = granted.location.expose().split(['=', '&']).nth(1).unwrap().to_owned();
        let tokens = self.ask(&format!("grant_type=authorization_code&code={code}")).await.unwrap();
        Given { tokens, code }
    }

    async fn refresh(&self, tokens: &TokenSuccess) -> Option<TokenSuccess> {
        let token = tokens.refresh_token.as_ref().unwrap();
        self.ask(&format!("grant_type=refresh_token&refresh_token={}", token.expose())).await
    }

    /// `None` if the server does not answer this client at all.
    async fn introspect(&self, token: &Secret<String>) -> Option<Introspection<'_>> {
        let body = format!("token={}&client_id=c&client_secret=s", token.expose());
        match self.server.introspect(None, body.as_bytes(), &Origin::default()).await {
            Reply::Answered(answer) => answer.ok(),
            Reply::Disturbed { .. } => panic!("nothing disturbs here"),
        }
    }

    async fn is_active(&self, token: &Secret<String>) -> bool {
        matches!(self.introspect(token).await, Some(Introspection::Active(_)))
    }

    async fn revoke(&self, token: &Secret<String>) {
        let body = format!("token={}&client_id=c&client_secret=s", token.expose());
        let Reply::Answered(Ok(())) = self.server.revoke(None, body.as_bytes(), &Origin::default()).await
        else {
            panic!("a revocation is always answered");
        };
    }

    fn is_remembered(&self, tokens: &TokenSuccess) -> bool {
        self.database.remembered(tokens.authorisation).is_some()
    }
}

type End = for<'a> fn(&'a World, &'a Given) -> BoxFuture<'a, ()>;

/// All that an engine does to end an access token, or to stop it.
const ENDS: [(&str, End); 14] = [
    ("the access token is revoked", |world, given| world.revoke(&given.tokens.access_token).boxed()),
    ("the refresh token is revoked", |world, given| {
        world.revoke(given.tokens.refresh_token.as_ref().unwrap()).boxed()
    }),
    ("it is refreshed", |world, given| {
        async { assert!(world.refresh(&given.tokens).await.is_some()) }.boxed()
    }),
    ("its code is shown again", |world, given| {
        async {
            let again = format!("grant_type=authorization_code&code={}", given.code);
            assert!(world.ask(&again).await.is_none());
        }
        .boxed()
    }),
    ("an older refresh token is shown again", |world, given| {
        async {
            let next = world.refresh(&given.tokens).await.unwrap();
            assert!(world.is_active(&next.access_token).await && world.is_active(&next.access_token).await);
            assert!(world.server.authenticate(&next.access_token).await.is_ok());
            assert!(world.refresh(&given.tokens).await.is_none(), "its successor was used");
            assert!(!world.is_active(&next.access_token).await);
        }
        .boxed()
    }),
    ("consent is withdrawn", |world, _| {
        async {
            let by = (Actor::System, Origin::default());
            let id = ClientId::from("c");
            let ended = world.server.withdraw(&id, SUBJECT, EndReason::Withdrawn, by.0, &by.1).await;
            assert_eq!(ended, Ok(1));
        }
        .boxed()
    }),
    ("the user is disabled", |world, _| {
        async {
            assert_eq!(world.server.end_given_by("u", Actor::System, &Origin::default()).await, Ok(1));
        }
        .boxed()
    }),
    ("an administrator ends it", |world, given| {
        async {
            let (id, reason) = (given.tokens.authorisation, EndReason::Administrative);
            let ended = world.server.end_authorisation(id, reason, Actor::System, &Origin::default()).await;
            assert_eq!(ended, Ok(true));
        }
        .boxed()
    }),
    ("the company is suspended", |world, _| {
        async {
            let suspended =
                world.server.set_subject_suspended(SUBJECT, true, Actor::System, &Origin::default()).await;
            assert_eq!(suspended, Ok(true));
        }
        .boxed()
    }),
    ("the client is suspended", |world, _| {
        async {
            let (id, state) = (ClientId::from("c"), ClientState::Suspended);
            world.server.set_client_state(&id, state, Actor::System, &Origin::default()).await.unwrap();
        }
        .boxed()
    }),
    ("the client is removed", |world, _| {
        async {
            let id = ClientId::from("c");
            world.server.remove_client(&id, Actor::System, &Origin::default()).await.unwrap();
        }
        .boxed()
    }),
    ("the client's secret is compromised", |world, _| {
        async {
            let (id, now) = (ClientId::from("c"), Duration::ZERO);
            let rotated =
                world.server.rotate_client_secret(&id, true, now, Actor::System, &Origin::default()).await;
            rotated.unwrap();
        }
        .boxed()
    }),
    ("its time is over", |world, given| async { world.clock.advance(given.tokens.expires_in) }.boxed()),
    ("the store ends it, and nobody tells the engine", |world, given| {
        async {
            let ended = world.database.end(
                given.tokens.authorisation,
                EndReason::Revoked,
                base::Timestamp::from_seconds(1),
                vec![],
            );
            assert_eq!(ended.await, Ok(authserver::WriteOutcome::Done));
        }
        .boxed()
    }),
];

async fn what_ends_a_token(place: Place) {
    for (name, end) in ENDS {
        // Each on a database of its own: some of these stop the client for good.
        let place = Place::new(kind(&place)).unwrap();
        let world = World::new(&place).await;
        let given = world.connect().await;
        let access = &given.tokens.access_token;
        for _ in 0..2 {
            assert!(world.is_active(access).await, "before: {name}");
            assert!(world.server.authenticate(access).await.is_ok(), "before: {name}");
        }
        assert_eq!(world.is_remembered(&given.tokens), matches!(place, Place::Sqlite(_)), "{name}");
        end(&world, &given).await;
        assert!(!world.is_active(access).await, "after: {name}");
        assert!(
            matches!(world.server.authenticate(access).await, Err(AccessRefusal::Invalid)),
            "after: {name}"
        );
        world.database.close().await;
    }
}

async fn memory_tells_what_the_file_tells(place: Place) {
    let world = World::new(&place).await;
    let given = world.connect().await;
    let narrowed = world.connect().await;
    let token = narrowed.tokens.refresh_token.as_ref().unwrap().expose().clone();
    let narrowed =
        world.ask(&format!("grant_type=refresh_token&scope=a&refresh_token={token}")).await.unwrap();
    for tokens in [&given.tokens, &narrowed] {
        let (read, remembered) =
            (world.introspect(&tokens.access_token).await, world.introspect(&tokens.access_token).await);
        assert!(matches!(read, Some(Introspection::Active(_))));
        assert_eq!(read, remembered);
        let (read, remembered) = (
            world.server.authenticate(&tokens.access_token).await.unwrap(),
            world.server.authenticate(&tokens.access_token).await.unwrap(),
        );
        assert_eq!(format!("{read:?}"), format!("{remembered:?}"));
    }
    // What the client may have less of shows in what is remembered too.
    world.put_client("b").await;
    for _ in 0..2 {
        let Some(Introspection::Active(told)) = world.introspect(&given.tokens.access_token).await else {
            panic!("it is good");
        };
        assert_eq!(told.scope, "b".parse().unwrap());
    }
    // Another client hears nothing of it.
    let mut other = ClientSpec::confidential("d", "Other");
    other.redirect_uris = vec!["https://d.example/cb".parse().unwrap()];
    let secret = SeedSecret::Set(Secret::new("t".to_owned()));
    world.server.upsert_client(other, ClientState::Approved, secret, Actor::CommandLine).await.unwrap();
    let body = format!("token={}&client_id=d&client_secret=t", given.tokens.access_token.expose());
    for _ in 0..2 {
        let asked = world.server.introspect(None, body.as_bytes(), &Origin::default()).await;
        let Reply::Answered(Ok(told)) = asked else { panic!("it is answered") };
        assert_eq!(told, Introspection::Inactive);
        assert!(world.is_active(&given.tokens.access_token).await);
    }
    world.database.close().await;
}

fn kind(place: &Place) -> Kind {
    match place {
        Place::Sqlite(_) => Kind::Sqlite,
        Place::Postgres(_) => Kind::Postgres,
        Place::Memory => Kind::Memory,
    }
}
