//! The ports of the sandbox: faults before and after the state change, and the journal.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use authserver::{
    Endpoint, Fault, FaultPoint, Faults, Journal, JournalEntry, Moment, NoFaults, NoJournal, Reply,
    token_response,
};
use oauth::ErrorCode::InvalidGrant;

use crate::world::{CLIENT, SECRET, World, confidential, origin, query, refresh_of};

/// One fault at one point, once.
#[derive(Debug, Default)]
struct Once(Mutex<Option<(Endpoint, Moment, Fault)>>);

#[async_trait]
impl Faults for Once {
    async fn at(&self, point: FaultPoint<'_>) -> Option<Fault> {
        let mut armed = self.0.lock().unwrap();
        let (endpoint, moment, fault) = (*armed)?;
        if point.endpoint == endpoint && point.moment == moment && point.client_id == Some(CLIENT) {
            *armed = None;
            return Some(fault);
        }
        None
    }
}

#[derive(Debug, Default)]
struct Notes(Mutex<Vec<JournalEntry>>);

#[async_trait]
impl Journal for Notes {
    fn is_on(&self) -> bool {
        true
    }
    async fn record(&self, entry: JournalEntry) {
        self.0.lock().unwrap().push(entry);
    }
}

async fn raw_refresh(world: &World, token: &str) -> Reply<authserver::TokenSuccess> {
    let request = world.encode(CLIENT, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
    let header = request.authorization.unwrap();
    world.server.token(Some(header.expose()), request.body.expose().as_bytes(), &origin()).await
}

#[tokio::test]
async fn a_fault_before_the_state_change_changes_nothing() {
    let faults = Arc::new(Once::default());
    let world = World::disturbed(confidential(CLIENT), faults.clone(), Arc::new(NoJournal)).await;
    let tokens = world.connect().await;
    *faults.0.lock().unwrap() = Some((Endpoint::Token, Moment::Before, Fault::Status(503)));
    let reply = raw_refresh(&world, refresh_of(&tokens).expose()).await;
    assert!(matches!(reply, Reply::Disturbed { fault: Fault::Status(503), behind: None }));
    assert!(world.works(&tokens).await);
    assert!(world.refresh(refresh_of(&tokens)).await.is_ok());
}

#[tokio::test]
async fn a_fault_after_the_state_change_loses_the_answer_and_nothing_else() {
    let faults = Arc::new(Once::default());
    let world = World::disturbed(confidential(CLIENT), faults.clone(), Arc::new(NoJournal)).await;
    let tokens = world.connect().await;
    *faults.0.lock().unwrap() = Some((Endpoint::Token, Moment::After, Fault::Close));
    let reply = raw_refresh(&world, refresh_of(&tokens).expose()).await;
    let Reply::Disturbed { fault: Fault::Close, behind: Some(Ok(behind)) } = reply else {
        panic!("{reply:?}")
    };
    assert!(world.works(&behind).await, "it was rotated");
    assert!(!world.works(&tokens).await);
}

#[tokio::test]
async fn a_fault_at_the_authorization_endpoint() {
    let faults = Arc::new(Once::default());
    let world = World::disturbed(confidential(CLIENT), faults.clone(), Arc::new(NoJournal)).await;
    let query = query(CLIENT, &world.verifier());
    *faults.0.lock().unwrap() = Some((Endpoint::Authorize, Moment::Before, Fault::Html(502)));
    let refused = world.server.begin_authorization(&query).await.unwrap_err();
    assert!(matches!(refused, authserver::AuthorizationRefusal::Disturbed(Fault::Html(502))));
    assert!(world.server.begin_authorization(&query).await.is_ok());
}

#[tokio::test]
async fn the_journal_tells_each_request_and_none_of_its_secrets() {
    let journal = Arc::new(Notes::default());
    let world = World::disturbed(confidential(CLIENT), Arc::new(NoFaults), journal.clone()).await;
    let tokens = world.connect().await;
    let next = world.refresh(refresh_of(&tokens)).await.unwrap();
    assert_eq!(world.refresh(refresh_of(&tokens)).await.unwrap_err(), InvalidGrant);
    let entries = journal.0.lock().unwrap().clone();
    let seen: Vec<_> = entries.iter().map(|entry| (entry.endpoint, entry.answer.status)).collect();
    let (authorize, token) = (Endpoint::Authorize, Endpoint::Token);
    assert_eq!(seen, [(authorize, 200), (authorize, 303), (token, 200), (token, 200), (token, 400)]);
    assert!(entries.iter().all(|entry| entry.client_id.as_deref() == Some(CLIENT)));
    let fingerprint =
        format!("fingerprint:{}", world.keys.fingerprint(refresh_of(&tokens).expose().as_bytes()));
    assert!(entries[3].parameters.contains(&("refresh_token".to_owned(), fingerprint.clone())));
    assert!(entries[2].answer.members.contains(&("refresh_token".to_owned(), fingerprint)));
    assert_eq!(entries[4].answer.error.as_deref(), Some("invalid_grant"));
    let all = serde_json::to_string(&entries).unwrap();
    for secret in
        [SECRET, tokens.access_token.expose(), refresh_of(&tokens).expose(), next.access_token.expose()]
    {
        assert!(!all.contains(secret));
    }
}

#[tokio::test]
async fn a_failing_database_is_an_answer_of_its_own_and_acknowledges_nothing() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let error = base::StoreError::Unavailable("gone".to_owned());
    world.database.fail_next("authserver.rotate", 1, store::Fault::Refuse(error));
    let response = token_response(raw_refresh(&world, refresh_of(&tokens).expose()).await).response;
    assert_eq!(response.status(), 503);
    assert!(world.works(&tokens).await);
    assert!(world.refresh(refresh_of(&tokens)).await.is_ok());
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_found_in_the_row() {
    for name in ["authserver.exchange", "authserver.rotate"] {
        let world = World::new().await;
        let lost = base::StoreError::Unavailable("the connection was cut".to_owned());
        if name == "authserver.exchange" {
            world.database.fail_next(name, 1, store::Fault::LoseAnswer(lost.clone()));
        }
        let first = world.connect().await;
        if name == "authserver.rotate" {
            world.database.fail_next(name, 1, store::Fault::LoseAnswer(lost));
        }
        let second = world.refresh(refresh_of(&first)).await.unwrap();
        assert_eq!(second.generation, 2, "{name}");
        assert!(world.works(&second).await, "{name}");
        assert_eq!(world.end_reason(&second).await, None, "{name}");
    }
}
