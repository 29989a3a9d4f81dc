//! Waiting for what other processes do. They tell nobody outside, so they are asked again and again, for a bounded time.

use std::time::Duration;

use anyhow::Result;

const PAUSE: Duration = Duration::from_millis(100);

/// Asks until there is something, or the time is over (`None`).
pub(crate) async fn until<T>(
    within: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let asking = async {
        loop {
            match ask().await {
                Ok(None) => tokio::time::sleep(PAUSE).await,
                Ok(Some(found)) => return Ok(Some(found)),
                Err(error) => return Err(error),
            }
        }
    };
    tokio::time::timeout(within, asking).await.unwrap_or(Ok(None))
}

/// Lets time pass in which nothing should happen. There is no event to wait for.
pub(crate) async fn quiet(length: Duration) {
    tokio::time::sleep(length).await;
}
