//! The authorization server on each database, two servers on one database as in two processes: refreshes at the same moment.

use std::sync::Arc;

use audit::{Actor, Origin};
use authserver::{
    AuthorizationServer, ClientId, ClientSpec, ClientState, Consent, NoFaults, NoJournal, Ports, Reply,
    RotationRules, SeedSecret, Settings, TokenSuccess,
};
use base::testing::{ManualClock, SeededEntropy};
use base::{Entropy, Secret};
use futures_util::future::join_all;
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "authserver_races", Side::Platform;
        in_a_retry_window_all_are_told_the_same_successor,
        under_the_strict_policy_at_most_one_is_answered_and_no_branch_lives,
    );
}

const REQUESTS: usize = 20;

/// Two servers with the same keys on one database, and a client.
async fn servers(database: &Database, rotation: RotationRules) -> [AuthorizationServer; 2] {
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
    let (keys, sealer) = (seal::testing::keys(&*entropy), seal::testing::sealer(&entropy));
    let ports = Ports {
        store: Arc::new(database.clone()),
        clock: Arc::new(ManualClock::new()),
        entropy,
        sealer,
        keys,
        faults: Arc::new(NoFaults),
        journal: Arc::new(NoJournal),
    };
    let make = || AuthorizationServer::new(Settings::new("https://as.example"), ports.clone());
    let servers = [make(), make()];
    let mut spec = ClientSpec::confidential("c", "Example");
    spec.redirect_uris = vec!["https://a.example/cb".parse().unwrap()];
    spec.pkce = authserver::PkceRule::Optional;
    spec.rotation = rotation;
    let secret = SeedSecret::Set(Secret::new("s".to_owned()));
    servers[0].upsert_client(spec, ClientState::Approved, secret, Actor::CommandLine).await.unwrap();
    assert!(servers[1].client(&ClientId::from("c")).await.unwrap().is_some());
    servers
}

async fn ask(server: &AuthorizationServer, parameters: &str) -> Option<TokenSuccess> {
    let body = format!("{parameters}&client_id=c&client_secret=s");
    match server.token(None, body.as_bytes(), &Origin::default()).await {
        Reply::Answered(Ok(tokens)) => Some(tokens),
        Reply::Answered(Err(authserver::EndpointError::Refused(refused))) => {
            assert_eq!(refused.code.as_str(), "invalid_grant");
            None
        }
        other => panic!("{other:?}"),
    }
}

async fn connect(server: &AuthorizationServer) -> TokenSuccess {
    let request = server.begin_authorization("response_type=code&client_id=c").await.unwrap();
    let consent = Consent {
        subject: "urn:x:1".to_owned(),
        granted_by: "u".to_owned(),
        scope: request.scope.clone(),
        extra: vec![],
    };
    let granted = server.grant(&request, consent, &Origin::default()).await.unwrap();
    let code = granted.location.expose().split(['=', '&']).nth(1).unwrap().to_owned();
    ask(server, &format!("grant_type=authorization_code&code={code}")).await.unwrap()
}

fn refresh_of(tokens: &TokenSuccess) -> String {
    tokens.refresh_token.as_ref().unwrap().expose().clone()
}

/// The same refresh many times at once, at both servers in turn.
async fn all_at_once(servers: &[AuthorizationServer; 2], token: &str) -> Vec<TokenSuccess> {
    let parameters = format!("grant_type=refresh_token&refresh_token={token}");
    let answers = join_all((0..REQUESTS).map(|number| ask(&servers[number % 2], &parameters))).await;
    answers.into_iter().flatten().collect()
}

async fn in_a_retry_window_all_are_told_the_same_successor(database: Database) {
    let servers = servers(&database, RotationRules::retry_window(30)).await;
    let mut tokens = connect(&servers[0]).await;
    for round in 0..5 {
        let answers = all_at_once(&servers, &refresh_of(&tokens)).await;
        assert_eq!(answers.len(), REQUESTS, "round {round}");
        let next = &answers[0];
        assert_eq!(next.generation, tokens.generation + 1);
        for other in &answers {
            assert_eq!(other.access_token.expose(), next.access_token.expose(), "round {round}");
            assert_eq!(refresh_of(other), refresh_of(next), "round {round}");
        }
        tokens = answers.into_iter().next().unwrap();
    }
    assert!(servers[1].authenticate(&tokens.access_token).await.is_ok());
}

async fn under_the_strict_policy_at_most_one_is_answered_and_no_branch_lives(database: Database) {
    let servers = servers(&database, RotationRules::strict()).await;
    let bystander = connect(&servers[0]).await;
    for _ in 0..5 {
        let tokens = connect(&servers[0]).await;
        let answers = all_at_once(&servers, &refresh_of(&tokens)).await;
        assert!(answers.len() <= 1);
        for dead in answers.iter().chain([&tokens]) {
            assert!(servers[1].authenticate(&dead.access_token).await.is_err());
        }
    }
    assert!(servers[1].authenticate(&bystander.access_token).await.is_ok());
}
