//! [`authserver::Registrations`] and [`platform::Logos`] on each database.

use std::time::Duration;

use authserver::{
    Client, ClientId, ClientSelection, ClientSpec, ClientState, InitialAccessToken, InitialAccessTokenId,
    KeyedHash, NewRegistration, RegisterOutcome, Registration, RegistrationAccess, RegistrationChange,
    Registrations as _, Review, Store as _, WriteOutcome,
};
use base::Timestamp;
use base::testing::SeededEntropy;
use futures_util::future::join_all;
use platform::{Logo, LogoKind, Logos as _, StoredLogo};
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "registrations", Side::Platform;
        a_registration_comes_back_as_it_was_written,
        an_initial_access_token_is_used_as_often_as_it_may_be,
        a_client_id_is_registered_once,
        a_change_needs_what_was_read,
        of_many_changes_of_a_revision_one_is_done,
        a_seeded_client_gets_its_row_with_the_first_decision,
        the_earlier_token_is_forgotten_once,
        lists_are_of_those_who_wait_and_of_an_owner,
        initial_access_tokens_are_listed_and_withdrawn,
        logos_are_kept_replaced_and_forgotten,
        a_logo_goes_with_its_client_and_does_not_come_back,
        of_a_removal_and_a_fetched_logo_at_once_no_logo_stays,
    );
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn hash(name: &str) -> KeyedHash {
    KeyedHash::make(&seal::testing::keys(&SeededEntropy::new(1)), "test", b"row", name.as_bytes())
}

fn client(id: &str, state: ClientState) -> Client {
    Client { spec: ClientSpec::confidential(id, "Exämple"), state, secrets: Vec::new(), created_at: NOW }
}

fn registration(id: &str) -> Registration {
    Registration {
        client_id: ClientId::from(id),
        owner: Some("anna".to_owned()),
        registered_by: "user:anna".to_owned(),
        pre_approved: true,
        access: Some(RegistrationAccess {
            generation: 2,
            hash: hash("present"),
            earlier: Some((1, hash("earlier"))),
        }),
        review: Some(Review {
            approved: false,
            reason: Some("no home page".to_owned()),
            by: "user:bob".to_owned(),
            at: NOW,
        }),
        revision: 1,
        changed_at: NOW,
    }
}

fn new(id: &str, spends: Option<InitialAccessTokenId>) -> NewRegistration {
    NewRegistration {
        client: client(id, ClientState::AwaitingReview),
        registration: registration(id),
        spends,
        at: NOW,
        audit: vec![],
    }
}

fn token(number: u32, uses_left: u32) -> InitialAccessToken {
    InitialAccessToken {
        id: format!("iat_0190a5b8-7c2e-7000-8000-{number:012}").parse().unwrap(),
        hash: hash("token"),
        note: "for tests".to_owned(),
        pre_approved: true,
        uses_left,
        created_by: "command_line".to_owned(),
        created_at: NOW,
        expires_at: NOW + Duration::from_mins(1),
        revoked_at: None,
    }
}

fn change(registration: Registration, from: ClientState, to: ClientState) -> RegistrationChange {
    RegistrationChange {
        expected_revision: registration.revision,
        registration,
        expected_state: from,
        state: to,
        spec: None,
        audit: vec![],
    }
}

async fn found(database: &Database, id: &str) -> (Client, Option<Registration>) {
    database.registered_client(&ClientId::from(id)).await.unwrap().unwrap()
}

async fn a_registration_comes_back_as_it_was_written(database: Database) {
    assert_eq!(database.register(new("c", None)).await.unwrap(), RegisterOutcome::Done);
    let expected = (client("c", ClientState::AwaitingReview), Some(registration("c")));
    assert_eq!(found(&database, "c").await, expected);
    let bare =
        Registration { owner: None, access: None, review: None, pre_approved: false, ..registration("d") };
    let new = NewRegistration { registration: bare.clone(), ..new("d", None) };
    assert_eq!(database.register(new).await.unwrap(), RegisterOutcome::Done);
    assert_eq!(found(&database, "d").await.1, Some(bare));
    assert_eq!(database.registered_client(&ClientId::from("e")).await.unwrap(), None);
}

async fn an_initial_access_token_is_used_as_often_as_it_may_be(database: Database) {
    let token = token(1, 3);
    database.insert_initial_access_token(token.clone(), vec![]).await.unwrap();
    let names: Vec<String> = (0..8).map(|at| format!("c{at}")).collect();
    let tries = names.iter().map(|name| database.register(new(name, Some(token.id))));
    let outcomes = join_all(tries).await;
    let done = outcomes.iter().filter(|outcome| **outcome == Ok(RegisterOutcome::Done)).count();
    let spent = outcomes.iter().filter(|outcome| **outcome == Ok(RegisterOutcome::TokenSpent)).count();
    assert_eq!((done, spent), (3, 5));
    assert_eq!(database.initial_access_token(token.id).await.unwrap().unwrap().uses_left, 0);
    assert_eq!(database.clients(None, 10).await.unwrap().len(), 3);
    let late =
        NewRegistration { at: NOW + Duration::from_mins(1), ..new("late", Some(self::token(2, 1).id)) };
    database.insert_initial_access_token(self::token(2, 1), vec![]).await.unwrap();
    assert_eq!(database.register(late).await.unwrap(), RegisterOutcome::TokenSpent);
}

