//! [`connect::Store`] on each database.

use base::{Secret, Timestamp};
use connect::{
    Advanced, ApiToken, Away, Company, ConnectSession, ConnectionFilter, ConnectionId, End, Event, EventType,
    Finished, Flow, KeyedHash, Method, NewConnection, NewSide, Notice, Paired, Pairing, Party, Purpose, Role,
    StateKind, Step, Store as _, Swap, Swapped, Told, ToldAfter,
};
use futures_util::future::join_all;
use refresh::{CredentialKind, GivenCredential, GrantId, SealedCredential};
use seal::{MacKey, Sealed};
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "connect", Side::Connect;
        a_token_is_kept_and_revoked_once,
        a_client_keeps_its_newest_secrets,
        a_step_is_taken_from_the_version_that_was_read,
        of_many_who_take_a_step_one_does,
        a_pair_reserves_both_companies,
        of_many_pairs_with_one_company_one_is_made,
        a_pending_pair_reserves_nothing_until_it_is_confirmed,
        a_new_grant_takes_the_place_of_the_old_one,
        a_shared_grant_outlives_one_of_its_connections,
        positions_have_no_gaps_and_rise_with_commits,
        news_of_grants_are_told_once,
        an_announcement_is_made_once,
        connections_are_found_by_what_is_known_of_them,
        what_is_left_behind_is_found,
        walks_that_are_over_are_deleted_after_their_time,
    );
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(prefix: &str, number: u32) -> T {
    format!("{prefix}0190a5b8-7c2e-7000-8000-{number:012}").parse().unwrap()
}

fn hash() -> KeyedHash {
    let key = MacKey::new("mac_0123456789ab".parse().unwrap(), &Secret::new([7; 32]));
    KeyedHash::of(&key, "a test", b"secret")
}

fn company(name: &str) -> Company {
    Company {
        id: name.to_lowercase().replace(' ', "-"),
        name: name.to_owned(),
        country: Some("NL".to_owned()),
        registration_number: None,
        variables: [("id".to_owned(), "x".to_owned())].into(),
    }
}

fn given(number: u32) -> GivenCredential {
    GivenCredential {
        grant: id("gnt_", number),
        provider: "pleo".to_owned(),
        client_id: "client".to_owned(),
        kind: CredentialKind::OAuth,
        generation: 1,
        credential: SealedCredential {
            access_token: Sealed::from_bytes(vec![1, 2, 3]),
            refresh_token: Some(Sealed::from_bytes(vec![4, 5])),
        },
        scope: None,
        given_at: NOW,
        expires_at: None,
        refresh_token_expires_at: None,
        next_action_at: None,
    }
}

fn session(number: u32) -> ConnectSession {
    ConnectSession {
        id: id("cse_", number),
        link: hash(),
        purpose: Purpose::Connect {
            accounting: Some("xero".to_owned()),
            accounting_environment: "production".to_owned(),
            country: None,
            reference: Some("r".to_owned()),
            method: Method::OAuth,
            confirm: false,
        },
        made_by: Some(id("atk_", 1)),
        return_to: Some("https://app.example/".to_owned()),
        browser: None,
        flow: Flow::Offered,
        notice: None,
        verifier: None,
        created_at: NOW,
        expires_at: Timestamp::from_seconds(1_800_003_600),
        version: 1,
    }
}

fn away() -> Flow {
    let away = Away {
        state_key: "mac_0123456789ab".to_owned(),
        state_mac: "ab".to_owned(),
        redirect_uri: "https://connect.example/callback/pleo".to_owned(),
        client_id: "client".to_owned(),
        since: NOW,
    };
    Flow::Offered.leave(End::Platform, away).unwrap()
}

fn event(number: u32, connection: ConnectionId, kind: EventType) -> Event {
    Event {
        id: id("evt_", number),
        kind,
        connection,
        at: NOW,
        data: serde_json::json!({ "number": number }),
        sentence: "Something happened.".to_owned(),
    }
}

