#![expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]

use super::*;

const LONG: Duration = Duration::from_mins(1);

fn grant() -> GrantId {
    GrantId::from_uuid(uuid::Uuid::from_u128(1))
}

#[tokio::test(start_paused = true)]
async fn a_rotation_waits_for_calls_under_way_and_holds_new_ones_back() {
    let gates = Arc::new(Gates::default());
    let call = gates.enter(grant(), LONG).await.expect("open");
    let closing = tokio::spawn({
        let gates = gates.clone();
        async move { gates.close(grant(), LONG).await }
    });
    tokio::task::yield_now().await;
    assert!(!closing.is_finished(), "a call is still under way");
    assert!(gates.enter(grant(), Duration::from_secs(1)).await.is_none(), "no new call while closing");
    let begun = tokio::time::Instant::now();
    drop(call);
    let closed = closing.await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO, "it goes on as soon as the last call has ended");
    let waiting = tokio::spawn({
        let gates = gates.clone();
        async move { gates.enter(grant(), LONG).await.is_some() }
    });
    tokio::task::yield_now().await;
    drop(closed);
    assert!(waiting.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_ends_does_not_stop_the_rotation() {
    let gates = Gates::default();
    let _call = gates.enter(grant(), LONG).await.expect("open");
    let begun = tokio::time::Instant::now();
    let _closed = gates.close(grant(), Duration::from_secs(5)).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn grants_do_not_hold_each_other_back() {
    let gates = Gates::default();
    let _closed = gates.close(grant(), LONG).await;
    assert!(gates.enter(GrantId::from_uuid(uuid::Uuid::from_u128(2)), Duration::ZERO).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn idle_gates_are_forgotten() {
    let gates = Gates::default();
    for n in 0..5000 {
        drop(gates.enter(GrantId::from_uuid(uuid::Uuid::from_u128(n)), LONG).await);
    }
    assert!(gates.gates.lock().unwrap().len() <= 2048);
}

#[tokio::test(start_paused = true)]
async fn a_gate_in_use_is_not_forgotten_with_the_idle_ones() {
    let gates = Gates::default();
    let _call = gates.enter(grant(), LONG).await.expect("open");
    for n in 2..2000 {
        drop(gates.enter(GrantId::from_uuid(uuid::Uuid::from_u128(n)), LONG).await);
    }
    let begun = tokio::time::Instant::now();
    let _closed = gates.close(grant(), Duration::from_secs(5)).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(5), "the call is still seen");
}