async fn a_client_id_is_registered_once(database: Database) {
    let token = token(1, 2);
    database.insert_initial_access_token(token.clone(), vec![]).await.unwrap();
    assert_eq!(database.register(new("c", Some(token.id))).await.unwrap(), RegisterOutcome::Done);
    assert_eq!(database.register(new("c", Some(token.id))).await.unwrap(), RegisterOutcome::Taken);
    let left = database.initial_access_token(token.id).await.unwrap().unwrap().uses_left;
    assert_eq!(left, 1, "what was not registered costs nothing");
}

async fn a_change_needs_what_was_read(database: Database) {
    use ClientState::{Approved, AwaitingReview, Suspended};
    assert_eq!(database.register(new("c", None)).await.unwrap(), RegisterOutcome::Done);
    let mut spec = ClientSpec::confidential("c", "Other");
    spec.scope = "a".parse().unwrap();
    let next = Registration { revision: 2, access: None, review: None, ..registration("c") };
    let change = RegistrationChange {
        registration: next.clone(),
        expected_revision: 1,
        expected_state: AwaitingReview,
        state: Approved,
        spec: Some(spec.clone()),
        audit: vec![],
    };
    for wrong in [
        RegistrationChange { expected_revision: 2, ..change.clone() },
        RegistrationChange { expected_state: Suspended, ..change.clone() },
        RegistrationChange { expected_revision: 0, ..change.clone() },
    ] {
        assert_eq!(database.change_registration(wrong).await, Ok(WriteOutcome::Moved));
        let expected = (client("c", AwaitingReview), Some(registration("c")));
        assert_eq!(found(&database, "c").await, expected, "nothing was written");
    }
    assert_eq!(database.change_registration(change).await, Ok(WriteOutcome::Done));
    let (after, registration) = found(&database, "c").await;
    assert_eq!((after.spec, after.state, registration), (spec, Approved, Some(next)));
}

async fn of_many_changes_of_a_revision_one_is_done(database: Database) {
    assert_eq!(database.register(new("c", None)).await.unwrap(), RegisterOutcome::Done);
    let tries = (0..8).map(|_| {
        let next = Registration { revision: 2, ..registration("c") };
        let waiting = ClientState::AwaitingReview;
        database.change_registration(RegistrationChange {
            expected_revision: 1,
            ..change(next, waiting, waiting)
        })
    });
    let done = join_all(tries).await.into_iter().filter(|outcome| *outcome == Ok(WriteOutcome::Done)).count();
    assert_eq!(done, 1);
}

async fn a_seeded_client_gets_its_row_with_the_first_decision(database: Database) {
    use ClientState::{Approved, AwaitingReview, Declined};
    database.put_client(client("c", AwaitingReview), vec![]).await.unwrap();
    assert_eq!(found(&database, "c").await.1, None);
    let first =
        RegistrationChange { expected_revision: 0, ..change(registration("c"), AwaitingReview, Approved) };
    assert_eq!(database.change_registration(first.clone()).await, Ok(WriteOutcome::Done));
    let again = RegistrationChange { expected_state: Approved, state: Declined, ..first };
    assert_eq!(database.change_registration(again).await, Ok(WriteOutcome::Moved));
    assert_eq!(found(&database, "c").await.0.state, Approved, "nothing of it was written");
}

async fn the_earlier_token_is_forgotten_once(database: Database) {
    let id = ClientId::from("c");
    assert_eq!(database.register(new("c", None)).await.unwrap(), RegisterOutcome::Done);
    let forget = async |generation| database.forget_earlier_registration_token(&id, generation).await;
    assert_eq!(forget(1).await, Ok(WriteOutcome::Moved));
    assert_eq!(forget(2).await, Ok(WriteOutcome::Done));
    assert_eq!(forget(2).await, Ok(WriteOutcome::Moved));
    assert_eq!(found(&database, "c").await.1.unwrap().access.unwrap().earlier, None);
}

