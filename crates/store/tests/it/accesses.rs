//! What is remembered of authorisations in use: never anything but what the database holds, whatever is written by whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authserver::{
    AuthorisationState, ClientId, ClientState, EndReason, EndSelection, PresentAccess, Registration,
    RegistrationChange, Registrations as _, Rotate, Store as _, WriteOutcome,
};
use base::testing::ManualClock;
use base::{StoreError, SystemEntropy};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use store::{Database, Location, Settings, Side, params};
use testkit::databases::{Kind, Place};
use tokio_util::task::TaskTracker;

use crate::authserver::{NOW, SUBJECT, active, client, full, id, rotate};
use crate::suite::Suite;

pub(crate) fn cases(suite: &mut Suite) {
    /// On each kind of database; whether it remembers is the second argument.
    macro_rules! on_each {
        ($($case:ident),+ $(,)?) => {
            $(suite.places(concat!("accesses::", stringify!($case)), &Kind::ALL, |place| async move {
                let database = place.open(Side::Platform).await.unwrap();
                $case(database.clone(), matches!(place, Place::Sqlite(_))).await;
                database.close().await;
            });)+
        };
    }
    on_each!(
        each_change_is_seen_at_once,
        what_is_not_good_is_not_remembered,
        a_change_that_is_undone_leaves_what_was,
        nothing_that_has_ended_comes_back_under_load,
    );
    suite.places("accesses::a_handle_remembers_for_itself", &[Kind::Sqlite], a_handle_remembers_for_itself);
    suite.places("accesses::what_others_write_is_seen", &[Kind::Sqlite], what_others_write_is_seen);
}

type Change = fn(Database) -> BoxFuture<'static, ()>;

/// Everything that can change what an access token is worth, each through the store's own ports, and one that no port knows.
const CHANGES: [(&str, Change); 16] = [
    ("end", |database| {
        async move {
            let ended = database.end(id(1), EndReason::Revoked, NOW, vec![]).await;
            assert_eq!(ended, Ok(WriteOutcome::Done));
        }
        .boxed()
    }),
    ("end all of a client", |database| {
        end_selected(
            database,
            EndSelection { client_id: Some(ClientId::from("c")), ..EndSelection::default() },
        )
    }),
    ("end all over a subject", |database| {
        end_selected(database, EndSelection { subject: Some(SUBJECT.to_owned()), ..EndSelection::default() })
    }),
    ("end all that a user gave", |database| {
        end_selected(database, EndSelection { granted_by: Some("u1".to_owned()), ..EndSelection::default() })
    }),
    ("rotate", |database| rotated(database, rotate(1, 1))),
    ("rotate and narrow, with a retry window", |database| {
        rotated(database, Rotate { tokens: full(2), ..rotate(1, 1) })
    }),
    ("drop the access token", |database| {
        async move { assert_eq!(database.drop_access_token(id(1), 1, vec![]).await, Ok(WriteOutcome::Done)) }
            .boxed()
    }),
    ("suspend the subject", |database| {
        async move { assert_eq!(database.set_subject_suspended(SUBJECT, true, NOW, vec![]).await, Ok(true)) }
            .boxed()
    }),
    ("suspend the client", |database| client_state(database, ClientState::Suspended)),
    ("remove the client", |database| client_state(database, ClientState::Removed)),
    ("decline the client", |database| client_state(database, ClientState::Declined)),
    ("put the client anew", |database| {
        async move {
            let mut again = client("c");
            again.state = ClientState::Suspended;
            database.put_client(again, vec![]).await.unwrap();
        }
        .boxed()
    }),
    ("decide about the client", |database| {
        async move {
            let registration = Registration {
                client_id: ClientId::from("c"),
                owner: None,
                registered_by: "somebody".to_owned(),
                pre_approved: false,
                access: None,
                review: None,
                revision: 1,
                changed_at: NOW,
            };
            let change = RegistrationChange {
                registration,
                expected_revision: 0,
                expected_state: ClientState::Approved,
                state: ClientState::Declined,
                spec: None,
                audit: vec![],
            };
            assert_eq!(database.change_registration(change).await, Ok(WriteOutcome::Done));
        }
        .boxed()
    }),
    ("take scope away", |database| by_hand(database, "UPDATE authorisations SET scope = 'b' WHERE id = $1")),
    ("give it to another client", |database| {
        by_hand(database, "UPDATE authorisations SET client_id = 'other' WHERE id = $1")
    }),
    ("remove the row", |database| by_hand(database, "DELETE FROM authorisations WHERE id = $1")),
];