fn connection(number: u32, platform: &str, accounting: &str) -> NewConnection {
    let side = |provider: &str, name: &str, grant| NewSide {
        provider: provider.to_owned(),
        environment: "production".to_owned(),
        company: company(name),
        grant,
    };
    NewConnection {
        id: id("con_", number),
        reference: Some(format!("Reference {number}")),
        pending: false,
        platform: side("pleo", platform, id("gnt_", number * 10)),
        accounting: side("xero", accounting, id("gnt_", number * 10 + 1)),
        created_at: NOW,
    }
}

/// A session that stands before its last step, and its grants.
async fn ready(database: &Database, number: u32) -> ConnectSession {
    let mut at = session(number);
    database.insert_session(&at, None).await.unwrap();
    for grant in [number * 10, number * 10 + 1] {
        let given = given(grant);
        let step = Step { session: &at, given: Some(&given), dropped: &[], events: &[], at: NOW };
        assert_eq!(database.advance(&step).await.unwrap(), Advanced::Yes);
        at.version += 1;
    }
    at
}

fn finished(mut session: ConnectSession, connection: ConnectionId) -> ConnectSession {
    session.flow = Flow::Done { connection, finished: Finished::Connected };
    session
}

async fn pair(database: &Database, new: &NewConnection, number: u32) -> Paired {
    let session = finished(ready(database, number).await, new.id);
    let event = event(number * 100, new.id, EventType::Activated);
    database.pair(&Pairing { session: &session, connection: new, moved: &[], event: &event }).await.unwrap()
}

async fn a_token_is_kept_and_revoked_once(database: Database) {
    let token = ApiToken {
        id: id("atk_", 1),
        name: "ours".to_owned(),
        role: Role::Proxy,
        hash: hash(),
        created_at: NOW,
        revoked_at: None,
    };
    database.insert_api_token(&token).await.unwrap();
    assert_eq!(database.api_token(token.id).await.unwrap().as_ref(), Some(&token));
    assert!(database.revoke_api_token(token.id, NOW).await.unwrap());
    assert!(!database.revoke_api_token(token.id, NOW).await.unwrap());
    assert_eq!(database.api_tokens().await.unwrap()[0].revoked_at, Some(NOW));
    assert_eq!(database.api_token(id("atk_", 2)).await.unwrap(), None);
}

async fn a_client_keeps_its_newest_secrets(database: Database) {
    let client = |number: u32, client_id: &str| connect::OAuthClient {
        id: id("ocl_", number),
        provider: "xero".to_owned(),
        environment: "production".to_owned(),
        client_id: client_id.to_owned(),
        secrets: vec![connect::ClientSecret {
            id: id("ocs_", number),
            sealed: Sealed::from_bytes(vec![u8::try_from(number).unwrap()]),
            created_at: Timestamp::from_seconds(i64::from(number)),
        }],
        created_at: NOW,
    };
    for number in 1..=3 {
        database.put_oauth_client(&client(number, "a"), 2).await.unwrap();
    }
    let stored = database.oauth_client("xero", "production").await.unwrap().unwrap();
    assert_eq!(stored.client_id, "a");
    assert_eq!(
        stored.secrets.iter().map(|secret| secret.sealed.as_bytes()).collect::<Vec<_>>(),
        [&[3_u8][..], &[2]]
    );
    database.put_oauth_client(&client(4, "b"), 2).await.unwrap();
    let stored = database.oauth_clients().await.unwrap().remove(0);
    assert_eq!((stored.client_id.as_str(), stored.secrets.len()), ("b", 1));
    assert!(database.oauth_client("xero", "staging").await.unwrap().is_none());
}

