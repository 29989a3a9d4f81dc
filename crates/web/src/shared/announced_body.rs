use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body that still says how long it is although what it is wrapped in has forgotten: a proxy then passes on a length where one
/// came, and nothing where nothing came.
pub(super) struct AnnouncedBody<B> {
    inner: Pin<Box<B>>,
    left: Option<u64>,
}

impl<B> AnnouncedBody<B> {
    /// `inner`, of which `announced` bytes are to come, if that is known.
    pub(super) fn new(inner: B, announced: Option<u64>) -> Self {
        Self { inner: Box::pin(inner), left: announced }
    }
}

impl<B: Body<Data = Bytes>> Body for AnnouncedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = self.inner.as_mut().poll_frame(context);
        if let (Poll::Ready(Some(Ok(frame))), Some(left)) = (&polled, self.left) {
            let length = frame.data_ref().map_or(0, Bytes::len);
            self.left = Some(left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX)));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0) || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
