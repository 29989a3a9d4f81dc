//! [`identity::Store`] on each database.

use std::sync::Arc;
use std::time::Duration;

use audit::{Actor, AuditEvent, AuditRecord, Auditor, Filter, Store as _};
use base::testing::{ManualClock, SeededEntropy};
use base::{Clock, Entropy, Timestamp};
use futures_util::future::join_all;
use identity::{
    Account, AccountId, AccountSelection, Admission, Attempt, Limits, PasswordHash, Rule, SessionId,
    Store as _, StoredAccount, StoredSession,
};
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "identity", Side::Platform;
        an_address_has_one_account,
        of_many_that_make_an_account_one_does,
        accounts_are_listed_by_address,
        accounts_are_found_by_a_part_of_address_or_name,
        sessions_are_listed_newest_first,
        what_is_done_to_an_account_is_told_and_what_is_not_is_not,
        a_hash_is_replaced_where_it_still_is_the_same,
        a_session_comes_back_with_its_account,
        a_session_is_begun_only_for_what_was_checked,
        a_new_password_ends_sessions,
        disabling_ends_sessions_and_keeps_its_time,
        no_session_survives_a_change_at_the_same_moment,
        uses_are_noted_forwards_only,
        attempts_are_counted_until_they_are_blocked,
        what_is_blocked_by_its_account_does_not_count_for_its_source,
        of_attempts_at_the_same_moment_no_more_than_free_ones_are_admitted,
        a_forgiven_attempt_never_was,
        a_pause_begins_the_count_anew,
        a_block_beyond_the_longest_delay_does_not_hold,
        what_is_over_is_swept,
    );
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A record to be written with an act.
fn told() -> Vec<AuditRecord> {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) =
        (Arc::new(ManualClock::new()), Arc::new(base::SystemEntropy));
    let keys = seal::testing::keys(&SeededEntropy::new(1));
    vec![Auditor::new(keys, clock, entropy).record(AuditEvent::new("test.done", Actor::System))]
}

fn account_id(number: u32) -> AccountId {
    format!("usr_0190a5b8-7c2e-7000-8000-{number:012}").parse().unwrap()
}

fn hash(byte: char) -> PasswordHash {
    let repeated = |count| byte.to_string().repeat(count);
    // 16 and 32 bytes of base64, whose last characters may only use their upper bits.
    format!("$argon2id$v=19$m=8,t=1,p=1${}A${}A", repeated(21), repeated(42)).parse().unwrap()
}

fn account(number: u32, email: &str) -> StoredAccount {
    let account = Account {
        id: account_id(number),
        email: email.parse().unwrap(),
        name: "Åsa \"Quote\" O'Neill".to_owned(),
        disabled_at: None,
        created_at: NOW,
    };
    StoredAccount { account, password_hash: Some(hash('a')) }
}

fn session(number: u8, owner: u32) -> StoredSession {
    StoredSession {
        id: format!("ses_0190a5b8-7c2e-7000-8000-{number:012}").parse().unwrap(),
        token_hash: [number; 32],
        key_id: "mac_000000000001".parse().unwrap(),
        account_id: account_id(owner),
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW + Duration::from_hours(24),
    }
}

async fn with_anna(database: &Database) -> StoredAccount {
    let anna = account(1, "anna@example.com");
    assert_eq!(database.insert_account(&anna).await, Ok(true));
    anna
}

async fn an_address_has_one_account(database: Database) {
    let anna = with_anna(&database).await;
    assert_eq!(database.insert_account(&account(2, "anna@example.com")).await, Ok(false));
    let without = StoredAccount { password_hash: None, ..account(3, "ben@example.com") };
    assert_eq!(database.insert_account(&without).await, Ok(true));
    assert_eq!(database.account_by_email(&anna.account.email).await, Ok(Some(anna.clone())));
    assert_eq!(database.account(account_id(1)).await, Ok(Some(anna)));
    assert_eq!(database.account(account_id(2)).await, Ok(None));
    assert_eq!(database.account(account_id(3)).await, Ok(Some(without)));
    assert_eq!(database.account_by_email(&"nobody@example.com".parse().unwrap()).await, Ok(None));
}

