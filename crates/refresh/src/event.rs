use base::Timestamp;

use crate::{DegradedReason, EndReason, GrantId};

/// What happened to a grant. Each is one row of `grant_events`, written in the transaction of the change itself and
/// numbered in commit order; processes follow it to drop what they cached, and `connect` tells it onward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantEvent {
    /// Its grant.
    pub grant: GrantId,
    /// When.
    pub at: Timestamp,
    /// The grant's generation after it.
    pub generation: u64,
    /// What.
    pub change: GrantChange,
}

/// The kinds of [`GrantEvent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantChange {
    /// A new credential: by a first sign-in, a further sign-in, or a replaced key.
    Given,
    /// Rotated; the generation was raised by one.
    Refreshed {
        /// Whether the grant had been degraded or unknown before.
        recovered: bool,
    },
    /// Can not be refreshed for the moment.
    Degraded {
        /// Why.
        reason: DegradedReason,
        /// The next try.
        next_try_at: Timestamp,
        /// Whether it already was.
        again: bool,
    },
    /// A request left and its outcome is not known.
    Unknown {
        /// When it will be looked into.
        next_try_at: Timestamp,
    },
    /// Over.
    Ended {
        /// Why.
        reason: EndReason,
    },
    /// An ended grant was brought back by the late answer that it had been waiting for.
    Revived,
}

impl GrantChange {
    /// The stored word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refreshed { .. } => "refreshed",
            Self::Degraded { .. } => "degraded",
            Self::Unknown { .. } => "unknown",
            Self::Ended { .. } => "ended",
            Self::Revived => "revived",
        }
    }
}

/// A [`GrantEvent`] with its place in commit order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedGrantEvent {
    /// Rises with every commit; nothing appears later at or below one that has been read.
    pub position: u64,
    /// The event.
    pub event: GrantEvent,
}