async fn lists_are_of_those_who_wait_and_of_an_owner(database: Database) {
    use ClientState::{Approved, AwaitingReview, ChangeAwaitingReview, Removed};
    for (id, state, owner) in [
        ("a", AwaitingReview, "anna"),
        ("b", Approved, "anna"),
        ("c", ChangeAwaitingReview, "bob"),
        ("d", Removed, "anna"),
    ] {
        let registration = Registration { owner: Some(owner.to_owned()), ..registration(id) };
        let new = NewRegistration { client: client(id, state), registration, ..new(id, None) };
        assert_eq!(database.register(new).await.unwrap(), RegisterOutcome::Done);
    }
    database.put_client(client("e", AwaitingReview), vec![]).await.unwrap();
    let list = async |selection, after: Option<&str>, limit| -> Vec<String> {
        let after = after.map(ClientId::from);
        let found = database.registered_clients(selection, after.as_ref(), limit).await.unwrap();
        found.into_iter().map(|(client, _)| client.id().to_string()).collect()
    };
    assert_eq!(list(ClientSelection::AwaitingReview, None, 10).await, ["a", "c", "e"]);
    assert_eq!(list(ClientSelection::AwaitingReview, Some("a"), 1).await, ["c"]);
    assert_eq!(list(ClientSelection::Owner("anna".to_owned()), None, 10).await, ["a", "b"]);
    assert_eq!(list(ClientSelection::Owner("anna".to_owned()), Some("a"), 10).await, ["b"]);
}

async fn initial_access_tokens_are_listed_and_withdrawn(database: Database) {
    for number in [1, 2] {
        database.insert_initial_access_token(token(number, 1), vec![]).await.unwrap();
    }
    assert_eq!(database.initial_access_tokens(NOW).await.unwrap(), [token(2, 1), token(1, 1)]);
    assert_eq!(database.initial_access_tokens(NOW + Duration::from_mins(2)).await.unwrap(), []);
    let revoke = async || database.revoke_initial_access_token(token(1, 1).id, NOW, vec![]).await;
    assert_eq!(revoke().await, Ok(WriteOutcome::Done));
    assert_eq!(revoke().await, Ok(WriteOutcome::Moved));
    let revoked = database.initial_access_token(token(1, 1).id).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(NOW));
    let outcome = database.register(new("c", Some(revoked.id))).await.unwrap();
    assert_eq!(outcome, RegisterOutcome::TokenSpent);
}

async fn logos_are_kept_replaced_and_forgotten(database: Database) {
    let failed = StoredLogo {
        client_id: "c".to_owned(),
        source: "https://a.example/logo.png".to_owned(),
        outcome: Err("its server answered 404".to_owned()),
        fetched_at: NOW,
    };
    assert!(!database.put_logo(&failed).await.unwrap(), "there is no such client");
    database.put_client(client("c", ClientState::Approved), vec![]).await.unwrap();
    assert!(database.put_logo(&failed).await.unwrap());
    assert_eq!(database.logo("c").await.unwrap(), Some(failed.clone()));
    let ids = ["a".to_owned(), "c".to_owned()];
    assert_eq!(database.clients_with_logo(&ids).await.unwrap(), []);
    let logo = Logo { kind: LogoKind::Webp, bytes: vec![0, 1, 255] };
    let here = StoredLogo { outcome: Ok(logo), ..failed };
    assert!(database.put_logo(&here).await.unwrap());
    assert_eq!(database.logo("c").await.unwrap(), Some(here));
    assert_eq!(database.clients_with_logo(&ids).await.unwrap(), [("c".to_owned(), NOW)]);
    database.remove_logo("c").await.unwrap();
    assert_eq!(database.logo("c").await.unwrap(), None);
}

fn picture() -> StoredLogo {
    StoredLogo {
        client_id: "c".to_owned(),
        source: "https://a.example/logo.png".to_owned(),
        outcome: Ok(Logo { kind: LogoKind::Png, bytes: vec![1] }),
        fetched_at: NOW,
    }
}

async fn a_logo_goes_with_its_client_and_does_not_come_back(database: Database) {
    for id in ["c", "other"] {
        database.put_client(client(id, ClientState::Approved), vec![]).await.unwrap();
        let logo = StoredLogo { client_id: id.to_owned(), ..picture() };
        assert!(database.put_logo(&logo).await.unwrap());
    }
    let set = async |state| database.set_client_state(&"c".into(), state, vec![]).await.unwrap();
    assert!(set(ClientState::Suspended).await);
    assert_eq!(database.logo("c").await.unwrap(), Some(picture()), "a suspended client keeps it");
    assert!(set(ClientState::Removed).await);
    assert_eq!(database.logo("c").await.unwrap(), None);
    assert!(database.logo("other").await.unwrap().is_some());
    assert!(!database.put_logo(&picture()).await.unwrap(), "one that was being fetched meanwhile");
    assert_eq!(database.logo("c").await.unwrap(), None);
}

async fn of_a_removal_and_a_fetched_logo_at_once_no_logo_stays(database: Database) {
    database.put_client(client("c", ClientState::Approved), vec![]).await.unwrap();
    let id = ClientId::from("c");
    let (logo, removal) = (picture(), async {
        assert!(database.set_client_state(&id, ClientState::Removed, vec![]).await.unwrap());
    });
    let fetched = join_all((0..20).map(|_| async { database.put_logo(&logo).await.unwrap() }));
    futures_util::future::join(fetched, removal).await;
    assert_eq!(database.logo("c").await.unwrap(), None);
}