async fn of_many_that_make_an_account_one_does(database: Database) {
    let accounts: Vec<_> = (1..=8).map(|number| account(number, "anna@example.com")).collect();
    let made = join_all(accounts.iter().map(|account| database.insert_account(account))).await;
    assert_eq!(made.into_iter().filter(|made| *made == Ok(true)).count(), 1);
}

async fn accounts_are_listed_by_address(database: Database) {
    for (number, email) in [(1, "b@x.example"), (2, "a@x.example"), (3, "å@x.example"), (4, "b_@x.example")]
    {
        database.insert_account(&account(number, email)).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = database.list_accounts("", AccountSelection::All, after.as_ref(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.email.clone());
        seen.extend(page.into_iter().map(|account| account.email.to_string()));
    }
    assert_eq!(seen, ["a@x.example", "b@x.example", "b_@x.example", "å@x.example"]);
}

async fn accounts_are_found_by_a_part_of_address_or_name(database: Database) {
    for (number, email) in [(1, "b@x.example"), (2, "a_b@x.example"), (3, "c%@x.example")] {
        let mut stored = account(number, email);
        ["Åsa Berg", "Anna", "Ben"][number as usize - 1].clone_into(&mut stored.account.name);
        database.insert_account(&stored).await.unwrap();
    }
    for (text, found) in [
        ("B@X", vec!["a_b@x.example", "b@x.example"]),
        ("_", vec!["a_b@x.example"]),
        ("%", vec!["c%@x.example"]),
        ("bErG", vec!["b@x.example"]),
        ("Åsa", vec!["b@x.example"]),
        ("\\", vec![]),
    ] {
        let accounts = database.list_accounts(text, AccountSelection::All, None, 10).await.unwrap();
        let emails: Vec<_> = accounts.iter().map(|account| account.email.as_str()).collect();
        assert_eq!(emails, found, "{text}");
    }
    let after = database
        .list_accounts("x.example", AccountSelection::All, Some(&"b@x.example".parse().unwrap()), 10)
        .await
        .unwrap();
    assert_eq!(after.len(), 1);
    let disabled = account(2, "a_b@x.example").account.id;
    assert!(database.set_disabled(disabled, Some(NOW), vec![]).await.unwrap());
    for (text, found) in [("", 1), ("Anna", 1), ("Åsa", 0)] {
        let disabled = database.list_accounts(text, AccountSelection::Disabled, None, 10).await.unwrap();
        assert_eq!(disabled.len(), found, "{text}");
    }
    assert_eq!(database.list_accounts("", AccountSelection::All, None, 10).await.unwrap().len(), 3);
}

async fn sessions_are_listed_newest_first(database: Database) {
    with_anna(&database).await;
    database.insert_account(&account(2, "ben@example.com")).await.unwrap();
    for (number, owner) in [(1, 1), (2, 2), (3, 1)] {
        database.insert_session(&session(number, owner), &hash('a')).await.unwrap();
    }
    assert_eq!(database.sessions_of(account_id(1)).await, Ok(vec![session(3, 1), session(1, 1)]));
    assert_eq!(database.sessions_of(account_id(9)).await, Ok(vec![]));
}

async fn what_is_done_to_an_account_is_told_and_what_is_not_is_not(database: Database) {
    with_anna(&database).await;
    let told_of = async || database.audit_records(Filter::default(), 100).await.unwrap().len();
    database.set_password(account_id(9), &hash('b'), told()).await.unwrap();
    database.set_disabled(account_id(9), Some(NOW), told()).await.unwrap();
    database.delete_sessions_of(account_id(1), told()).await.unwrap();
    assert_eq!(told_of().await, 0);
    database.insert_session(&session(1, 1), &hash('a')).await.unwrap();
    database.delete_sessions_of(account_id(1), told()).await.unwrap();
    assert_eq!(told_of().await, 1);
    database.set_password(account_id(1), &hash('b'), told()).await.unwrap();
    database.set_disabled(account_id(1), Some(NOW), told()).await.unwrap();
    database.set_disabled(account_id(1), None, told()).await.unwrap();
    assert_eq!(told_of().await, 4);
}

async fn a_hash_is_replaced_where_it_still_is_the_same(database: Database) {
    with_anna(&database).await;
    database.insert_session(&session(1, 1), &hash('a')).await.unwrap();
    let id = account_id(1);
    assert_eq!(database.replace_password_hash(id, &hash('b'), &hash('c')).await, Ok(false));
    assert_eq!(database.replace_password_hash(id, &hash('a'), &hash('b')).await, Ok(true));
    assert_eq!(database.account(id).await.unwrap().unwrap().password_hash, Some(hash('b')));
    assert!(database.session(&[1; 32]).await.unwrap().is_some(), "it is the same password");
}

async fn a_session_comes_back_with_its_account(database: Database) {
    let anna = with_anna(&database).await;
    for number in [1, 2] {
        assert_eq!(database.insert_session(&session(number, 1), &hash('a')).await, Ok(true));
    }
    assert_eq!(database.session(&[1; 32]).await, Ok(Some((session(1, 1), anna.account))));
    assert_eq!(database.session(&[9; 32]).await, Ok(None));
    assert_eq!(database.delete_session(&[1; 32]).await, Ok(true));
    assert_eq!(database.delete_session(&[1; 32]).await, Ok(false));
    assert_eq!(database.session(&[1; 32]).await, Ok(None));
    assert_eq!(database.delete_sessions_of(account_id(1), told()).await, Ok(1));
    assert_eq!(database.session(&[2; 32]).await, Ok(None));
}

async fn a_session_is_begun_only_for_what_was_checked(database: Database) {
    with_anna(&database).await;
    assert_eq!(
        database.insert_session(&session(1, 1), &hash('b')).await,
        Ok(false),
        "another password by now"
    );
    assert_eq!(database.insert_session(&session(1, 2), &hash('a')).await, Ok(false), "no such account");
    database.set_disabled(account_id(1), Some(NOW), told()).await.unwrap();
    assert_eq!(database.insert_session(&session(1, 1), &hash('a')).await, Ok(false), "disabled by now");
    database.set_disabled(account_id(1), None, told()).await.unwrap();
    assert_eq!(database.insert_session(&session(1, 1), &hash('a')).await, Ok(true));
}

async fn a_new_password_ends_sessions(database: Database) {
    with_anna(&database).await;
    database.insert_account(&account(2, "ben@example.com")).await.unwrap();
    for (number, owner) in [(1, 1), (2, 1), (3, 2)] {
        database.insert_session(&session(number, owner), &hash('a')).await.unwrap();
    }
    assert_eq!(database.set_password(account_id(1), &hash('b'), told()).await, Ok(true));
    assert_eq!(database.set_password(account_id(9), &hash('b'), told()).await, Ok(false));
    for (number, there) in [(1, false), (2, false), (3, true)] {
        assert_eq!(database.session(&[number; 32]).await.unwrap().is_some(), there, "{number}");
    }
    assert_eq!(database.account(account_id(1)).await.unwrap().unwrap().password_hash, Some(hash('b')));
}

async fn disabling_ends_sessions_and_keeps_its_time(database: Database) {
    with_anna(&database).await;
    database.insert_session(&session(1, 1), &hash('a')).await.unwrap();
    assert_eq!(database.set_disabled(account_id(9), Some(NOW), told()).await, Ok(false));
    for later in [0, 60] {
        assert_eq!(
            database.set_disabled(account_id(1), Some(NOW + Duration::from_secs(later)), told()).await,
            Ok(true)
        );
        let disabled_at = database.account(account_id(1)).await.unwrap().unwrap().account.disabled_at;
        assert_eq!(disabled_at, Some(NOW), "the first time counts");
    }
    assert_eq!(database.session(&[1; 32]).await, Ok(None));
    assert_eq!(database.set_disabled(account_id(1), None, told()).await, Ok(true));
    assert_eq!(database.account(account_id(1)).await.unwrap().unwrap().account.disabled_at, None);
}

async fn no_session_survives_a_change_at_the_same_moment(database: Database) {
    for number in 1..=20 {
        let email = format!("{number}@example.com");
        database.insert_account(&account(u32::from(number), &email).clone()).await.unwrap();
        let (session, old, new) = (session(number, u32::from(number)), hash('a'), hash('b'));
        let id = account_id(u32::from(number));
        let (begun, changed) =
            tokio::join!(database.insert_session(&session, &old), database.set_password(id, &new, told()));
        assert_eq!(changed, Ok(true));
        begun.unwrap();
        assert_eq!(database.session(&[number; 32]).await, Ok(None), "{number}");
    }
}

async fn uses_are_noted_forwards_only(database: Database) {
    with_anna(&database).await;
    let session = session(1, 1);
    database.insert_session(&session, &hash('a')).await.unwrap();
    let seen = |minutes| NOW + Duration::from_mins(minutes);
    for (noted, expected) in [(5, 5), (3, 5), (6, 6)] {
        database.touch_session(session.id, seen(noted)).await.unwrap();
        let (stored, _) = database.session(&[1; 32]).await.unwrap().unwrap();
        assert_eq!(stored.last_seen_at, seen(expected));
    }
    let other: SessionId = "ses_0190a5b8-7c2e-7000-8000-000000000099".parse().unwrap();
    assert_eq!(database.touch_session(other, NOW).await, Ok(()));
}

const RULE: Rule = Rule {
    free: 3,
    first_delay: Duration::from_secs(2),
    longest_delay: Duration::from_secs(5),
    forget_after: Duration::from_mins(10),
};

fn attempt(account: &str, source: &str, seconds: u64) -> Attempt {
    Attempt {
        account_key: account.to_owned(),
        source_key: source.to_owned(),
        limits: Limits { account: RULE, source: Rule { free: 5, ..RULE } },
        at: NOW + Duration::from_secs(seconds),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what the store gives")]
fn blocked_until(seconds: u64) -> Result<Admission, base::StoreError> {
    Ok(Admission::BlockedUntil(NOW + Duration::from_secs(seconds)))
}

async fn attempts_are_counted_until_they_are_blocked(database: Database) {
    let begin = |seconds| {
        let database = &database;
        async move { database.begin_attempt(&attempt("anna", "here", seconds)).await }
    };
    for _ in 0..3 {
        assert_eq!(begin(0).await, Ok(Admission::Admitted));
    }
    assert_eq!(begin(1).await, blocked_until(2), "the third failure set a delay of 2 s");
    assert_eq!(begin(2).await, Ok(Admission::Admitted));
    assert_eq!(begin(5).await, blocked_until(6), "the fourth one of 4 s");
    assert_eq!(begin(6).await, Ok(Admission::Admitted));
    assert_eq!(begin(10).await, blocked_until(11), "the fifth one of the longest, 5 s");
    assert_eq!(database.begin_attempt(&attempt("ben", "there", 10)).await, Ok(Admission::Admitted));
    // A source and an account may have the same key: they are counted apart.
    assert_eq!(database.begin_attempt(&attempt("cleo", "anna", 10)).await, Ok(Admission::Admitted));
}

async fn what_is_blocked_by_its_account_does_not_count_for_its_source(database: Database) {
    for i in 0..20 {
        let admission = database.begin_attempt(&attempt("anna", "here", 0)).await;
        assert_eq!(admission, if i < 3 { Ok(Admission::Admitted) } else { blocked_until(2) });
    }
    // Three have counted for the source, so two are left.
    assert_eq!(database.begin_attempt(&attempt("ben", "here", 0)).await, Ok(Admission::Admitted));
    assert_eq!(database.begin_attempt(&attempt("cleo", "here", 0)).await, Ok(Admission::Admitted));
    assert_eq!(database.begin_attempt(&attempt("dora", "here", 0)).await, blocked_until(2));
}

async fn of_attempts_at_the_same_moment_no_more_than_free_ones_are_admitted(database: Database) {
    let attempts: Vec<_> = (0..16).map(|i| attempt("anna", &format!("source {i}"), 0)).collect();
    let answers = join_all(attempts.iter().map(|attempt| database.begin_attempt(attempt))).await;
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(Admission::Admitted)).count(), 3, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == blocked_until(2)).count(), 13, "{answers:?}");
}

