use std::net::IpAddr;
use std::time::Duration;

/// Why there is no answer. None of the texts holds a path, a query, a header or a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Not a byte of the request has left: the other side has certainly not acted on it.
    #[error("the request was not sent: {0}")]
    NotSent(#[from] NotSent),
    /// The request, or part of it, may have arrived. Whether it was acted on is not known.
    #[error("it is not known whether the request was acted on: {0}")]
    Unknown(#[from] Unknown),
    /// The request is not one that could be sent: a defect of the caller, or of what a person typed. Not sent.
    #[error("the request cannot be sent: {0}")]
    BadRequest(&'static str),
}

impl SendError {
    /// Whether the other side has certainly not acted on the request.
    pub const fn certainly_not_sent(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

/// Why nothing left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The name has no address, or the name service does not answer.
    #[error("the name {host} could not be resolved: {cause}")]
    Resolve {
        /// The host.
        host: String,
        /// What the system said.
        cause: String,
    },
    /// The address is not public, and not in `outbound_allow`.
    #[error(
        "{host} is at the address {address}, which is not public; if that is intended, add it to `outbound_allow`"
    )]
    AddressRefused {
        /// The host.
        host: String,
        /// The refused address, the first one where there are several.
        address: IpAddr,
    },
    /// Plain http to an address that is not in `outbound_allow`.
    #[error("{host} is not to be called over plain http; use https, or add its address to `outbound_allow`")]
    HttpsRequired {
        /// The host.
        host: String,
    },
    /// No connection, or no agreement on TLS.
    #[error("no connection to {host}: {cause}")]
    Connect {
        /// The host.
        host: String,
        /// What the system or TLS said.
        cause: String,
    },
    /// No connection within the time for one.
    #[error("no connection to {host} within {} s", limit.as_secs())]
    ConnectTimeout {
        /// The host.
        host: String,
        /// The time there was.
        limit: Duration,
    },
}

/// Why an answer is missing although the request may have arrived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No answer within the deadline.
    #[error("{host} did not answer within {} s", deadline.as_secs())]
    Deadline {
        /// The host.
        host: String,
        /// The deadline.
        deadline: Duration,
    },
    /// The connection ended, or broke the protocol, before there was an answer.
    #[error("the connection to {host} broke before an answer came: {cause}")]
    Cut {
        /// The host.
        host: String,
        /// What was seen.
        cause: String,
    },
}
