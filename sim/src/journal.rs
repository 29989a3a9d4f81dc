//! Everything that happened in a run, in order. The invariants are checked from it.

use std::fmt::{self, Write as _};
use std::time::Duration;

use refresh::{AttemptId, AttemptOutcome, Cause, EndReason, RotationStored};

use crate::plan::{Delivery, Step, TrapKind};

/// Where something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// An instance, in one of its lives.
    Instance {
        /// Which.
        host: usize,
        /// Its how many-th life.
        life: u32,
    },
    /// The provider.
    Provider,
    /// Neither: the customer, the weather.
    Outside,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance { host, life } => write!(f, "i{host}.{life}"),
            Self::Provider => f.write_str("provider"),
            Self::Outside => f.write_str("-"),
        }
    }
}

/// Names a request.
pub(crate) type RequestId = usize;

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A refresh.
    Refresh {
        /// The grant's number.
        grant: usize,
        /// The number of the refresh token that is presented.
        refresh: usize,
    },
    /// A question about a refresh token.
    RefreshQuestion {
        /// The grant's number.
        grant: usize,
        /// The token's number.
        refresh: usize,
    },
    /// A question about an access token.
    AccessQuestion {
        /// The grant's number.
        grant: usize,
        /// The number of its pair.
        pair: usize,
    },
    /// A call of the API.
    Call {
        /// The grant's number.
        grant: usize,
        /// The number of the access token's pair.
        pair: usize,
    },
}

/// How a request ended for its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Not a byte has left.
    NotSent,
    /// No whole answer.
    Unanswered,
    /// An answer, whole.
    Answered {
        /// Its status.
        status: u16,
        /// Which pair it holds.
        issued: Option<usize>,
        /// The code of a refusal.
        code: Option<Code>,
    },
}

/// The codes of refusals that a provider here uses.
#[expect(clippy::enum_variant_names, reason = "the codes of RFC 6749 begin alike")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The token is dead.
    InvalidGrant,
    /// The client is not known.
    InvalidClient,
    /// Something else is wrong, or it is too early.
    InvalidRequest,
}

impl Code {
    /// The code on the wire.
    pub const fn text(self) -> &'static str {
        match self {
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidClient => "invalid_client",
            Self::InvalidRequest => "invalid_request",
        }
    }

    /// The code of this text.
    pub fn of(text: &str) -> Option<Self> {
        [Self::InvalidGrant, Self::InvalidClient, Self::InvalidRequest]
            .into_iter()
            .find(|code| code.text() == text)
    }
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A process began.
    Began,
    /// A process has brought in what was on its disk.
    Recovered(usize),
    /// A process could not, and tries again.
    NotRecovered,
    /// A trap closed at a step.
    Trapped(Step, TrapKind),
    /// A process is gone.
    Gone {
        /// Whether it had been told to stop and came to its end.
        orderly: bool,
    },
    /// A clock stepped.
    ClockStepped(i64),
    /// The customer withdrew a grant.
    Withdrawn(usize),
    /// The database was put back to an earlier state: the generation and the pair that each grant has in it.
    Restored {
        /// When the copy had been made.
        copied_at: Duration,
        /// Generation and pair, by the grant's number.
        rows: Vec<(u64, usize)>,
        /// Whether under running instances.
        running: bool,
        /// The machines that remember a rotation which is not in it.
        remembered_by: Vec<usize>,
    },
    /// A process was told to stop.
    ToldToStop,
    /// A machine was replaced by one that remembers nothing.
    Forgot,
    /// The database has shown a process that it is behind what the process, or its machine, has seen of it.
    ShownStepBack,
    /// A process has put every grant in doubt.
    EpochRaised,
    /// The operator accepted it.
    Accepted,
    /// The quiet has begun.
    Quiet,
    /// A request is about to be made.
    Asks(RequestId, Asked),
    /// Its first byte has left.
    Sent(RequestId, Asked),
    /// It has ended for its sender.
    Over(RequestId, Ended),
    /// It has arrived at the provider's gateway, which does this with it.
    Arrived(RequestId, Delivery),
    /// A refresh was processed: a pair was issued, or it was refused.
    Processed(RequestId, Asked, Result<usize, Code>),
    /// A question was answered: alive or not.
    Told(RequestId, Asked, bool),
    /// A call of the API: whether its token is good.
    Called(RequestId, bool),
    /// A marker was written, or not.
    Marked {
        /// The grant's number.
        grant: usize,
        /// The attempt.
        attempt: AttemptId,
        /// The generation.
        generation: u64,
        /// When it was to be written.
        asked_at: Duration,
        /// Whether it was written.
        written: bool,
    },
    /// An answer came to the store.
    Stored {
        /// The grant's number.
        grant: usize,
        /// The attempt.
        attempt: AttemptId,
        /// The generation that it made.
        generation: u64,
        /// The pair.
        pair: usize,
        /// What became of it.
        outcome: RotationStored,
        /// What had set it off.
        cause: Cause,
    },
    /// An attempt that did not advance came to the store.
    Failed {
        /// The grant's number.
        grant: usize,
        /// The attempt.
        attempt: AttemptId,
        /// What came of it.
        outcome: AttemptOutcome,
        /// What had set it off.
        cause: Cause,
        /// The reason, if it ends the grant.
        ends: Option<EndReason>,
        /// Whether it was written.
        written: bool,
    },
    /// The store was not to be had for this.
    StoreAway(&'static str),
    /// An answer is on disk.
    Synced {
        /// The grant's number.
        grant: usize,
        /// The pair.
        pair: usize,
    },
    /// The disk did not take it.
    DiskFailed,
    /// An answer on disk was lost or torn by a power cut before it was synced.
    LostOnDisk,
    /// A slot was cleared.
    Cleared,
    /// A token was lent.
    Lent {
        /// The grant's number.
        grant: usize,
        /// Its generation.
        generation: u64,
        /// Its pair.
        pair: usize,
        /// Whether it came back as the answer to a report that one was refused.
        after_refusal: bool,
    },
    /// No token was lent.
    NotLent {
        /// The grant's number.
        grant: usize,
        /// Whether because it is over.
        over: bool,
        /// Why, in words.
        why: String,
    },
    /// A call with a lent token was accepted.
    Served(usize),
    /// A look at a row in the last part of the run: nothing stands in it that waits for something.
    AtRest(usize),
    /// A look at a row in the last part of the run: something does.
    NotAtRest(usize, String),
}

/// One line of the journal.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: Duration,
    /// Where.
    pub place: Place,
    /// What.
    pub event: Event,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>5}.{:03} {:<8} {:?}",
            self.at.as_secs(),
            self.at.subsec_millis(),
            self.place.to_string(),
            self.event
        )
    }
}

/// The journal of a run.
#[derive(Debug, Default)]
pub struct Journal {
    /// Its lines.
    pub entries: Vec<Entry>,
    requests: RequestId,
}

impl Journal {
    /// Appends a line.
    pub fn note(&mut self, at: Duration, place: Place, event: Event) {
        self.entries.push(Entry { at, place, event });
    }

    /// A name for a new request.
    pub fn new_request(&mut self) -> RequestId {
        self.requests += 1;
        self.requests
    }

    /// A number that two different traces will not share.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fingerprint(0xcbf2_9ce4_8422_2325);
        for entry in &self.entries {
            // Writing into a number cannot fail.
            let _ = writeln!(hash, "{entry}");
        }
        hash.0
    }
}

/// FNV-1a.
struct Fingerprint(u64);

impl fmt::Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}
