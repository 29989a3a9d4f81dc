//! How much a client is used, as [`platform::Overview`] tells it, on each database.

use std::time::Duration;

use authserver::{
    ActiveTokens, Authorisation, AuthorisationId, AuthorisationState, Client, ClientId, ClientSpec,
    ClientState, EndReason, IssuedRefresh, KeyedHash, Store as _,
};
use base::Timestamp;
use base::testing::SeededEntropy;
use platform::{ClientUsage, Overview as _, Tally};
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "client_usage", Side::Platform;
        what_lives_is_counted_and_what_is_over_is_not,
        no_more_than_the_newest_are_looked_at,
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
