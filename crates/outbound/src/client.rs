use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};

use crate::body::Body;
use crate::error::SendError;

/// Sends requests. The one implementation for the network is [`crate::ReqwestClient`]; a simulation has another.
#[async_trait]
pub trait HttpClient: Send + Sync + fmt::Debug {
    /// Sends the request once. Any status is an answer, redirects and errors included.
    ///
    /// The URI must be absolute; `Host` is set from it. Hop-by-hop headers are the caller's business.
    /// The answer's body may still break ([`crate::BodyError`]); to whom an answer without its whole body is no answer (a token
    /// endpoint) must treat that as unknown.
    async fn send(&self, request: Request<Body>, options: &SendOptions) -> Result<Response<Body>, SendError>;
}

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendOptions {
    /// How long until the head of the answer is there, connecting included. Hanging up early makes lost answers, so it is
    /// generous where an answer matters.
    pub deadline: Duration,
    /// How long the answer's body may take.
    pub body: BodyTime,
    /// Use a connection that no other request has used or will use. On a reused one that the other side has just closed,
    /// a request ends as unknown; where that is dear (token endpoints), the handshake is the cheaper price.
    pub fresh_connection: bool,
}

/// How long the answer's body may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyTime {
    /// What is left of the deadline.
    WithinDeadline,
    /// As long as it flows: at most this long without a byte.
    Idle(Duration),
}

impl SendOptions {
    /// The whole exchange within `deadline`, on a connection that may be reused.
    pub const fn within(deadline: Duration) -> Self {
        Self { deadline, body: BodyTime::WithinDeadline, fresh_connection: false }
    }

    /// The head of the answer within `deadline`; the body for as long as it flows, never `idle` without a byte.
    pub const fn streaming(deadline: Duration, idle: Duration) -> Self {
        Self { deadline, body: BodyTime::Idle(idle), fresh_connection: false }
    }

    /// On a connection of its own.
    #[must_use]
    pub const fn on_fresh_connection(self) -> Self {
        Self { fresh_connection: true, ..self }
    }
}
