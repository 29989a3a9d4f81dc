use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::*;

#[tokio::test]
async fn it_is_polled_when_it_was_woken_and_not_otherwise() {
    let (token, polls) = (CancellationToken::new(), Rc::new(Cell::new(0)));
    let counted = {
        let (token, polls) = (token.clone(), Rc::clone(&polls));
        let mut cancelled = Box::pin(token.cancelled_owned());
        poll_fn(move |context| {
            polls.set(polls.get() + 1);
            cancelled.as_mut().poll(context)
        })
    };
    let mut dormant = std::pin::pin!(Dormant::new(counted));
    for _ in 0..5 {
        assert!(futures_util::poll!(dormant.as_mut()).is_pending());
    }
    assert_eq!(polls.get(), 1);
    token.cancel();
    tokio::time::timeout(Duration::from_secs(5), dormant).await.unwrap();
    assert_eq!(polls.get(), 2);
}

#[tokio::test]
async fn it_wakes_the_task_that_polled_it_last() {
    let token = CancellationToken::new();
    let mut dormant = Box::pin(Dormant::new(token.clone().cancelled_owned()));
    // Polled here first, and then waited for elsewhere.
    assert!(futures_util::poll!(dormant.as_mut()).is_pending());
    let tasks = tokio_util::task::TaskTracker::new();
    let waiting = tasks.spawn(dormant);
    tokio::task::yield_now().await;
    token.cancel();
    tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_ready_is_ready_at_once() {
    let mut ready = std::pin::pin!(Dormant::new(std::future::ready(7)));
    assert_eq!(futures_util::poll!(ready.as_mut()), Poll::Ready(7));
}