fn end_selected(database: Database, selection: EndSelection) -> BoxFuture<'static, ()> {
    async move {
        let ended = database.end_selected(selection, EndReason::Withdrawn, NOW, vec![]).await;
        assert_eq!(ended, Ok(2));
    }
    .boxed()
}

fn rotated(database: Database, rotate: Rotate) -> BoxFuture<'static, ()> {
    async move { assert_eq!(database.rotate(rotate).await, Ok(WriteOutcome::Done)) }.boxed()
}

fn client_state(database: Database, state: ClientState) -> BoxFuture<'static, ()> {
    async move { assert_eq!(database.set_client_state(&ClientId::from("c"), state, vec![]).await, Ok(true)) }
        .boxed()
}

fn by_hand(database: Database, sql: &'static str) -> BoxFuture<'static, ()> {
    async move {
        let done = database.run_tx("test.by_hand", move |tx| tx.execute(sql, params![id(1)])).await;
        assert_eq!(done, Ok(1));
    }
    .boxed()
}

/// Reads an authorisation as for its use, so that it is remembered from then on; what the database says of it.
async fn used(database: &Database, number: u32) -> Option<PresentAccess> {
    let loaded = database.authorisation_in_use(id(number)).await.unwrap();
    assert_eq!(loaded, database.authorisation(id(number)).await.unwrap());
    loaded.as_ref().and_then(PresentAccess::of)
}

fn remembered(database: &Database, number: u32) -> Option<PresentAccess> {
    database.remembered(id(number)).map(|present| (*present).clone())
}

async fn each_change_is_seen_at_once(database: Database, remembers: bool) {
    for (name, change) in CHANGES {
        put_back(&database).await;
        for number in [1, 2] {
            let stored = used(&database, number).await;
            assert!(stored.is_some(), "before: {name}");
            let wanted = if remembers { stored } else { None };
            assert_eq!(remembered(&database, number), wanted, "remembered before: {name}");
        }
        let before = used(&database, 1).await;
        change(database.clone()).await;
        assert_eq!(remembered(&database, 1), None, "at once after: {name}");
        let after = used(&database, 1).await;
        assert_ne!(before, after, "the case changes what an access token is worth: {name}");
        let wanted = if remembers { after } else { None };
        assert_eq!(remembered(&database, 1), wanted, "after: {name}");
    }
}

/// Two live authorisations of one client, over one subject, given by one person, whatever was there before.
async fn put_back(database: &Database) {
    let clear = database.run_tx("test.put_back", |tx| {
        for table in
            ["rotations", "earlier_tokens", "authorisations", "suspended_subjects", "client_registrations"]
        {
            tx.execute(&format!("DELETE FROM {table} WHERE 1 = 1"), params![])?;
        }
        Ok(())
    });
    clear.await.unwrap();
    for name in ["c", "other"] {
        let mut client = client(name);
        client.secrets.clear();
        database.put_client(client, vec![]).await.unwrap();
    }
    active(database, 1).await;
    active(database, 2).await;
}

async fn what_is_not_good_is_not_remembered(database: Database, remembers: bool) {
    put_back(&database).await;
    assert_eq!(database.end(id(1), EndReason::Revoked, NOW, vec![]).await, Ok(WriteOutcome::Done));
    assert_eq!(used(&database, 1).await, None);
    assert_eq!(remembered(&database, 1), None);
    assert_eq!(database.authorisation_in_use(id(7)).await, Ok(None));
    database.set_subject_suspended(SUBJECT, true, NOW, vec![]).await.unwrap();
    assert_eq!(used(&database, 2).await, None);
    assert_eq!(remembered(&database, 2), None);
    database.set_subject_suspended(SUBJECT, false, NOW, vec![]).await.unwrap();
    assert!(used(&database, 2).await.is_some());
    assert_eq!(remembered(&database, 2).is_some(), remembers);
}

async fn a_change_that_is_undone_leaves_what_was(database: Database, remembers: bool) {
    put_back(&database).await;
    let before = used(&database, 1).await;
    let undone = database.run_tx("test.undone", |tx| {
        tx.execute("UPDATE authorisations SET state = 'ended' WHERE id = $1", params![id(1)])?;
        Err::<(), _>(StoreError::Statement("given up".to_owned()))
    });
    assert!(undone.await.is_err());
    assert_eq!(used(&database, 1).await, before);
    assert_eq!(remembered(&database, 1).is_some(), remembers);
    let lost = database.rotate(rotate(1, 5)).await;
    assert_eq!(lost, Ok(WriteOutcome::Moved));
    assert_eq!(used(&database, 1).await, before);
}

/// Readers that never rest against a writer that ends one after another.
async fn nothing_that_has_ended_comes_back_under_load(database: Database, _remembers: bool) {
    const COUNT: u32 = 60;
    put_back(&database).await;
    for number in 3..=COUNT {
        active(&database, number).await;
    }
    let (tasks, is_over) = (TaskTracker::new(), Arc::new(AtomicBool::new(false)));
    for _ in 0..3 {
        let (database, is_over) = (database.clone(), Arc::clone(&is_over));
        tasks.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                for number in 1..=COUNT {
                    if database.remembered(id(number)).is_none() {
                        database.authorisation_in_use(id(number)).await.unwrap();
                    }
                }
                tokio::task::yield_now().await;
            }
        });
    }
    for number in 1..=COUNT {
        let ended = if number % 2 == 0 {
            database.end(id(number), EndReason::Revoked, NOW, vec![]).await
        } else {
            database.drop_access_token(id(number), 1, vec![]).await
        };
        assert_eq!(ended, Ok(WriteOutcome::Done));
        for dead in 1..=number {
            assert_eq!(remembered(&database, dead), None, "{dead} after the end of {number}");
        }
    }
    is_over.store(true, Ordering::Relaxed);
    tasks.close();
    tasks.wait().await;
    for dead in 1..=COUNT {
        assert_eq!(used(&database, dead).await, None);
    }
}

