use authserver::{Ending, Rendered};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;

use crate::sandbox::broken_body::{closed, truncated};

/// The engine's answer on its way out, cut or held back where a fault wants that.
pub(super) fn respond(rendered: Rendered) -> Response {
    let (parts, body) = rendered.response.into_parts();
    let body = Bytes::from(body);
    match rendered.ending {
        Ending::Whole => Response::from_parts(parts, Body::from(body)),
        Ending::Truncated => truncated(Response::from_parts(parts, Body::empty()), &body),
        Ending::Closed => closed(),
    }
}

/// An answer of the engine that no fault touches.
pub(super) fn plain(response: http::Response<Vec<u8>>) -> Response {
    response.map(Body::from)
}
