//! The invariants, checked after a run from the journal, the provider and the store.

mod condemned;
mod generations;
mod lent;
mod liveness;
mod lost;
mod once;
mod rate;
mod story;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::run::Record;
use story::Story;

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// One request per refresh token, unless the rotation rule allows another.
    OneRequestPerToken,
    /// A pair that was received is stored, or superseded.
    NothingLost,
    /// A grant that ended had a reason to.
    HealthyNeverCondemned,
    /// Generations, events and attempts agree.
    Generations,
    /// After the faults everything comes to rest and everybody is served.
    Liveness,
    /// What is lent has been stored.
    StoredBeforeLent,
    /// The number of requests is bounded.
    Bounded,
    /// Nothing panics.
    NoPanic,
}

impl Invariant {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::OneRequestPerToken,
        Self::NothingLost,
        Self::HealthyNeverCondemned,
        Self::Generations,
        Self::Liveness,
        Self::StoredBeforeLent,
        Self::Bounded,
        Self::NoPanic,
    ];

    /// Its name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneRequestPerToken => "one-request-per-refresh-token",
            Self::NothingLost => "nothing-lost",
            Self::HealthyNeverCondemned => "healthy-never-condemned",
            Self::Generations => "generations",
            Self::Liveness => "liveness",
            Self::StoredBeforeLent => "stored-before-lent",
            Self::Bounded => "bounded",
            Self::NoPanic => "no-panic",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A window that nobody can close, and that a run went through. They are counted, not hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// A grant ended: its refresh was processed, and the answer was lost between the provider and the instance.
    AnswerLost,
    /// A grant ended: the instance was killed while it waited for the answer.
    KilledWaiting,
    /// An answer was gone: the instance was killed after it had received it and before it was on disk or in the store.
    KilledBeforeSafe,
    /// A grant ended: a gateway sent a request on a second time.
    SentTwiceByGateway,
    /// A grant ended: the provider processed a request after its sender had given it up and the question had been answered.
    ProcessedLate,
    /// A request was sent late: the process was stopped between its last check and its sending.
    StoppedBeforeSending,
    /// A grant ended: the time in which an old refresh token may be sent again was over.
    GraceOver,
    /// A grant ended: where nobody can be asked, the old refresh token had been sent again, as the rule says, and the provider took
    /// that for a theft and killed everything, while the answer was waiting on a disk.
    KilledByRetry,
    /// The database was restored from a backup: a grant ended because its token had been spent since, or an answer under way
    /// did not fit any more.
    Restored,
    /// A spent token was presented because nobody had noticed yet that the database was restored: the newest rotation is
    /// noted once a second.
    RestoredUnnoticed,
    /// A spent token was presented after the operator had accepted a restored database.
    OperatorAccepted,
    /// Not a loss: an instance on a fresh machine has put all grants in doubt, as there was nobody to vouch for the database.
    NobodyVouched,
    /// Not a window of the authority: the customer withdrew the grant.
    Withdrawn,
    /// Not a loss: a grant had ended for want of an answer, and the answer came after all.
    Revived,
}

impl Window {
    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::AnswerLost,
        Self::KilledWaiting,
        Self::KilledBeforeSafe,
        Self::SentTwiceByGateway,
        Self::ProcessedLate,
        Self::StoppedBeforeSending,
        Self::GraceOver,
        Self::KilledByRetry,
        Self::Restored,
        Self::RestoredUnnoticed,
        Self::OperatorAccepted,
        Self::NobodyVouched,
        Self::Withdrawn,
        Self::Revived,
    ];

    /// Its name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnswerLost => "grant ended, its answer was lost on the way",
            Self::KilledWaiting => "grant ended, the instance was killed waiting for the answer",
            Self::KilledBeforeSafe => "answer lost, the instance was killed before it was safe",
            Self::SentTwiceByGateway => "grant ended, a gateway sent the request twice",
            Self::ProcessedLate => "grant ended, a request was processed after it was given up",
            Self::StoppedBeforeSending => "request sent late, the process had been stopped before it",
            Self::GraceOver => "grant ended, the time to send again was over",
            Self::KilledByRetry => "grant ended, its retry by the rule had killed everything",
            Self::Restored => "token or answer lost, the database was restored",
            Self::RestoredUnnoticed => "spent token presented, a restore not yet noticed",
            Self::OperatorAccepted => "spent token presented, the operator accepted",
            Self::NobodyVouched => "(all in doubt: a fresh machine, and nobody to vouch)",
            Self::Withdrawn => "(grant ended, the customer withdrew it)",
            Self::Revived => "(grant revived by a late answer)",
        }
    }
}

/// Something that must not be.
#[derive(Debug, Clone)]
pub struct Violation {
    /// What it violates.
    pub invariant: Invariant,
    /// When.
    pub at: Duration,
    /// In words.
    pub what: String,
}

/// What the checks of a run came to.
#[derive(Debug, Default)]
pub struct Findings {
    /// How often each invariant was looked at.
    pub checks: BTreeMap<Invariant, u64>,
    /// What does not hold.
    pub violations: Vec<Violation>,
    /// The windows.
    pub windows: BTreeMap<Window, u64>,
}

impl Findings {
    fn checked(&mut self, invariant: Invariant) {
        *self.checks.entry(invariant).or_default() += 1;
    }

    fn violated(&mut self, invariant: Invariant, at: Duration, what: String) {
        self.violations.push(Violation { invariant, at, what });
    }

    fn went_through(&mut self, window: Window) {
        *self.windows.entry(window).or_default() += 1;
    }
}

/// Checks a run.
pub fn check(record: &Record) -> Findings {
    let mut findings = Findings::default();
    let story = Story::of(record);
    once::check(record, &story, &mut findings);
    lost::check(record, &story, &mut findings);
    condemned::check(record, &story, &mut findings);
    generations::check(record, &story, &mut findings);
    liveness::check(record, &story, &mut findings);
    lent::check(record, &story, &mut findings);
    rate::check(record, &story, &mut findings);
    findings.checked(Invariant::NoPanic);
    if let Some(text) = &record.panicked {
        findings.violated(Invariant::NoPanic, record.plan.ends_at, text.clone());
    }
    findings
}
