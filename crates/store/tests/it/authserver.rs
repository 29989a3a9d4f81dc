//! [`authserver::Store`] on each database.

use std::sync::Arc;
use std::time::Duration;

use audit::{Actor, AuditEvent, AuditRecord, Filter, RotationStore as _, Store as _};
use authserver::{
    ActiveTokens, Authorisation, AuthorisationFilter, AuthorisationId, AuthorisationState, Client, ClientId,
    ClientSecret, ClientSpec, ClientState, EarlierTokens, EndReason, EndSelection, Exchange, IssuedAccess,
    IssuedRefresh, KeyedHash, PendingCode, Predecessor, Rotate, RotationPolicy, RotationRules, Store as _,
    WriteOutcome,
};
use base::testing::{ManualClock, SeededEntropy};
use base::{StoreError, Timestamp};
use futures_util::future::join_all;
use seal::Sealed;
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "authserver", Side::Platform;
        a_client_comes_back_as_it_was_put,
        a_client_put_again_keeps_its_registration_and_loses_its_secrets,
        clients_are_listed_by_id,
        a_rotated_secret_lets_the_others_end,
        an_authorisation_comes_back_in_each_of_its_states,
        of_many_exchanges_of_a_code_one_is_done,
        of_many_rotations_of_a_generation_one_is_done,
        rotations_are_logged_and_a_missing_one_is_found,
        an_authorisation_that_is_gone_is_found_with_its_rotations_and_without,
        an_authorisation_that_has_fallen_back_is_found,
        authorisations_that_have_tokens_are_added_together,
        what_has_ended_is_not_brought_back,
        a_replay_against_a_rotation_never_leaves_a_branch,
        only_what_is_selected_ends,
        a_successor_is_forgotten_once,
        an_access_token_is_dropped_with_its_successor,
        earlier_tokens_live_as_long_as_one_of_them_does,
        a_suspended_subject_shows,
        authorisations_are_listed_by_what_is_asked,
        what_is_over_is_cleared_away,
    );
}

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const SUBJECT: &str = "urn:x:company:1";

