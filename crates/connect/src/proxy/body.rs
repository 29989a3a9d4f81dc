use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use outbound::{Body, BodyError};

use super::KEPT_BODY;

/// A caller's body: small ones are kept whole for one resend, larger ones are streamed and can be sent once.
pub(super) enum Kept {
    Whole(Bytes),
    Streamed(Option<Body>),
}

/// Reads at most as much as is kept.
pub(super) async fn keep(mut body: Body) -> Result<Kept, BodyError> {
    let mut read = BytesMut::new();
    while read.len() <= KEPT_BODY {
        let Some(frame) = body.frame().await else { return Ok(Kept::Whole(read.freeze())) };
        if let Ok(data) = frame?.into_data() {
            read.extend_from_slice(&data);
        }
    }
    let first = Some(read.freeze());
    Ok(Kept::Streamed(Some(Body::wrap(Rest { first, rest: body }))))
}

impl Kept {
    /// The body for the next sending.
    pub(super) fn take(&mut self) -> Body {
        match self {
            Self::Whole(bytes) if bytes.is_empty() => Body::empty(),
            Self::Whole(bytes) => Body::from(bytes.clone()),
            Self::Streamed(body) => body.take().unwrap_or_default(),
        }
    }

    pub(super) const fn can_be_sent_again(&self) -> bool {
        matches!(self, Self::Whole(_))
    }
}

/// What was read already, and then what is still to come.
struct Rest {
    first: Option<Bytes>,
    rest: Body,
}

impl http_body::Body for Rest {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        Pin::new(&mut self.rest).poll_frame(context)
    }

    fn size_hint(&self) -> SizeHint {
        let read = self.first.as_ref().map_or(0, |first| first.len() as u64);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        if let Some(exact) = rest.exact() {
            hint.set_exact(exact + read);
        } else {
            hint.set_lower(rest.lower() + read);
        }
        hint
    }
}
