//! Bodies between this crate and reqwest.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::body::{Body, BodyError};

/// An answer's body that ends with an error when its time is up.
pub(super) struct TimedBody {
    inner: reqwest::Body,
    timer: Pin<Box<Sleep>>,
    idle: Option<Duration>,
    /// Whether the idle time is running. It does not while the reader takes its time.
    waiting: bool,
}

impl TimedBody {
    /// Until the timer fires.
    pub(super) fn until(inner: reqwest::Body, timer: Pin<Box<Sleep>>) -> Self {
        Self { inner, timer, idle: None, waiting: true }
    }

    /// Never longer than `idle` without a frame.
    pub(super) fn idle(inner: reqwest::Body, idle: Duration) -> Self {
        Self { inner, timer: Box::pin(sleep(idle)), idle: Some(idle), waiting: false }
    }
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) {
            this.waiting = false;
            return Poll::Ready(
                frame.map(|frame| frame.map_err(|error| BodyError::Cut(super::root_cause(&error)))),
            );
        }
        if let (Some(idle), false) = (this.idle, this.waiting) {
            this.timer.set(sleep(idle));
            this.waiting = true;
        }
        ready!(this.timer.as_mut().poll(context));
        Poll::Ready(Some(Err(BodyError::Time)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// reqwest wants bodies that can be shared between threads, which ours are not. The lock is never contended: whoever polls
/// holds the body alone.
pub(super) struct SyncBody(Mutex<Body>);

impl SyncBody {
    pub(super) fn new(body: Body) -> Self {
        Self(Mutex::new(body))
    }
}

impl HttpBody for SyncBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(self.0.get_mut().unwrap_or_else(PoisonError::into_inner)).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
