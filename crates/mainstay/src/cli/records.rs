use base::Timestamp;
use clap::{Args, Subcommand, ValueEnum};

use crate::side::Side;

/// `mainstay audit …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Whether the log is as it was written: nothing changed, missing, put in, moved or cut off
    Verify(RecordedSideChoice),
    /// The log as JSON lines, oldest first
    Export(Export),
}

/// Options of `audit export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) side: RecordedSideChoice,
    /// From this day or moment on (`2027-01-31` or RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = from)]
    pub(crate) since: Option<Timestamp>,
    /// Until the end of this day, or before this moment
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub(crate) until: Option<Timestamp>,
    /// Only records of this type, such as `refresh_token.replayed`
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
}

/// `--side`, of those that have an audit log of their own.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct RecordedSideChoice {
    /// The side meant; all whose data is here unless given
    #[arg(long, value_enum)]
    pub(crate) side: Option<RecordedSide>,
}

/// A side with an audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordedSide {
    /// The integration's side
    Connect,
    /// Pleo's side
    Platform,
}

impl From<RecordedSide> for Side {
    fn from(side: RecordedSide) -> Self {
        match side {
            RecordedSide::Connect => Self::Connect,
            RecordedSide::Platform => Self::Platform,
        }
    }
}

/// `mainstay recover …`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Recover {
    /// What waits since the database looked restored from a backup
    Status(RecordedSideChoice),
    /// The database is the right one: go on with what is in it
    Accept(AcceptedSide),
}

/// `--side` of `recover accept`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct AcceptedSide {
    /// The side meant; needed where the data of both is here
    #[arg(long, value_enum)]
    pub(crate) side: Option<RecordedSide>,
}

const HOW: &str = "it is neither a day such as `2027-01-31` nor a moment in RFC 3339";

fn from(text: &str) -> Result<Timestamp, String> {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).map_err(|_| HOW.to_owned())
}

fn until(text: &str) -> Result<Timestamp, String> {
    let end_of_day = || {
        format!("{text}T00:00:00Z").parse().map(|day: Timestamp| day + std::time::Duration::from_hours(24))
    };
    text.parse().or_else(|_| end_of_day()).map_err(|_| HOW.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_and_ends() {
        assert_eq!(from("2027-01-31").unwrap().to_string(), "2027-01-31T00:00:00.000Z");
        assert_eq!(until("2027-01-31").unwrap().to_string(), "2027-02-01T00:00:00.000Z");
        assert_eq!(until("2027-01-31T08:00:00Z").unwrap().to_string(), "2027-01-31T08:00:00.000Z");
        assert!(from("yesterday").is_err());
    }
}
