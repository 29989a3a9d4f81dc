//! What the authority does by itself while it runs: follow, schedule, take notes, stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use refresh::{Authority, LendError, Memory as _, Store as _};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::provider::Fault;
use crate::stage::{Stage, token};

const EXPIRED: Duration = Duration::from_mins(16);

/// Lets it do what it does by itself, until it is stopped or the test is over.
pub(crate) fn run(authority: &Authority) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let (authority, stopped) = (authority.clone(), stop.clone());
    (stop, tokio::spawn(async move { authority.run(stopped).await }))
}

#[tokio::test(start_paused = true)]
async fn while_it_runs_a_grant_in_use_is_refreshed_before_it_expires_and_stopping_ends_it() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    let _time = stage.let_time_pass();
    let (stop, running) = run(&authority);
    tokio::time::sleep(Duration::from_mins(14)).await;
    assert_eq!((stage.row(grant).await.generation, stage.provider.requests()), (2, 1));
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(1), running).await.expect("it stops when told to").unwrap();
    tokio::time::sleep(Duration::from_mins(14)).await;
    assert_eq!(stage.row(grant).await.generation, 2, "nothing is refreshed after the stop");
}

#[tokio::test(start_paused = true)]
async fn while_it_runs_a_token_that_another_process_has_rotated_is_out_of_memory_within_a_second() {
    let stage = Stage::pleo();
    let (one, two) = (stage.authority("one"), stage.authority("two"));
    let grant = stage.grant(&one).await;
    let _time = stage.let_time_pass();
    let _running = run(&one);
    tokio::time::sleep(Duration::from_secs(1)).await;
    one.lend(grant).await.unwrap();
    stage.provider.question_is_dead();
    assert!(two.rejected(grant, 1).await.unwrap().refreshed);
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.fail_store("refresh_grant", 1);
    assert!(one.lend(grant).await.is_err(), "the dead token is gone");
    assert_eq!(token(&one.lend(grant).await.unwrap()), "a2");
}

#[tokio::test(start_paused = true)]
async fn the_first_look_begins_at_the_end_of_the_sequence() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    stage.grant(&authority).await;
    stage.grant(&authority).await;
    let positions = authority.positions();
    let _running = run(&authority);
    tokio::task::yield_now().await;
    assert_eq!(*positions.borrow(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_another_process_has_ended_is_not_lent_from_memory() {
    let stage = Stage::pleo();
    let (one, two) = (stage.authority("one"), stage.authority("two"));
    let grant = stage.grant(&one).await;
    one.follow_once().await.unwrap();
    one.lend(grant).await.unwrap();
    two.key_refused(grant, 1).await.unwrap();
    assert_eq!(token(&one.lend(grant).await.unwrap()), "a1", "within the bound of a second nobody has told");
    one.follow_once().await.unwrap();
    assert!(one.lend(grant).await.is_err(), "its generation is the same, and it is over");
}

#[tokio::test(start_paused = true)]
async fn looking_again_at_nothing_new_puts_nothing_in_doubt() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    stage.grant(&authority).await;
    for _ in 0..3 {
        authority.follow_once().await.unwrap();
    }
    assert_eq!(authority.in_doubt().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_look_catches_up_however_much_there_is() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    for _ in 0..1001 {
        stage.grant(&authority).await;
    }
    authority.follow_once().await.unwrap();
    assert_eq!(*authority.positions().borrow(), 1001);
}

#[tokio::test(start_paused = true)]
async fn a_grant_not_lent_for_a_day_is_put_off_to_a_third_of_its_idle_limit_and_refreshed_then() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    let given_at = stage.row(grant).await.obtained_at;
    stage.clock.advance(Duration::from_hours(24));
    assert_eq!(authority.schedule_once().await.unwrap(), 1);
    let third = Duration::from_hours(24 * 20);
    assert_eq!(stage.row(grant).await.next_action_at, Some(given_at + third));
    stage.clock.advance(Duration::from_hours(24 * 19));
    assert_eq!(authority.schedule_once().await.unwrap(), 1);
    assert_eq!(stage.row(grant).await.generation, 2);
}

#[tokio::test(start_paused = true)]
async fn what_may_still_be_under_way_is_looked_into_once_and_then_when_it_has_settled() {
    let stage = Stage::pleo();
    let (one, two) = (stage.authority("one"), stage.authority("two"));
    let grant = stage.grant(&one).await;
    stage.clock.advance(EXPIRED);
    stage.provider.fail_next(Fault::LoseRequest);
    one.lend(grant).await.unwrap_err();
    // The other process meets the marker a minute later, and counts from then.
    stage.clock.advance(Duration::from_mins(1));
    let leases = Arc::new(AtomicU32::new(0));
    let counted = leases.clone();
    stage.database.set_fault_hook(Some(Arc::new(move |name| {
        counted.fetch_add(u32::from(name == "refresh_take_lease"), Ordering::SeqCst);
        None
    })));
    for _ in 0..5 {
        two.schedule_once().await.unwrap();
        stage.clock.advance(Duration::from_secs(1));
    }
    assert_eq!((leases.load(Ordering::SeqCst), stage.provider.questions()), (1, 0));
    let retry_at = base::Clock::now(&*stage.clock) + Duration::from_secs(55);
    assert_eq!(two.lend(grant).await.unwrap_err(), LendError::Pending { retry_at });
    stage.clock.advance(Duration::from_mins(1));
    two.schedule_once().await.unwrap();
    assert_eq!((stage.provider.questions(), stage.row(grant).await.generation), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn who_was_lent_is_noted_within_half_a_minute_and_at_the_stop() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    let _time = stage.let_time_pass();
    let (stop, running) = run(&authority);
    tokio::time::sleep(Duration::from_secs(5)).await;
    authority.lend(grant).await.unwrap();
    let lent_at = base::Clock::now(&*stage.clock);
    tokio::time::sleep(Duration::from_secs(27)).await;
    assert_eq!(stage.row(grant).await.used_at, lent_at);
    authority.lend(grant).await.unwrap();
    let lent_at = base::Clock::now(&*stage.clock);
    stop.cancel();
    running.await.unwrap();
    assert_eq!(stage.row(grant).await.used_at, lent_at, "a stop loses no note");
}

#[tokio::test(start_paused = true)]
async fn while_it_runs_the_newest_rotation_is_remembered_and_the_database_is_marked_as_in_use() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let _time = stage.let_time_pass();
    let _running = run(&authority);
    tokio::time::sleep(Duration::from_secs(5)).await;
    stage.grant(&authority).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(stage.memory.recall().await.unwrap(), Some(1));
    tokio::time::sleep(Duration::from_mins(1)).await;
    let heartbeat = stage.database.epoch().await.unwrap().heartbeat.expect("it was marked");
    assert!(base::Clock::now(&*stage.clock).since(heartbeat) <= Duration::from_secs(11));
}
