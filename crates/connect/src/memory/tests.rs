use base::testing::ManualClock;

use super::*;

const STALENESS: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn what_is_known_is_served_when_the_store_hangs_or_is_away() {
    let clock = ManualClock::new();
    let memory: Memory<u8, &str> = Memory::new(STALENESS);
    let first = memory.get(1, &clock, async || Ok(Some("known"))).await;
    assert_eq!(*first.unwrap().unwrap(), "known");
    clock.advance(STALENESS * 2);
    let hanging = memory.get(1, &clock, std::future::pending);
    let served = tokio::time::timeout(PATIENCE * 2, hanging).await.expect("a bounded wait");
    assert_eq!(*served.unwrap().unwrap(), "known");
    let away = || StoreError::Unavailable("away".to_owned());
    assert_eq!(*memory.get(1, &clock, async || Err(away())).await.unwrap().unwrap(), "known");
    assert_eq!(memory.get(2, &clock, async || Err(away())).await.unwrap_err(), away());
}

#[tokio::test]
async fn what_is_gone_is_not_served() {
    let clock = ManualClock::new();
    let memory: Memory<u8, &str> = Memory::new(STALENESS);
    assert!(memory.get(1, &clock, async || Ok(Some("known"))).await.unwrap().is_some());
    clock.advance(STALENESS * 2);
    assert!(memory.get(1, &clock, async || Ok(None)).await.unwrap().is_none());
    let away = StoreError::Unavailable("away".to_owned());
    assert_eq!(memory.get(1, &clock, async || Err(away.clone())).await.unwrap_err(), away);
}

async fn known(memory: &Memory<u8, &'static str>, clock: &ManualClock) -> &'static str {
    let unasked = async || -> Result<_, StoreError> { panic!("the store was asked") };
    *memory.get(1, clock, unasked).await.unwrap().unwrap()
}

async fn looked_up(memory: &Memory<u8, &'static str>, clock: &ManualClock, row: &'static str) -> bool {
    let asked = AtomicBool::new(false);
    let load = async || {
        asked.store(true, Ordering::Relaxed);
        Ok(Some(row))
    };
    let given = *memory.get(1, clock, load).await.unwrap().unwrap();
    let asked = asked.into_inner();
    assert!(!asked || given == row);
    asked
}

/// A memory whose follower has begun, with one row loaded since.
async fn followed(clock: &ManualClock) -> Memory<u8, &'static str> {
    let memory = Memory::new(STALENESS);
    memory.begin_hearing(clock.monotonic());
    clock.advance(Duration::from_millis(1));
    assert!(looked_up(&memory, clock, "old").await);
    memory
}

#[tokio::test]
async fn a_row_whose_changes_are_heard_of_is_not_looked_at_again_until_it_changes() {
    let clock = ManualClock::new();
    let memory = followed(&clock).await;
    for _ in 0..20 {
        clock.advance(STALENESS / 2);
        memory.heard(clock.monotonic(), clock.monotonic());
        assert_eq!(known(&memory, &clock).await, "old");
    }
    memory.forget(&1);
    assert!(looked_up(&memory, &clock, "new").await);
}

#[tokio::test]
async fn when_the_follower_stops_each_row_is_looked_at_by_itself_within_the_bound() {
    let clock = ManualClock::new();
    let memory = followed(&clock).await;
    clock.advance(STALENESS / 2);
    memory.heard(clock.monotonic(), clock.monotonic());
    clock.advance(STALENESS);
    assert!(looked_up(&memory, &clock, "new").await, "{STALENESS:?} after the follower's last look");
    clock.advance(STALENESS);
    assert!(looked_up(&memory, &clock, "newer").await, "and again");
}

#[tokio::test]
async fn a_gap_in_following_is_not_bridged() {
    let clock = ManualClock::new();
    let memory = followed(&clock).await;
    clock.advance(STALENESS);
    // The store may have been put back meanwhile: what was loaded before proves nothing.
    memory.heard(clock.monotonic(), clock.monotonic());
    assert!(looked_up(&memory, &clock, "restored").await);
    clock.advance(Duration::from_millis(1));
    memory.forget(&1);
    assert!(looked_up(&memory, &clock, "after").await);
    clock.advance(STALENESS.saturating_sub(Duration::from_millis(2)));
    memory.heard(clock.monotonic(), clock.monotonic());
    clock.advance(STALENESS / 2);
    assert_eq!(known(&memory, &clock).await, "after");
}

#[tokio::test]
async fn what_was_loaded_before_the_follower_began_is_looked_at_once_more() {
    let clock = ManualClock::new();
    let memory: Memory<u8, &str> = Memory::new(STALENESS);
    assert!(looked_up(&memory, &clock, "old").await);
    // At the same reading as well: which of the two came first cannot be told.
    memory.begin_hearing(clock.monotonic());
    clock.advance(STALENESS.saturating_sub(Duration::from_millis(1)));
    memory.heard(clock.monotonic(), clock.monotonic());
    clock.advance(Duration::from_millis(2));
    assert!(looked_up(&memory, &clock, "new").await);
}

#[tokio::test]
async fn a_row_that_changed_while_it_was_loaded_is_loaded_again() {
    let clock = ManualClock::new();
    let memory = followed(&clock).await;
    memory.forget(&1);
    let overtaken = async || {
        memory.forget(&1);
        Ok(Some("before the change"))
    };
    memory.get(1, &clock, overtaken).await.unwrap();
    assert!(looked_up(&memory, &clock, "after it").await);
    assert_eq!(known(&memory, &clock).await, "after it");
}

#[tokio::test]
async fn a_load_that_is_given_up_leaves_nothing_behind() {
    let clock = ManualClock::new();
    let memory = followed(&clock).await;
    memory.forget(&1);
    let given_up = memory.get(1, &clock, std::future::pending);
    assert!(tokio::time::timeout(Duration::from_millis(5), given_up).await.is_err());
    memory.forget(&1);
    assert!(memory.loading.lock().unwrap().is_empty());
    assert!(looked_up(&memory, &clock, "new").await);
    assert_eq!(known(&memory, &clock).await, "new");
}

#[tokio::test]
async fn one_caller_looks_again_ahead_and_the_others_are_served_meanwhile() {
    let clock = ManualClock::new();
    let memory: Memory<u8, &str> = Memory::new(STALENESS);
    assert!(looked_up(&memory, &clock, "old").await);
    clock.advance(STALENESS / 2);
    let others = async || {
        assert_eq!(known(&memory, &clock).await, "old");
        Ok(Some("new"))
    };
    assert_eq!(*memory.get(1, &clock, others).await.unwrap().unwrap(), "new");
    assert_eq!(known(&memory, &clock).await, "new");
}

#[tokio::test]
async fn it_is_bounded() {
    let clock = ManualClock::new();
    let memory: Memory<u32, u8> = Memory::new(STALENESS);
    for key in 0..=u32::try_from(MAX_ENTRIES).unwrap() {
        memory.get(key, &clock, async || Ok(Some(0))).await.unwrap();
        assert!(memory.entries.read().unwrap().len() <= MAX_ENTRIES);
    }
    assert_eq!(memory.entries.read().unwrap().len(), 1);
}
