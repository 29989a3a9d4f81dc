use std::sync::atomic::{AtomicI64, Ordering};

use base::Clock as _;
use base::testing::ManualClock;

use super::*;

#[derive(Default)]
struct OneNumber(AtomicI64);

#[async_trait]
impl ClockOffset for OneNumber {
    async fn clock_offset_millis(&self) -> Result<i64, StoreError> {
        Ok(self.0.load(Ordering::SeqCst))
    }
    async fn add_clock_offset(&self, millis: i64) -> Result<i64, StoreError> {
        Ok(self.0.fetch_add(millis, Ordering::SeqCst) + millis)
    }
    async fn reset_clock_offset(&self) -> Result<(), StoreError> {
        self.0.store(0, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn two_processes_see_one_time() {
    let store = Arc::new(OneNumber::default());
    let machine = Arc::new(ManualClock::new());
    let start = machine.now();
    let switch =
        || ClockSwitch::new(Arc::new(ShiftedClock::new(Arc::clone(&machine) as _)), Arc::clone(&store) as _);
    let (one, two) = (switch(), switch());
    one.advance(900).await.unwrap();
    two.advance(100).await.unwrap();
    one.follow_once().await.unwrap();
    assert_eq!(one.clock().now(), start + Duration::from_secs(1000));
    assert_eq!(two.clock().now(), start + Duration::from_secs(1000));
    assert_eq!(one.advance(i64::MAX / 2).await, Err(ClockError::TooFar));
    two.reset().await.unwrap();
    one.follow_once().await.unwrap();
    assert_eq!(one.clock().now(), start);
}

#[tokio::test]
async fn following_sees_a_change_and_stops_when_told() {
    let store = Arc::new(OneNumber::default());
    let clock = Arc::new(ShiftedClock::new(Arc::new(ManualClock::new())));
    let switch = ClockSwitch::new(Arc::clone(&clock), Arc::clone(&store) as _);
    store.add_clock_offset(5000).await.unwrap();
    let shutdown = CancellationToken::new();
    let seen = async {
        while clock.offset_millis() != 5000 {
            tokio::task::yield_now().await;
        }
        shutdown.cancel();
    };
    tokio::time::timeout(Duration::from_secs(10), async {
        tokio::join!(switch.follow(shutdown.clone()), seen)
    })
    .await
    .unwrap();
}
