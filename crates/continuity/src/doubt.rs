use std::str::FromStr;

use base::Timestamp;

/// What makes a database look as if it had been restored from a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoreSign {
    /// It is behind what this instance has seen of it.
    StepBack,
    /// It has been served before, and this instance remembers nothing of it.
    NoMemory,
    /// Others may have gone on with it after this instance, and none has marked it for ten minutes.
    NoHeartbeat,
}

/// A text that is no sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a sign of a restore")]
pub struct ParseRestoreSignError;

impl RestoreSign {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::StepBack, Self::NoMemory, Self::NoHeartbeat];

    /// The word for it in the database, in logs and in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::StepBack => "step_back",
            Self::NoMemory => "no_memory",
            Self::NoHeartbeat => "no_heartbeat",
        }
    }

    /// The same in a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::StepBack => "The database is behind what this instance has seen of it.",
            Self::NoMemory => {
                "The database has been served before, and this instance remembers nothing of it."
            }
            Self::NoHeartbeat => {
                "Other instances went on with the database after this one, and none of them has been there for ten minutes."
            }
        }
    }
}

impl FromStr for RestoreSign {
    type Err = ParseRestoreSignError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|sign| sign.code() == text).ok_or(ParseRestoreSignError)
    }
}

/// A database that looks restored and that nobody has accepted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// Why.
    pub sign: RestoreSign,
    /// Since when.
    pub since: Timestamp,
    /// The highest beat that an instance remembers; 0 if none does.
    pub remembered: u64,
    /// The beat that was found.
    pub found: u64,
    /// When the database was marked last before it was found: from then on, what was done may be lost.
    pub last_beat_at: Option<Timestamp>,
}
