use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::time::sleep;

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// So many pieces of so many bytes, each after this pause; then the end. What could be read of it, and whether that was all.
async fn read(pieces: u32, bytes: usize, pause: Duration) -> (usize, bool) {
    let sent = stream::unfold(0, move |sent| async move {
        if sent == pieces {
            return None;
        }
        sleep(pause).await;
        let piece = Frame::data(Bytes::from(vec![b'x'; bytes]));
        Some((Ok::<_, std::convert::Infallible>(piece), sent + 1))
    });
    let mut body = PatientBody::new(StreamBody::new(Box::pin(sent)), PATIENCE);
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => length += frame.data_ref().map_or(0, Bytes::len),
            Err(error) => {
                assert!(error.is::<BodyStalled>(), "{error}");
                return (length, false);
            }
        }
    }
    (length, true)
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_ends_with_its_time() {
    assert_eq!(read(100, 1, Duration::from_secs(18)).await, (1, false));
    assert_eq!(read(100, 1, Duration::from_millis(100)).await, (100, true), "within the time");
}

#[tokio::test(start_paused = true)]
async fn nothing_may_come_for_no_longer_than_the_patience() {
    assert_eq!(read(1, 1024 * 1024, Duration::from_secs(31)).await, (0, false));
    // What a large piece has earned is for more pieces, not for silence.
    assert_eq!(read(2, 1024 * 1024, Duration::from_secs(29)).await, (2 * 1024 * 1024, true));
}

#[tokio::test(start_paused = true)]
async fn a_large_body_has_as_long_as_it_keeps_coming() {
    // 32 KiB a second for five minutes.
    assert_eq!(read(300, 32 * 1024, Duration::from_secs(1)).await, (300 * 32 * 1024, true));
    // 8 KiB a second: 30 seconds, and half a second more for each.
    let (length, whole) = read(300, 8 * 1024, Duration::from_secs(1)).await;
    assert!(!whole && (55..=61).contains(&(length / (8 * 1024))), "{length}");
}
