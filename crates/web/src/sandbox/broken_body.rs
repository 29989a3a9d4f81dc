use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream;
use http::header;

/// The error that ends a body on purpose: the server closes the connection without completing the answer.
#[derive(Debug, thiserror::Error)]
#[error("broken off on purpose")]
struct BrokenOff;

/// An answer of which nothing is ever sent: its body fails before its head has left, and the connection is closed.
pub(crate) fn closed() -> Response {
    Response::new(Body::from_stream(stream::once(async { Err::<Bytes, _>(BrokenOff) })))
}

/// `response` with the first half of `body`, after which the connection is closed although more was announced.
pub(crate) fn truncated(response: Response, body: &Bytes) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let half = body.slice(..body.len() / 2);
    let pieces = stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) if !half.is_empty() => Some((Ok(half), Some(Bytes::new()))),
            Some(_) => {
                // Gives the server the time to send what it has been given.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                Some((Err(BrokenOff), None))
            }
            None => None,
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}