fn later(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

pub(crate) fn id(number: u32) -> AuthorisationId {
    format!("aut_0190a5b8-7c2e-7000-8000-{number:012}").parse().unwrap()
}

fn hash(name: &str) -> KeyedHash {
    KeyedHash::make(&seal::testing::keys(&SeededEntropy::new(1)), "test", b"row", name.as_bytes())
}

pub(crate) fn client(name: &str) -> Client {
    let mut spec = ClientSpec::confidential(name, "Exämple \"quoted\"");
    spec.redirect_uris = vec!["https://a.example/cb".parse().unwrap()];
    spec.scope = "a b".parse().unwrap();
    spec.rotation = RotationRules::stand_in(RotationPolicy::GracePeriod { seconds: 1800 });
    spec.refresh_absolute = Some(Duration::from_secs(90));
    spec.presentation.contacts = vec!["a@a.example".to_owned()];
    spec.attributes.insert("setup_required".to_owned(), "true".to_owned());
    Client { spec, state: ClientState::Approved, secrets: vec![secret(1)], created_at: NOW }
}

fn secret(number: u64) -> ClientSecret {
    let entropy = SeededEntropy::new(number);
    let clock = ManualClock::new();
    clock.advance(Duration::from_secs(number));
    ClientSecret {
        id: authserver::ClientSecretId::new(&clock, &entropy),
        hash: hash(&format!("secret {number}")),
        created_at: NOW,
        expires_at: None,
    }
}

fn pending(number: u32) -> Authorisation {
    Authorisation {
        id: id(number),
        client_id: ClientId::from("c"),
        subject: SUBJECT.to_owned(),
        granted_by: "u1".to_owned(),
        scope: "a".parse().unwrap(),
        created_at: NOW,
        last_used_at: None,
        state: AuthorisationState::AwaitingExchange(PendingCode {
            hash: hash("code"),
            expires_at: later(60),
            redirect_uri: Some("https://a.example/cb".to_owned()),
            challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".parse().unwrap()),
        }),
    }
}

fn tokens(generation: u32) -> ActiveTokens {
    ActiveTokens {
        generation,
        issued_at: NOW,
        access: Some(IssuedAccess {
            hash: hash(&format!("access {generation}")),
            expires_at: later(900),
            narrowed_scope: None,
        }),
        refresh: Some(IssuedRefresh {
            generation,
            hash: hash(&format!("refresh {generation}")),
            issued_at: NOW,
            expires_at: later(9000),
        }),
        absolute_expires_at: None,
        predecessor: None,
    }
}

pub(crate) fn full(generation: u32) -> ActiveTokens {
    let mut tokens = tokens(generation);
    tokens.access.as_mut().unwrap().narrowed_scope = Some("a".parse().unwrap());
    tokens.absolute_expires_at = Some(later(99_000));
    tokens.predecessor = Some(Predecessor {
        generation: generation - 1,
        hash: hash("before"),
        retry_until: later(30),
        successor: Some(Sealed::from_bytes(vec![0, 1, 255])),
    });
    tokens
}

/// A client and an authorisation of it that awaits its exchange.
async fn granted(database: &Database, number: u32) {
    if database.client(&ClientId::from("c")).await.unwrap().is_none() {
        database.put_client(client("c"), vec![]).await.unwrap();
    }
    database.insert_authorisation(pending(number), vec![]).await.unwrap();
}

pub(crate) async fn active(database: &Database, number: u32) {
    granted(database, number).await;
    let exchange = Exchange { id: id(number), tokens: tokens(1), at: NOW, audit: vec![] };
    assert_eq!(database.exchange(exchange).await, Ok(WriteOutcome::Done));
}

pub(crate) fn rotate(number: u32, from: u32) -> Rotate {
    Rotate {
        id: id(number),
        expected_generation: from,
        tokens: tokens(from + 1),
        retire: None,
        forget_earlier_refresh: false,
        at: later(1),
        log: auditor(1).rotation(
            later(1),
            id(number).to_string(),
            from + 1,
            ("c".to_owned(), SUBJECT.to_owned()),
            &audit::Origin { source: Some("203.0.113.7".to_owned()), request_id: None },
        ),
    }
}

async fn state(database: &Database, number: u32) -> AuthorisationState {
    database.authorisation(id(number)).await.unwrap().unwrap().authorisation.state
}

fn record(kind: &'static str) -> AuditRecord {
    let auditor = auditor(u64::try_from(kind.len()).unwrap());
    auditor.record(audit::AuditEvent::new(kind, audit::Actor::System))
}

fn auditor(seed: u64) -> audit::Auditor {
    let entropy = Arc::new(SeededEntropy::new(seed));
    let keys = seal::testing::keys(&*entropy);
    audit::Auditor::new(keys, Arc::new(ManualClock::new()), entropy)
}

async fn recorded(database: &Database) -> Vec<String> {
    let mut kinds: Vec<_> = database
        .audit_records(Filter::default(), 100)
        .await
        .unwrap()
        .into_iter()
        .map(|record| record.kind)
        .collect();
    kinds.sort();
    kinds
}

async fn a_client_comes_back_as_it_was_put(database: Database) {
    assert_eq!(database.client(&ClientId::from("c")).await, Ok(None));
    database.put_client(client("c"), vec![record("put")]).await.unwrap();
    assert_eq!(database.client(&ClientId::from("c")).await, Ok(Some(client("c"))));
    let suspended =
        database.set_client_state(&ClientId::from("c"), ClientState::Suspended, vec![record("state")]).await;
    assert_eq!(suspended, Ok(true));
    assert_eq!(database.client(&ClientId::from("c")).await.unwrap().unwrap().state, ClientState::Suspended);
    let missing =
        database.set_client_state(&ClientId::from("d"), ClientState::Removed, vec![record("missing")]).await;
    assert_eq!(missing, Ok(false));
    assert_eq!(recorded(&database).await, ["put", "state"]);
}

async fn a_client_put_again_keeps_its_registration_and_loses_its_secrets(database: Database) {
    database.put_client(client("c"), vec![]).await.unwrap();
    let mut again = client("c");
    again.spec.name.push_str(" again");
    again.secrets = vec![secret(2), secret(3)];
    again.created_at = later(5);
    database.put_client(again.clone(), vec![]).await.unwrap();
    again.created_at = NOW;
    assert_eq!(database.client(&ClientId::from("c")).await, Ok(Some(again)));
}

async fn clients_are_listed_by_id(database: Database) {
    for (name, number) in [("b", 2), ("a", 1), ("c", 3)] {
        let client = Client { secrets: vec![secret(number)], ..client(name) };
        database.put_client(client, vec![]).await.unwrap();
    }
    let names = async |after: Option<&ClientId>, limit| {
        let page = database.clients(after, limit).await.unwrap();
        assert!(page.iter().all(|client| client.secrets.len() == 1));
        page.into_iter().map(|client| client.id().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 2).await, ["a", "b"]);
    assert_eq!(names(Some(&ClientId::from("b")), 2).await, ["c"]);
    assert!(names(Some(&ClientId::from("c")), 2).await.is_empty());
}

async fn a_rotated_secret_lets_the_others_end(database: Database) {
    let c = ClientId::from("c");
    let mut early = secret(2);
    early.expires_at = Some(later(5));
    database
        .put_client(Client { secrets: vec![secret(1), early.clone()], ..client("c") }, vec![])
        .await
        .unwrap();
    assert_eq!(
        database.rotate_client_secret(&c, secret(3), later(10), vec![record("rotated")]).await,
        Ok(true)
    );
    let secrets = database.client(&c).await.unwrap().unwrap().secrets;
    let mut ended = secret(1);
    ended.expires_at = Some(later(10));
    assert_eq!(secrets, [ended, early, secret(3)]);
    let missing =
        database.rotate_client_secret(&ClientId::from("d"), secret(4), NOW, vec![record("x")]).await;
    assert_eq!((missing, recorded(&database).await), (Ok(false), vec!["rotated".to_owned()]));
}

async fn an_authorisation_comes_back_in_each_of_its_states(database: Database) {
    granted(&database, 1).await;
    let loaded = database.authorisation(id(1)).await.unwrap().unwrap();
    assert_eq!(loaded.authorisation, pending(1));
    assert_eq!((loaded.client_state, loaded.subject_suspended), (ClientState::Approved, false));
    let exchange = Exchange { id: id(1), tokens: tokens(1), at: later(3), audit: vec![record("exchanged")] };
    assert_eq!(database.exchange(exchange).await, Ok(WriteOutcome::Done));
    assert_eq!(state(&database, 1).await, AuthorisationState::Active(Box::new(tokens(1))));
    let write = Rotate { tokens: full(2), ..rotate(1, 1) };
    assert_eq!(database.rotate(write).await, Ok(WriteOutcome::Done));
    assert_eq!(state(&database, 1).await, AuthorisationState::Active(Box::new(full(2))));
    let bare = ActiveTokens { access: None, refresh: None, ..tokens(3) };
    assert_eq!(
        database.rotate(Rotate { tokens: bare.clone(), ..rotate(1, 2) }).await,
        Ok(WriteOutcome::Done)
    );
    assert_eq!(state(&database, 1).await, AuthorisationState::Active(Box::new(bare)));
    let end = database.end(id(1), EndReason::Withdrawn, later(9), vec![record("ended")]).await;
    assert_eq!(end, Ok(WriteOutcome::Done));
    assert_eq!(
        state(&database, 1).await,
        AuthorisationState::Ended { reason: EndReason::Withdrawn, at: later(9) }
    );
    assert_eq!(recorded(&database).await, ["ended", "exchanged"]);
    assert_eq!(database.authorisation(id(2)).await, Ok(None));
}

async fn of_many_exchanges_of_a_code_one_is_done(database: Database) {
    granted(&database, 1).await;
    let exchange = |_| database.exchange(Exchange { id: id(1), tokens: tokens(1), at: NOW, audit: vec![] });
    let outcomes = join_all((0..20).map(exchange)).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(WriteOutcome::Done)).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(WriteOutcome::Moved)).count(), 19);
}

