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
