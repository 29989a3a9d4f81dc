use std::time::Duration;

use base::Timestamp;

use crate::{AttemptId, GrantId};

/// The trace of one attempt (rule 15, facts 17.81): when, who, why, outcome, the wait for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Its name.
    pub id: AttemptId,
    /// Its grant.
    pub grant: GrantId,
    /// When it began to wait for the lease.
    pub started_at: Timestamp,
    /// When its outcome was known.
    pub finished_at: Timestamp,
    /// The instance that made it.
    pub instance: String,
    /// What set it off.
    pub cause: Cause,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// A reason in words for people; never holds a secret.
    pub reason: String,
    /// How long it waited for the lease.
    pub lease_wait: Duration,
    /// The generation before.
    pub generation_before: u64,
    /// The generation after; the same if nothing advanced.
    pub generation_after: u64,
}

crate::words::words! {
    /// What came of an attempt (rule 8).
    AttemptOutcome {
        /// A new credential was stored.
        Advanced = "advanced",
        /// An answer arrived that no longer fits: the grant had gone on.
        AnswerNoLongerFits = "answer_no_longer_fits",
        /// Certainly not processed; tried again later.
        NotProcessed = "not_processed",
        /// Refused for good.
        Refused = "refused",
        /// Refused for a reason that the operator must look at.
        Misconfigured = "misconfigured",
        /// Sent, and nobody knows whether it was processed.
        Unknown = "unknown",
        /// The question after an unknown outcome found the old refresh token alive: it had not been processed.
        FoundAlive = "found_alive",
        /// The question found it dead: it had been processed, and the answer is lost.
        FoundDead = "found_dead",
        /// The question was not answered.
        NoAnswer = "no_answer",
        /// Not presented: the database looks restored, and nobody but the operator can say whether the token is good.
        WaitsForOperator = "waits_for_operator",
        /// Not presented, because it was known to have expired (rule 13).
        KnownExpired = "known_expired",
    }
}

crate::words::words! {
    /// What sets a refresh off.
    Cause {
        /// A caller wants a token that is due.
        Use = "use",
        /// The scheduler, ahead of expiry, for a grant in use.
        Ahead = "ahead",
        /// The scheduler, so that an idle grant does not die (facts 17.62).
        KeepAlive = "keep_alive",
        /// A caller's token of the current generation was refused.
        Rejected = "rejected",
        /// Looking into an outcome that is not known.
        Recovery = "recovery",
    }
}
