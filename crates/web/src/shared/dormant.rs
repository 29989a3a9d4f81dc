use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// A future that is polled only when it was woken itself, and not whenever the task is that it is a part of: for what nearly
/// never happens, beside what happens all the time.
pub(super) struct Dormant<F> {
    inner: Pin<Box<F>>,
    alarm: Arc<Alarm>,
}

struct Alarm {
    has_rung: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl<F> Dormant<F> {
    pub(super) fn new(inner: F) -> Self {
        // The first time it has to be polled in any case.
        let alarm = Alarm { has_rung: AtomicBool::new(true), task: AtomicWaker::new() };
        Self { inner: Box::pin(inner), alarm: Arc::new(alarm) }
    }
}

impl<F: Future> Future for Dormant<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Before the look, so that no ringing falls in between.
        self.alarm.task.register(context.waker());
        if !self.alarm.has_rung.swap(false, Ordering::Acquire) {
            return Poll::Pending;
        }
        let waker = Waker::from(Arc::clone(&self.alarm));
        self.inner.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

#[cfg(test)]
mod tests;