async fn a_forgiven_attempt_never_was(database: Database) {
    for _ in 0..10 {
        for _ in 0..3 {
            assert_eq!(database.begin_attempt(&attempt("anna", "here", 0)).await, Ok(Admission::Admitted));
        }
        // The account is cleared; of the three attempts, one is taken from the source's count.
        database.forgive_attempt(&attempt("anna", "here", 0)).await.unwrap();
        for name in ["ben", "cleo"] {
            let attempt = attempt(name, "here", 0);
            assert_eq!(database.begin_attempt(&attempt).await, Ok(Admission::Admitted));
            database.forgive_attempt(&attempt).await.unwrap();
        }
        database.sweep(NOW, NOW, NOW + Duration::from_secs(1)).await.unwrap();
    }
    for _ in 0..100 {
        let attempt = attempt("anna", "here", 0);
        assert_eq!(database.begin_attempt(&attempt).await, Ok(Admission::Admitted));
        database.forgive_attempt(&attempt).await.unwrap();
    }
}

async fn a_pause_begins_the_count_anew(database: Database) {
    for seconds in [0, 600, 1200] {
        for _ in 0..3 {
            let attempt = attempt("anna", "here", seconds);
            assert_eq!(database.begin_attempt(&attempt).await, Ok(Admission::Admitted));
        }
        assert_eq!(
            database.begin_attempt(&attempt("anna", "here", seconds + 1)).await,
            blocked_until(seconds + 2)
        );
    }
}