async fn of_many_rotations_of_a_generation_one_is_done(database: Database) {
    active(&database, 1).await;
    for generation in 1..6 {
        let outcomes = join_all((0..20).map(|_| database.rotate(rotate(1, generation)))).await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(WriteOutcome::Done)).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(WriteOutcome::Moved)).count(), 19);
    }
    assert_eq!(state(&database, 1).await, AuthorisationState::Active(Box::new(tokens(6))));
    let logged = database.rotations(None, 100).await.unwrap();
    assert_eq!(logged.iter().map(|row| row.generation).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
}

async fn rotations_are_logged_and_a_missing_one_is_found(database: Database) {
    for number in [1, 2, 3] {
        active(&database, number).await;
    }
    granted(&database, 4).await;
    for (number, from) in [(1, 1), (2, 1), (1, 2)] {
        assert_eq!(database.rotate(rotate(number, from)).await, Ok(WriteOutcome::Done));
    }
    let expected = [rotate(1, 1).log, rotate(1, 2).log, rotate(2, 1).log];
    assert_eq!(database.rotations(None, 100).await.unwrap(), expected);
    assert_eq!(database.rotations(Some(expected[0].clone()), 1).await.unwrap(), expected[1..2]);
    assert_eq!(audit::verify_rotations(&database, &auditor(1)).await, Ok((3, None)));
    tamper(&database, "UPDATE rotations SET source = NULL WHERE generation = 3").await;
    let (verified, problem) = audit::verify_rotations(&database, &auditor(1)).await.unwrap();
    assert_eq!((verified, problem.unwrap().place), (1, format!("rotation 3 of {}", id(1))));
    tamper(&database, "DELETE FROM rotations WHERE generation = 3").await;
    let (verified, problem) = audit::verify_rotations(&database, &auditor(1)).await.unwrap();
    assert_eq!((verified, problem.unwrap().place), (2, format!("authorisation {}", id(1))));
}