async fn a_step_is_taken_from_the_version_that_was_read(database: Database) {
    let mut at = session(1);
    database.insert_session(&at, None).await.unwrap();
    at.flow = away();
    at.browser = Some(hash());
    at.verifier = Some(Sealed::from_bytes(vec![9; 40]));
    at.notice = Some(Notice::new("code", "A sentence."));
    let given = given(1);
    let step = Step { session: &at, given: Some(&given), dropped: &[], events: &[], at: NOW };
    assert_eq!(database.advance(&step).await.unwrap(), Advanced::Yes);
    let stored = database.session(at.id).await.unwrap().unwrap();
    assert_eq!((stored.version, &stored.flow, &stored.browser), (2, &at.flow, &at.browser));
    assert_eq!(
        (&stored.notice, &stored.purpose, &stored.return_to),
        (&at.notice, &at.purpose, &at.return_to)
    );
    assert_eq!(stored.verifier.unwrap().as_bytes(), [9; 40]);
    assert_eq!(database.advance(&step).await.unwrap(), Advanced::Stale);
    // What is dropped is destroyed.
    at.version = 2;
    let step = Step { session: &at, given: None, dropped: &[given.grant], events: &[], at: NOW };
    assert_eq!(database.advance(&step).await.unwrap(), Advanced::Yes);
    assert!(refresh::Store::grant(&database, given.grant).await.unwrap().unwrap().credential.is_none());
}

async fn of_many_who_take_a_step_one_does(database: Database) {
    let at = session(1);
    database.insert_session(&at, None).await.unwrap();
    let credentials: Vec<_> = (1..=8).map(given).collect();
    let steps = credentials.iter().map(|given| {
        let (database, at) = (database.clone(), at.clone());
        async move {
            let step = Step { session: &at, given: Some(given), dropped: &[], events: &[], at: NOW };
            database.advance(&step).await.unwrap()
        }
    });
    let taken = join_all(steps).await.into_iter().filter(|advanced| *advanced == Advanced::Yes).count();
    assert_eq!(taken, 1);
    let mut stored = 0;
    for given in &credentials {
        stored += usize::from(refresh::Store::grant(&database, given.grant).await.unwrap().is_some());
    }
    assert_eq!(stored, 1);
}

async fn a_pair_reserves_both_companies(database: Database) {
    let first = connection(1, "Love", "Books");
    assert_eq!(pair(&database, &first, 1).await, Paired::Yes);
    let made = database.connection(first.id).await.unwrap().unwrap();
    assert_eq!((made.state(), made.told, made.version), (StateKind::Active, StateKind::Active, 1));
    assert_eq!(made.platform.company, first.platform.company);
    assert_eq!(made.accounting.generation(), 1);
    assert_eq!(pair(&database, &connection(2, "Love", "Others"), 2).await, Paired::PlatformTaken(first.id));
    assert_eq!(pair(&database, &connection(3, "Holm", "Books"), 3).await, Paired::AccountingTaken(first.id));
    // Nothing is kept of what was refused: the walk stands where it stood.
    assert_eq!(database.session(id("cse_", 3)).await.unwrap().unwrap().flow, Flow::Offered);
    assert!(database.connection(id("con_", 3)).await.unwrap().is_none());
    assert_eq!(
        database.connection_of(End::Accounting, "xero", "production", "books").await.unwrap(),
        Some(first.id)
    );
    assert_eq!(database.connection_of(End::Accounting, "xero", "staging", "books").await.unwrap(), None);
    // Over, both are free again.
    let over = event(900, first.id, EventType::Disconnected);
    assert!(database.disconnect(first.id, 1, NOW, &["By hand.".to_owned()], &over).await.unwrap());
    assert!(!database.disconnect(first.id, 1, NOW, &[], &over).await.unwrap());
    let gone = database.connection(first.id).await.unwrap().unwrap();
    assert_eq!(gone.stage, connect::Stage::Disconnected { at: NOW, left_to_do: vec!["By hand.".to_owned()] });
    assert!(
        refresh::Store::grant(&database, first.platform.grant).await.unwrap().unwrap().credential.is_none()
    );
    assert_eq!(pair(&database, &connection(4, "Love", "Books"), 4).await, Paired::Yes);
}

async fn of_many_pairs_with_one_company_one_is_made(database: Database) {
    let mut pairings = Vec::new();
    for number in 1..=6 {
        let new = connection(number, &format!("Company {number}"), "Books");
        let session = finished(ready(&database, number).await, new.id);
        pairings.push((new, session, event(number, id("con_", number), EventType::Activated)));
    }
    let results =
        join_all(
            pairings.iter().map(|(new, session, event)| {
                let database = database.clone();
                async move {
                    database.pair(&Pairing { session, connection: new, moved: &[], event }).await.unwrap()
                }
            }),
        )
        .await;
    assert_eq!(results.iter().filter(|paired| **paired == Paired::Yes).count(), 1, "{results:?}");
    let refused = results.iter().filter(|paired| matches!(paired, Paired::AccountingTaken(_))).count();
    assert_eq!(refused, 5, "{results:?}");
    assert_eq!(database.last_position().await.unwrap(), 1);
}

