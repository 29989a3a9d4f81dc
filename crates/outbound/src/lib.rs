//! The only HTTP client: an [`http::Request`] in, an [`http::Response`] out, bodies streamed both ways.
//!
//! What it never does: follow a redirect, send a request a second time, use a proxy from the environment, keep cookies,
//! decompress, or talk to an address that is not public unless the operator has allowed it ([`Guard`]).
//!
//! Its errors tell *certainly not sent* from *unknown* ([`SendError`]), because the refresh authority must know whether a
//! refresh token may have been spent.

mod body;
mod client;
mod error;
mod guard;
mod reqwest_client;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use body::{Body, BodyError};
pub use client::{BodyTime, HttpClient, SendOptions};
pub use error::{NotSent, SendError, Unknown};
pub use guard::Guard;
pub use reqwest_client::{ReqwestClient, Settings, SetupError};
