//! How much a client is used, as [`platform::Overview`] tells it, on each database.

use std::time::Duration;

use authserver::{
    ActiveTokens, Authorisation, AuthorisationId, AuthorisationState, Client, ClientId, ClientSpec,
    ClientState, EndReason, IssuedRefresh, KeyedHash, Store as _,
};
use base::Timestamp;
use base::testing::SeededEntropy;
use platform::{ClientUsage, CompanyId, Overview as _, Subject, Tally, TokenAccess};
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "client_usage", Side::Platform;
        what_lives_is_counted_and_what_is_over_is_not,
        no_more_than_the_newest_are_looked_at,
        what_holds_tokens_over_a_subject_is_told_once_for_each_scope,
    );
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn later(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn id(number: u32) -> AuthorisationId {
    format!("aut_0190a5b8-7c2e-7000-8000-{number:012}").parse().unwrap()
}

/// An authorisation that was used `number` seconds after it was given, and can be refreshed until `ends`.
fn authorisation(number: u32, client: &str, ends: Timestamp) -> Authorisation {
    let hash = KeyedHash::make(&seal::testing::keys(&SeededEntropy::new(1)), "test", b"row", b"refresh");
    Authorisation {
        id: id(number),
        client_id: ClientId::from(client),
        subject: format!("urn:x:company:{number}"),
        granted_by: "u1".to_owned(),
        scope: "a".parse().unwrap(),
        created_at: NOW,
        last_used_at: Some(later(number.into())),
        state: AuthorisationState::Active(Box::new(ActiveTokens {
            generation: 1,
            issued_at: NOW,
            access: None,
            refresh: Some(IssuedRefresh { generation: 1, hash, issued_at: NOW, expires_at: ends }),
            absolute_expires_at: None,
            predecessor: None,
        })),
    }
}

async fn clients(database: &Database) {
    for id in ["books", "other"] {
        let spec = ClientSpec::confidential(id, "Books");
        let client = Client { spec, state: ClientState::Approved, secrets: Vec::new(), created_at: NOW };
        database.put_client(client, vec![]).await.unwrap();
    }
}

async fn usage(database: &Database, at: Timestamp, most: u32) -> Vec<(String, Tally, Option<Timestamp>)> {
    let found = database.client_usage(&["books".into(), "other".into()], at, most).await.unwrap();
    let row = |usage: ClientUsage| {
        assert_eq!(usage.api_keys, Tally::NONE);
        (usage.client_id.to_string(), usage.authorisations, usage.last_used_at)
    };
    found.into_iter().map(row).collect()
}

fn books(number: u64, is_all: bool, last: u32) -> (String, Tally, Option<Timestamp>) {
    let last = (last > 0).then(|| later(last.into()));
    ("books".to_owned(), Tally { number, is_all }, last)
}

async fn what_lives_is_counted_and_what_is_over_is_not(database: Database) {
    clients(&database).await;
    let all = (1..=4).map(|number| authorisation(number, "books", later(60 * u64::from(number)))).collect();
    database.insert_active_authorisations(all, vec![]).await.unwrap();
    assert_eq!(usage(&database, NOW, 100).await, [books(4, true, 4)]);
    assert_eq!(usage(&database, later(120), 100).await, [books(2, true, 4)], "two have expired");
    let _done = database.end(id(4), EndReason::Revoked, NOW, vec![]).await.unwrap();
    assert_eq!(usage(&database, later(120), 100).await, [books(1, true, 3)]);
    assert_eq!(usage(&database, later(180), 100).await, []);
}

async fn no_more_than_the_newest_are_looked_at(database: Database) {
    clients(&database).await;
    // The newest has expired, the one before it has ended.
    let ends = |number| if number == 6 { NOW } else { later(600) };
    let all = (1..=6).map(|number| authorisation(number, "books", ends(number))).collect();
    database.insert_active_authorisations(all, vec![]).await.unwrap();
    let _done = database.end(id(5), EndReason::Revoked, NOW, vec![]).await.unwrap();
    assert_eq!(usage(&database, later(1), 3).await, [books(2, false, 4)], "6, 4 and 3; 5 is not in the way");
    assert_eq!(
        usage(&database, later(1), 1).await,
        [books(0, false, 0)],
        "there may be others: it is not unused"
    );
    assert_eq!(usage(&database, later(1), 6).await, [books(4, true, 4)]);
    assert_eq!(Tally { number: 1000, is_all: false }.to_string(), "at least 1000");
}

async fn what_holds_tokens_over_a_subject_is_told_once_for_each_scope(database: Database) {
    clients(&database).await;
    let company =
        |number: u32| -> CompanyId { format!("0190a5b8-7c2e-7000-8000-{number:012}").parse().unwrap() };
    let subject = Subject::Company(company(1));
    let over = |number, client, ends| Authorisation {
        subject: subject.to_string(),
        created_at: later(number),
        last_used_at: (number != 1_003).then(|| later(number + 60)),
        ..authorisation(u32::try_from(number).unwrap(), client, ends)
    };
    let mut all: Vec<Authorisation> = (1..=1_001).map(|number| over(number, "books", later(600))).collect();
    all[1_000].scope = "a b".parse().unwrap();
    all.push(over(1_002, "other", later(600)));
    all.push(over(1_003, "other", later(900)));
    all.push(Authorisation {
        subject: Subject::Company(company(2)).to_string(),
        ..authorisation(1_004, "books", later(900))
    });
    database.insert_active_authorisations(all, vec![]).await.unwrap();
    let _done = database.end(id(1), EndReason::Revoked, NOW, vec![]).await.unwrap();
    let found = async |at| {
        let mut found = database.token_accesses(subject, at).await.unwrap();
        found.sort_by_key(|access| access.since);
        found
    };
    let access = |client: &str, scope: &str, since, last: u64, live| TokenAccess {
        client_id: client.into(),
        scope: scope.parse().unwrap(),
        since: later(since),
        last_used_at: Some(later(last)),
        live,
    };
    let expected = |books, other| {
        [
            access("books", "a", 2, 1_060, books),
            access("books", "a b", 1_001, 1_061, books),
            access("other", "a", 1_002, 1_062, other),
        ]
    };
    assert_eq!(found(NOW).await, expected(true, true));
    assert_eq!(found(later(600)).await, expected(false, true), "what has run out is told too");
    assert_eq!(found(later(900)).await, expected(false, false));
}