async fn a_handle_remembers_for_itself(place: Place) {
    let database = place.open(Side::Platform).await.unwrap();
    put_back(&database).await;
    assert!(used(&database, 1).await.is_some());
    assert!(remembered(&database, 1).is_some());
    database.close().await;
    let again = place.open(Side::Platform).await.unwrap();
    assert_eq!(remembered(&again, 1), None);
}

/// An operator with a shell of SQLite.
async fn what_others_write_is_seen(place: Place) {
    let Some(Location::Sqlite(path)) = place.location() else { panic!("this case is about files") };
    let clock = Arc::new(ManualClock::new());
    let location = place.location().unwrap();
    let settings = Settings::new(Side::Platform, location, Arc::clone(&clock) as _, Arc::new(SystemEntropy));
    let database = Database::open(settings).await.unwrap();
    let shell = rusqlite::Connection::open(path).unwrap();
    let end =
        "UPDATE authorisations SET state = 'ended', ended_reason = 'revoked', ended_at = 1 WHERE id = ?1";
    put_back(&database).await;
    used(&database, 1).await;
    used(&database, 2).await;
    shell.execute(end, [id(1).to_string()]).unwrap();
    clock.advance(Duration::from_millis(999));
    assert!(remembered(&database, 2).is_some());
    clock.advance(Duration::from_millis(1));
    // Within a second, without any write of this process.
    assert_eq!(remembered(&database, 1), None);
    assert_eq!(used(&database, 1).await, None);
    assert!(matches!(
        database.authorisation(id(1)).await.unwrap().unwrap().authorisation.state,
        AuthorisationState::Ended { .. }
    ));
    used(&database, 2).await;
    database.run_tx("test.look", |_| Ok(())).await.unwrap();
    assert!(used(&database, 2).await.is_some());
    assert!(remembered(&database, 2).is_some());
    // At once with the next transaction of this process, whatever that is about; also if the rows have other numbers now.
    shell.execute(end, [id(2).to_string()]).unwrap();
    shell.execute_batch("VACUUM").unwrap();
    database.run_tx("test.look", |_| Ok(())).await.unwrap();
    assert_eq!(remembered(&database, 2), None);
    assert_eq!(used(&database, 2).await, None);
    // And it goes on remembering by itself: the first question lets the writer look.
    active(&database, 3).await;
    assert!(used(&database, 3).await.is_some());
    clock.advance(Duration::from_secs(5));
    assert_eq!(remembered(&database, 3), None);
    let again = async {
        while remembered(&database, 3).is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), again).await.unwrap();
}
