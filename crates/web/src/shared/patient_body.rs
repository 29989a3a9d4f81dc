use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// Bytes that earn a body another second: a large one may take longer, one that trickles may not.
const BYTES_A_SECOND: u64 = 16 * 1024;

/// A request's body of which each piece must come within a time, and the whole within as much and a second more for every 16 KiB of it.
/// The timers are set only where there is nothing to read yet: most bodies have come together with the head.
pub(super) struct PatientBody<B> {
    inner: B,
    patience: Duration,
    /// Until the next piece.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Until the end.
    whole: Option<Pin<Box<Sleep>>>,
}

/// Nothing came for too long, or too little.
#[derive(Debug, thiserror::Error)]
#[error("the rest of the body did not come in time")]
pub(super) struct BodyStalled;

impl<B> PatientBody<B> {
    pub(super) const fn new(inner: B, patience: Duration) -> Self {
        Self { inner, patience, waiting: None, whole: None }
    }

    /// A piece has come.
    fn earn(&mut self, piece: &Bytes) {
        self.waiting = None;
        if let Some(whole) = &mut self.whole {
            let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            let earned = Duration::from_micros(length.saturating_mul(1_000_000) / BYTES_A_SECOND);
            let end = whole.deadline() + earned;
            whole.as_mut().reset(end);
        }
    }
}

impl<B> Body for PatientBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            if let Some(piece) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
                self.earn(piece);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let patience = self.patience;
        let timer = || Box::pin(tokio::time::sleep(patience));
        let whole = self.whole.get_or_insert_with(timer).as_mut().poll(context);
        if whole.is_pending() {
            ready!(self.waiting.get_or_insert_with(timer).as_mut().poll(context));
        }
        Poll::Ready(Some(Err(BodyStalled.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests;
