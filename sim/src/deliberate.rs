use std::fmt;
use std::str::FromStr;

use crate::check::Invariant;

/// A wrapper around a port, or a setting, that breaks an invariant on purpose: a check that never turns red is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliberateFault {
    /// The store says that a lease was taken although somebody else holds it.
    LeaseAlwaysTaken,
    /// The marker is written only when the answer is there.
    MarkerComesLate,
    /// The spill says that an answer is on disk, and has not written it.
    SpillWithoutWriting,
    /// A 5xx of the token endpoint reaches the authority as `invalid_grant`.
    OutageAsRefusal,
    /// An answer is given to the store twice, the second time as a generation of its own.
    RotationTwice,
    /// Nobody ever gets a lease.
    LeaseNeverGiven,
    /// The store says that an answer is stored, and stores it half a minute later.
    StoredBeforeItIs,
    /// There is no pause between attempts.
    NoRetryPause,
    /// There is no time between forced refreshes.
    ForcedAtWill,
    /// The store says that every grant is in doubt, and none is.
    RestoreIgnored,
    /// The store does not keep that an instance has marked it.
    BeatsLost,
}

impl DeliberateFault {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::LeaseAlwaysTaken,
        Self::MarkerComesLate,
        Self::SpillWithoutWriting,
        Self::OutageAsRefusal,
        Self::RotationTwice,
        Self::LeaseNeverGiven,
        Self::StoredBeforeItIs,
        Self::NoRetryPause,
        Self::ForcedAtWill,
        Self::RestoreIgnored,
        Self::BeatsLost,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeaseAlwaysTaken => "lease-always-taken",
            Self::MarkerComesLate => "marker-comes-late",
            Self::SpillWithoutWriting => "spill-without-writing",
            Self::OutageAsRefusal => "outage-as-refusal",
            Self::RotationTwice => "rotation-twice",
            Self::LeaseNeverGiven => "lease-never-given",
            Self::StoredBeforeItIs => "stored-before-it-is",
            Self::NoRetryPause => "no-retry-pause",
            Self::ForcedAtWill => "forced-at-will",
            Self::RestoreIgnored => "restore-ignored",
            Self::BeatsLost => "beats-lost",
        }
    }

    /// The invariant that it breaks; it may break others too.
    pub const fn breaks(self) -> Invariant {
        match self {
            Self::LeaseAlwaysTaken | Self::MarkerComesLate | Self::RestoreIgnored => {
                Invariant::OneRequestPerToken
            }
            Self::SpillWithoutWriting => Invariant::NothingLost,
            Self::OutageAsRefusal => Invariant::HealthyNeverCondemned,
            Self::RotationTwice => Invariant::Generations,
            Self::LeaseNeverGiven | Self::BeatsLost => Invariant::Liveness,
            Self::StoredBeforeItIs => Invariant::StoredBeforeLent,
            Self::NoRetryPause | Self::ForcedAtWill => Invariant::Bounded,
        }
    }
}

impl fmt::Display for DeliberateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DeliberateFault {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|fault| fault.name() == name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|fault| fault.name()).collect();
            format!("there is no deliberate fault {name:?}; there are {}", known.join(", "))
        })
    }
}
