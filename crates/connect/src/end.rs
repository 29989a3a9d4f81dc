use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of the two ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Pleo.
    Platform,
    /// The accounting system.
    Accounting,
}

impl End {
    /// Both, in the order in which a person walks through them.
    pub const BOTH: [Self; 2] = [Self::Platform, Self::Accounting];

    /// As it stands in paths and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Accounting => "accounting",
        }
    }

    /// The end across.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Platform => Self::Accounting,
            Self::Accounting => Self::Platform,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names neither end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an end is `platform` or `accounting`")]
pub struct ParseEndError;

impl FromStr for End {
    type Err = ParseEndError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "platform" => Ok(Self::Platform),
            "accounting" => Ok(Self::Accounting),
            _ => Err(ParseEndError),
        }
    }
}