async fn a_pending_pair_reserves_nothing_until_it_is_confirmed(database: Database) {
    let (first, second) = (
        NewConnection { pending: true, ..connection(1, "Love", "Books") },
        NewConnection { pending: true, ..connection(2, "Love", "Books") },
    );
    assert_eq!(pair(&database, &first, 1).await, Paired::Yes);
    assert_eq!(pair(&database, &second, 2).await, Paired::Yes);
    assert_eq!(database.connection(first.id).await.unwrap().unwrap().state(), StateKind::Pending);
    let confirmed = event(5, first.id, EventType::Activated);
    assert_eq!(database.confirm_pair(first.id, 1, &confirmed).await.unwrap(), Paired::Yes);
    let late = event(6, second.id, EventType::Activated);
    assert_eq!(database.confirm_pair(second.id, 1, &late).await.unwrap(), Paired::PlatformTaken(first.id));
    assert_eq!(database.connection(first.id).await.unwrap().unwrap().state(), StateKind::Active);
}

fn swap<'a>(connection: &'a NewConnection, given: &'a GivenCredential, events: &'a [Event]) -> Swap<'a> {
    Swap {
        connection: connection.id,
        version: 1,
        end: End::Accounting,
        grant: given.grant,
        generation_base: 4,
        company: &connection.accounting.company,
        told: StateKind::Active,
        given: Some(given),
        moved: &[],
        session: None,
        events,
        at: NOW,
    }
}

async fn a_new_grant_takes_the_place_of_the_old_one(database: Database) {
    let made = connection(1, "Love", "Books");
    pair(&database, &made, 1).await;
    let given = given(50);
    let events = [event(5, made.id, EventType::Reauthorised)];
    assert_eq!(database.swap_grant(&swap(&made, &given, &events)).await.unwrap(), Swapped::Yes);
    assert_eq!(database.swap_grant(&swap(&made, &given, &events)).await.unwrap(), Swapped::Stale);
    let now = database.connection(made.id).await.unwrap().unwrap();
    assert_eq!((now.accounting.grant, now.accounting.generation(), now.version), (given.grant, 5, 2));
    assert_eq!(now.platform.grant, made.platform.grant);
    assert!(
        refresh::Store::grant(&database, made.accounting.grant).await.unwrap().unwrap().credential.is_none()
    );
    assert_eq!(database.timeline(made.id, None, 10).await.unwrap()[0].event, events[0]);
}

async fn a_shared_grant_outlives_one_of_its_connections(database: Database) {
    let (first, second) = (connection(1, "Love", "Books"), connection(2, "Holm", "Others"));
    pair(&database, &first, 1).await;
    pair(&database, &second, 2).await;
    let given = given(50);
    let events = [event(5, first.id, EventType::Reauthorised)];
    let moved = [event(6, second.id, EventType::SignInShared)];
    let before = database.last_position().await.unwrap();
    let swapped =
        database.swap_grant(&Swap { moved: &moved, ..swap(&first, &given, &events) }).await.unwrap();
    assert_eq!(swapped, Swapped::Yes);
    // Who keeps either row in memory hears that it has changed.
    let told = database.told_after(before, 10).await.unwrap();
    assert_eq!(told.told, [(before + 1, first.id), (before + 2, second.id)]);
    let other = database.connection(second.id).await.unwrap().unwrap();
    assert_eq!((other.accounting.grant, other.accounting.generation()), (given.grant, 2));
    assert!(database.is_shared(given.grant, first.id).await.unwrap());
    let over = event(900, first.id, EventType::Disconnected);
    assert!(database.disconnect(first.id, 2, NOW, &[], &over).await.unwrap());
    let alive = async |grant: GrantId| {
        refresh::Store::grant(&database, grant).await.unwrap().unwrap().credential.is_some()
    };
    assert!(alive(given.grant).await);
    assert!(!alive(first.platform.grant).await);
    assert!(!alive(second.accounting.grant).await, "nobody draws on it any more");
    assert!(!database.is_shared(given.grant, second.id).await.unwrap());
}