/// An authorisation that was exchanged and refreshed once, with the records that such acts leave.
async fn told(database: &Database, acts: &[(&'static str, u32)]) {
    active(database, 1).await;
    assert_eq!(database.rotate(rotate(1, 1)).await, Ok(WriteOutcome::Done));
    let auditor = auditor(1);
    let event = |kind| AuditEvent::new(kind, Actor::System).with("authorisation", id(1));
    let records = acts.iter().map(|(kind, at)| auditor.record(audit::reached(event(*kind), *at))).collect();
    database.append_audit(records).await.unwrap();
    assert_eq!(audit::verify_rotations(database, &auditor).await, Ok((1, None)));
    assert_eq!(audit::verify_reached(database, database).await, Ok(None));
}

async fn an_authorisation_that_is_gone_is_found_with_its_rotations_and_without(database: Database) {
    told(&database, &[("authorization_code.exchanged", 1)]).await;
    tamper(&database, "DELETE FROM authorisations").await;
    let (_, problem) = audit::verify_rotations(&database, &auditor(1)).await.unwrap();
    assert_eq!(problem.unwrap().place, format!("authorisation {}", id(1)), "its rotations are there");
    tamper(&database, "DELETE FROM rotations").await;
    assert_eq!(audit::verify_rotations(&database, &auditor(1)).await, Ok((0, None)));
    let problem = audit::verify_reached(&database, &database).await.unwrap().unwrap();
    assert_eq!(problem.place, format!("authorisation {}", id(1)));
}

async fn an_authorisation_that_has_fallen_back_is_found(database: Database) {
    told(&database, &[("authorization_code.exchanged", 1), ("refresh_token.revoked", 2)]).await;
    tamper(&database, "UPDATE authorisations SET generation = 1").await;
    tamper(&database, "DELETE FROM rotations").await;
    assert_eq!(audit::verify_rotations(&database, &auditor(1)).await, Ok((0, None)));
    let problem = audit::verify_reached(&database, &database).await.unwrap().unwrap();
    assert_eq!(problem.place, format!("authorisation {}", id(1)));
}

async fn tamper(database: &Database, sql: &'static str) {
    assert_eq!(database.run_tx("test.tamper", move |tx| tx.execute(sql, &[])).await, Ok(1));
}

async fn authorisations_that_have_tokens_are_added_together(database: Database) {
    active(&database, 1).await;
    let like = database.authorisation(id(1)).await.unwrap().unwrap().authorisation;
    let others =
        |numbers: [u32; 2]| numbers.map(|number| Authorisation { id: id(number), ..like.clone() }).to_vec();
    let added = database.insert_active_authorisations(others([2, 3]), vec![record("generated")]).await;
    assert_eq!(added, Ok(()));
    let loaded = database.authorisation(id(3)).await.unwrap().unwrap().authorisation;
    assert_eq!(loaded, others([2, 3])[1]);
    let again = database.insert_active_authorisations(others([4, 3]), vec![record("twice")]).await;
    assert_eq!(again, Err(StoreError::Duplicate("authorisations.id".to_owned())));
    assert_eq!(database.authorisation(id(4)).await, Ok(None));
    assert_eq!(recorded(&database).await, ["generated"]);
}

async fn what_has_ended_is_not_brought_back(database: Database) {
    active(&database, 1).await;
    granted(&database, 2).await;
    for number in [1, 2] {
        let end = |reason, kind| database.end(id(number), reason, later(1), vec![record(kind)]);
        assert_eq!(
            end(EndReason::Revoked, if number == 1 { "one" } else { "number two" }).await,
            Ok(WriteOutcome::Done)
        );
        assert_eq!(end(EndReason::Withdrawn, "twice").await, Ok(WriteOutcome::Moved));
        assert_eq!(database.rotate(rotate(number, 1)).await, Ok(WriteOutcome::Moved));
        let exchange = Exchange { id: id(number), tokens: tokens(1), at: NOW, audit: vec![record("late")] };
        assert_eq!(database.exchange(exchange).await, Ok(WriteOutcome::Moved));
        assert_eq!(database.note_successor_used(id(number), 1).await, Ok(WriteOutcome::Moved));
        assert_eq!(database.drop_access_token(id(number), 1, vec![]).await, Ok(WriteOutcome::Moved));
        assert_eq!(
            state(&database, number).await,
            AuthorisationState::Ended { reason: EndReason::Revoked, at: later(1) }
        );
    }
    assert_eq!(recorded(&database).await, ["number two", "one"]);
}

async fn a_replay_against_a_rotation_never_leaves_a_branch(database: Database) {
    for number in 1..9 {
        active(&database, number).await;
        let (rotated, ended) = futures_util::future::join(
            database.rotate(rotate(number, 1)),
            database.end(id(number), EndReason::RefreshTokenReplayed, later(1), vec![]),
        )
        .await;
        assert!(rotated.is_ok());
        assert_eq!(ended, Ok(WriteOutcome::Done));
        assert!(matches!(state(&database, number).await, AuthorisationState::Ended { .. }));
    }
}

async fn only_what_is_selected_ends(database: Database) {
    database.put_client(client("c"), vec![]).await.unwrap();
    database.put_client(Client { secrets: vec![], ..client("d") }, vec![]).await.unwrap();
    let rows = [("c", "s1", "u1"), ("c", "s1", "u2"), ("c", "s2", "u1"), ("d", "s1", "u1")];
    for ((client_id, subject, granted_by), number) in rows.into_iter().zip(1..) {
        let (client_id, subject, granted_by) =
            (ClientId::from(client_id), subject.to_owned(), granted_by.to_owned());
        let row = Authorisation { client_id, subject, granted_by, ..pending(number) };
        database.insert_authorisation(row, vec![]).await.unwrap();
    }
    let exchange = Exchange { id: id(1), tokens: tokens(1), at: NOW, audit: vec![] };
    assert_eq!(database.exchange(exchange).await, Ok(WriteOutcome::Done));
    let end = async |client: Option<&str>, subject: Option<&str>, user: Option<&str>, kind| {
        let selection = EndSelection {
            client_id: client.map(ClientId::from),
            subject: subject.map(ToOwned::to_owned),
            granted_by: user.map(ToOwned::to_owned),
        };
        database.end_selected(selection, EndReason::Withdrawn, later(1), vec![record(kind)]).await
    };
    assert!(matches!(end(None, None, None, "everything").await, Err(StoreError::Statement(_))));
    assert_eq!(end(Some("c"), Some("s3"), None, "nothing").await, Ok(0));
    assert_eq!(end(Some("c"), Some("s1"), None, "pair").await, Ok(2));
    assert_eq!(end(Some("c"), Some("s1"), None, "pair again").await, Ok(0));
    for (number, over) in [(1, true), (2, true), (3, false), (4, false)] {
        assert_eq!(
            matches!(state(&database, number).await, AuthorisationState::Ended { .. }),
            over,
            "{number}"
        );
    }
    assert_eq!(end(None, None, Some("u1"), "giver's").await, Ok(2));
    assert_eq!(recorded(&database).await, ["giver's", "pair"]);
}

async fn a_successor_is_forgotten_once(database: Database) {
    active(&database, 1).await;
    assert_eq!(database.note_successor_used(id(1), 1).await, Ok(WriteOutcome::Moved));
    assert_eq!(database.rotate(Rotate { tokens: full(2), ..rotate(1, 1) }).await, Ok(WriteOutcome::Done));
    assert_eq!(database.note_successor_used(id(1), 1).await, Ok(WriteOutcome::Moved), "another generation");
    assert_eq!(database.note_successor_used(id(1), 2).await, Ok(WriteOutcome::Done));
    assert_eq!(database.note_successor_used(id(1), 2).await, Ok(WriteOutcome::Moved));
    let mut used = full(2);
    used.predecessor.as_mut().unwrap().successor = None;
    assert_eq!(state(&database, 1).await, AuthorisationState::Active(Box::new(used)));
}

async fn an_access_token_is_dropped_with_its_successor(database: Database) {
    active(&database, 1).await;
    assert_eq!(database.rotate(Rotate { tokens: full(2), ..rotate(1, 1) }).await, Ok(WriteOutcome::Done));
    assert_eq!(database.drop_access_token(id(1), 1, vec![record("old")]).await, Ok(WriteOutcome::Moved));
    assert_eq!(database.drop_access_token(id(1), 2, vec![record("dropped")]).await, Ok(WriteOutcome::Done));
    assert_eq!(database.drop_access_token(id(1), 2, vec![record("again")]).await, Ok(WriteOutcome::Moved));
    let mut dropped = full(2);
    dropped.access = None;
    dropped.predecessor.as_mut().unwrap().successor = None;
    assert_eq!(state(&database, 1).await, AuthorisationState::Active(Box::new(dropped)));
    assert_eq!(recorded(&database).await, ["dropped"]);
}

async fn earlier_tokens_live_as_long_as_one_of_them_does(database: Database) {
    active(&database, 1).await;
    let earlier = |generation| {
        let tokens = full(generation + 1);
        EarlierTokens { generation, access: tokens.access, refresh: tokens.refresh }
    };
    let keep = |from, row| Rotate { retire: Some(row), ..rotate(1, from) };
    assert_eq!(database.rotate(keep(1, earlier(1))).await, Ok(WriteOutcome::Done));
    let access_alone = EarlierTokens { refresh: None, ..earlier(2) };
    assert_eq!(database.rotate(keep(2, access_alone.clone())).await, Ok(WriteOutcome::Done));
    assert_eq!(database.rotate(keep(2, earlier(2))).await, Ok(WriteOutcome::Moved));
    let at = async |now| database.earlier_tokens(id(1), now).await.unwrap();
    assert_eq!(at(later(899)).await, [access_alone, earlier(1)]);
    assert_eq!(at(later(900)).await, [earlier(1)]);
    assert!(at(later(9000)).await.is_empty());
    let write = Rotate { forget_earlier_refresh: true, ..keep(3, earlier(3)) };
    assert_eq!(database.rotate(write).await, Ok(WriteOutcome::Done));
    let left: Vec<_> = at(NOW).await.into_iter().map(|row| (row.generation, row.refresh.is_some())).collect();
    assert_eq!(left, [(3, true), (2, false), (1, false)]);
}

async fn a_suspended_subject_shows(database: Database) {
    active(&database, 1).await;
    let set = |on, kind| database.set_subject_suspended(SUBJECT, on, NOW, vec![record(kind)]);
    let shown = async || database.authorisation(id(1)).await.unwrap().unwrap().subject_suspended;
    assert_eq!((set(false, "nothing").await, shown().await), (Ok(false), false));
    assert_eq!((set(true, "on").await, shown().await), (Ok(true), true));
    assert_eq!((set(true, "twice").await, shown().await), (Ok(false), true));
    assert_eq!((set(false, "off").await, shown().await), (Ok(true), false));
    assert_eq!(recorded(&database).await, ["off", "on"]);
}

async fn authorisations_are_listed_by_what_is_asked(database: Database) {
    for number in [1, 2, 3] {
        active(&database, number).await;
    }
    granted(&database, 4).await;
    assert_eq!(database.end(id(2), EndReason::Revoked, NOW, vec![]).await, Ok(WriteOutcome::Done));
    let list = async |filter, limit| {
        let found = database.authorisations(filter, limit).await.unwrap();
        found.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let all = AuthorisationFilter::default();
    assert_eq!(list(all.clone(), 10).await, [id(1), id(3)]);
    assert_eq!(list(all.clone(), 1).await, [id(1)]);
    assert_eq!(list(AuthorisationFilter { after: Some(id(1)), ..all.clone() }, 10).await, [id(3)]);
    let whole = AuthorisationFilter {
        client_id: Some(ClientId::from("c")),
        subject: Some(SUBJECT.to_owned()),
        granted_by: Some("u1".to_owned()),
        after: None,
    };
    assert_eq!(list(whole.clone(), 10).await.len(), 2);
    for other in [
        AuthorisationFilter { client_id: Some(ClientId::from("d")), ..whole.clone() },
        AuthorisationFilter { subject: Some("urn:other".to_owned()), ..whole.clone() },
        AuthorisationFilter { granted_by: Some("u2".to_owned()), ..whole },
    ] {
        assert!(list(other, 10).await.is_empty());
    }
}

async fn what_is_over_is_cleared_away(database: Database) {
    granted(&database, 1).await;
    active(&database, 2).await;
    let row = EarlierTokens { generation: 1, access: tokens(1).access, refresh: None };
    assert_eq!(database.rotate(Rotate { retire: Some(row), ..rotate(2, 1) }).await, Ok(WriteOutcome::Done));
    database.rotate_client_secret(&ClientId::from("c"), secret(2), later(10), vec![]).await.unwrap();
    assert_eq!(database.clear_expired(later(10)).await, Ok(0));
    assert_eq!(database.clear_expired(later(11)).await, Ok(1), "the old secret");
    assert_eq!(database.clear_expired(later(61)).await, Ok(1), "the code");
    assert_eq!(database.clear_expired(later(901)).await, Ok(1), "the old access token");
    assert_eq!(database.authorisation(id(1)).await, Ok(None));
    assert!(matches!(state(&database, 2).await, AuthorisationState::Active(_)));
    assert_eq!(database.client(&ClientId::from("c")).await.unwrap().unwrap().secrets, [secret(2)]);
}
