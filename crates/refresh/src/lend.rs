use base::{Secret, Timestamp};

use crate::{CredentialKind, DegradedReason, EndReason, GrantId};

/// A token lent to a caller. Valid until `expires_at`; ask again for each use, it is cheap.
#[derive(Debug, Clone)]
pub struct Lent {
    /// Its grant.
    pub grant: GrantId,
    /// The access token or API key, exactly as the provider gave it (facts 17.43).
    pub access_token: Secret<String>,
    /// Whether it is an OAuth token or a key.
    pub kind: CredentialKind,
    /// The generation that it belongs to: name it when reporting that it was refused.
    pub generation: u64,
    /// When it expires; `None` if it does not or was not told.
    pub expires_at: Option<Timestamp>,
}

/// Why no token can be lent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LendError {
    /// There is no such grant.
    #[error("there is no such grant")]
    NoGrant,
    /// The grant is over; a person must sign in again.
    #[error("the grant is over: {reason}")]
    Ended {
        /// Why.
        reason: EndReason,
        /// Since when.
        at: Timestamp,
    },
    /// A refresh is under way or its outcome is being looked into. Try again after `retry_at`.
    #[error("a refresh is pending")]
    Pending {
        /// When to try again.
        retry_at: Timestamp,
    },
    /// The provider is out of order and the old token has expired. Try again after `retry_at`.
    #[error("the provider cannot refresh now: {reason}")]
    Degraded {
        /// What is out of order.
        reason: DegradedReason,
        /// When the next try is made.
        retry_at: Timestamp,
    },
    /// The store failed and no usable token is in memory.
    #[error(transparent)]
    Store(#[from] base::StoreError),
    /// A stored credential could not be opened: the key ring lacks its key, or the row was damaged.
    #[error("the stored credential cannot be opened")]
    CannotOpen,
}
