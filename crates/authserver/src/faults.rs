use std::fmt;

use async_trait::async_trait;

/// An endpoint, by the name it has in the list of faults and in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The authorization endpoint and the consent that follows.
    Authorize,
    /// The token endpoint.
    Token,
    /// Introspection.
    Introspect,
    /// Revocation.
    Revoke,
    /// The resource APIs of the embedding side, which calls its own points.
    Api,
}

impl Endpoint {
    /// The name as a label of metrics.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Introspect => "introspect",
            Self::Revoke => "revoke",
            Self::Api => "api",
        }
    }
}

/// Before or after the state change of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Nothing was changed yet, and nothing will be if the fault ends the request.
    Before,
    /// What the request does is done; its answer is what is disturbed.
    After,
}

/// A point at which a fault can be put.
#[derive(Debug, Clone, Copy)]
pub struct FaultPoint<'a> {
    /// Where.
    pub endpoint: Endpoint,
    /// When.
    pub moment: Moment,
    /// The client, as it named itself; proven or not.
    pub client_id: Option<&'a str>,
    /// The path of the request, for the resource APIs.
    pub path: Option<&'a str>,
}

/// What becomes of an answer. Delays are waited out inside [`Faults::at`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed without an answer.
    Close,
    /// An empty answer with this status.
    Status(u16),
    /// A page with this status, where JSON is expected.
    Html(u16),
    /// The answer breaks off in the middle of its body.
    Truncate,
}

/// Disturbances on purpose: the port of the sandbox. In production there are none.
#[async_trait]
pub trait Faults: Send + Sync + fmt::Debug {
    /// Whether there can be any. Where there can be none, the points are not passed.
    fn is_on(&self) -> bool {
        true
    }

    /// Called at each point. Waits out a delay; returns what is to become of the answer, if anything.
    async fn at(&self, point: FaultPoint<'_>) -> Option<Fault>;
}

/// No faults.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoFaults;

#[async_trait]
impl Faults for NoFaults {
    fn is_on(&self) -> bool {
        false
    }

    async fn at(&self, _point: FaultPoint<'_>) -> Option<Fault> {
        None
    }
}