async fn positions_have_no_gaps_and_rise_with_commits(database: Database) {
    let made = connection(1, "Love", "Books");
    pair(&database, &made, 1).await;
    let telling = (1..=20).map(|number| {
        let (database, id) = (database.clone(), made.id);
        async move {
            let kind = if number % 4 == 0 { EventType::LinkMade } else { EventType::CredentialRefreshed };
            database.tell(&[event(number, id, kind)]).await.unwrap();
        }
    });
    join_all(telling).await;
    let all = database.timeline(made.id, None, 100).await.unwrap();
    assert_eq!(
        all.iter().map(|event| event.position).collect::<Vec<_>>(),
        (1..=21).rev().collect::<Vec<_>>()
    );
    let public = database.events_after(1, 100).await.unwrap();
    assert_eq!(public.len(), 15);
    assert!(public.is_sorted_by(|a, b| a.position < b.position));
    let older = database.timeline(made.id, Some(3), 100).await.unwrap();
    assert_eq!(older.iter().map(|event| event.position).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(database.last_position().await.unwrap(), 21);
}

async fn news_of_grants_are_told_once(database: Database) {
    let made = connection(1, "Love", "Books");
    pair(&database, &made, 1).await;
    let news = database.grant_news(10).await.unwrap();
    assert_eq!((news.cursor, news.news.len()), (0, 2));
    assert_eq!(news.news[1].connections, [(made.id, End::Accounting)]);
    let told = [Told {
        connection: made.id,
        state: Some(StateKind::Attention),
        events: vec![event(9, made.id, EventType::AttentionRequired)],
    }];
    assert!(database.take_grant_news(0, 2, &told).await.unwrap());
    assert!(!database.take_grant_news(0, 2, &told).await.unwrap());
    let now = database.connection(made.id).await.unwrap().unwrap();
    assert_eq!((now.told, now.version), (StateKind::Attention, 1));
    let left = database.grant_news(10).await.unwrap();
    assert_eq!((left.cursor, left.news.len()), (2, 0));
    assert_eq!(database.last_position().await.unwrap(), 2);
    let told = |after, limit| database.told_after(after, limit);
    let all = ToldAfter { newest: 2, told: vec![(1, made.id), (2, made.id)] };
    assert_eq!(told(0, 10).await.unwrap(), all);
    assert_eq!(told(0, 1).await.unwrap().told, all.told[..1]);
    assert_eq!(told(1, 10).await.unwrap().told, all.told[1..]);
    assert_eq!(told(9, 10).await.unwrap(), ToldAfter { newest: 2, told: Vec::new() });
}

async fn an_announcement_is_made_once(database: Database) {
    let made = connection(1, "Love", "Books");
    pair(&database, &made, 1).await;
    let announce = |number: u32, mark: &str| Event {
        data: serde_json::json!({ "announcement": mark }),
        ..event(number, made.id, EventType::Expiring)
    };
    let telling = (1..=6).map(|number| {
        let (database, event) = (database.clone(), announce(number, "platform-in-30-days"));
        async move { database.tell_once(&event, NOW).await.unwrap() }
    });
    assert_eq!(join_all(telling).await.into_iter().filter(|told| *told).count(), 1);
    assert!(database.tell_once(&announce(7, "platform-in-7-days"), NOW).await.unwrap());
    // A new credential is announced anew.
    let later = Timestamp::from_seconds(1_900_000_000);
    let again = Event { at: later, ..announce(8, "platform-in-30-days") };
    assert!(database.tell_once(&again, later).await.unwrap());
    assert_eq!(database.connection(made.id).await.unwrap().unwrap().version, 1);
}

async fn connections_are_found_by_what_is_known_of_them(database: Database) {
    for (number, platform, accounting) in
        [(1, "Love Crème", "Books 100%"), (2, "Holm", "Björk"), (3, "Nord", "Other")]
    {
        assert_eq!(pair(&database, &connection(number, platform, accounting), number).await, Paired::Yes);
    }
    let find = async |filter: ConnectionFilter| -> Vec<ConnectionId> {
        let found = database.connections(&ConnectionFilter { limit: 10, ..filter }).await.unwrap();
        found.into_iter().map(|connection| connection.id).collect()
    };
    let with_text =
        |text: &str| ConnectionFilter { text: Some(text.to_owned()), ..ConnectionFilter::default() };
    let ids: Vec<ConnectionId> = (1..=3).map(|number| id("con_", number)).collect();
    assert_eq!(find(ConnectionFilter::default()).await, ids);
    assert_eq!(find(with_text("HOLM")).await, [ids[1]]);
    assert_eq!(find(with_text("björk")).await, [ids[1]]);
    assert_eq!(find(with_text("100%")).await, [ids[0]]);
    assert_eq!(find(with_text("1%")).await, []);
    assert_eq!(find(with_text("reference 3")).await, [ids[2]]);
    assert_eq!(
        find(ConnectionFilter { reference: Some("Reference 2".to_owned()), ..ConnectionFilter::default() })
            .await,
        [ids[1]]
    );
    assert_eq!(find(ConnectionFilter { after: Some(ids[0]), ..ConnectionFilter::default() }).await, ids[1..]);
    assert_eq!(
        find(ConnectionFilter { provider: Some("fortnox".to_owned()), ..ConnectionFilter::default() }).await,
        []
    );
    assert_eq!(
        find(ConnectionFilter { state: Some(StateKind::Attention), ..ConnectionFilter::default() }).await,
        []
    );
    assert_eq!(database.connection_counts().await.unwrap(), [(StateKind::Active, 3)]);
    let settings = serde_json::from_str(r#"{"a": "ö"}"#).unwrap();
    let changed = event(7, ids[0], EventType::SettingsChanged);
    assert!(database.put_settings(ids[0], 1, None, &settings, &changed).await.unwrap());
    assert!(!database.put_settings(ids[0], 1, Some("x"), &settings, &changed).await.unwrap());
    let stored = database.connection(ids[0]).await.unwrap().unwrap();
    assert_eq!((stored.settings, stored.reference.as_deref()), (settings, Some("Reference 1")));
}

async fn what_is_left_behind_is_found(database: Database) {
    let mut open = session(1);
    open.flow = Flow::Ready {
        end: End::Accounting,
        platform: Some(Party { grant: id("gnt_", 1), company: company("Love"), reaches: Vec::new() }),
    };
    let over = ConnectSession { flow: Flow::Cancelled, ..session(2) };
    for session in [&open, &over] {
        database.insert_session(session, None).await.unwrap();
    }
    let found = async |seconds| {
        let found = database.abandoned_sessions(Timestamp::from_seconds(seconds), 10).await.unwrap();
        found.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(found(1_800_003_599).await, []);
    assert_eq!(found(1_800_003_600).await, [open.id]);
}

async fn walks_that_are_over_are_deleted_after_their_time(database: Database) {
    let over = |number, expires_at| ConnectSession {
        flow: Flow::Cancelled,
        expires_at: Timestamp::from_seconds(expires_at),
        ..session(number)
    };
    let open = ConnectSession { flow: away(), expires_at: Timestamp::from_seconds(5), ..session(1) };
    let rows = [open, over(2, 9), over(3, 10), over(4, 8), over(5, 11)];
    for session in &rows {
        database.insert_session(session, None).await.unwrap();
    }
    let delete = async |before, limit| {
        database.delete_finished_sessions(Timestamp::from_seconds(before), limit).await.unwrap()
    };
    assert_eq!(delete(8, 10).await, 0);
    assert_eq!(delete(11, 2).await, 2);
    let mut there = Vec::new();
    for session in &rows {
        there.push(database.session(session.id).await.unwrap().is_some());
    }
    assert_eq!(there, [true, false, true, false, true], "the oldest go first, an open one never");
    assert_eq!((delete(11, 2).await, delete(11, 2).await), (1, 0));
}