async fn a_block_beyond_the_longest_delay_does_not_hold(database: Database) {
    for _ in 0..3 {
        database.begin_attempt(&attempt("anna", "here", 1_000_000)).await.unwrap();
    }
    assert_eq!(database.begin_attempt(&attempt("anna", "here", 0)).await, Ok(Admission::Admitted));
}

async fn what_is_over_is_swept(database: Database) {
    with_anna(&database).await;
    let (expired, idle, live) = (session(1, 1), session(2, 1), session(3, 1));
    let later = NOW + Duration::from_hours(24);
    let expired =
        StoredSession { expires_at: later - Duration::from_millis(1), last_seen_at: later, ..expired };
    let idle = StoredSession { expires_at: later, last_seen_at: later - Duration::from_millis(1), ..idle };
    let live = StoredSession { expires_at: later, last_seen_at: later, ..live };
    for session in [&expired, &idle, &live] {
        database.insert_session(session, &hash('a')).await.unwrap();
    }
    database.begin_attempt(&attempt("anna", "here", 0)).await.unwrap();
    database.begin_attempt(&attempt("ben", "there", 1)).await.unwrap();
    assert_eq!(database.sweep(later, later, NOW + Duration::from_secs(1)).await, Ok(2 + 2));
    assert_eq!(database.sweep(later, later, NOW + Duration::from_secs(1)).await, Ok(0));
    assert!(database.session(&live.token_hash).await.unwrap().is_some());
}
