use std::fmt;
use std::str::FromStr;

/// An accounting system that there is a stand-in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StandinKind {
    /// Xero.
    Xero,
    /// QuickBooks Online.
    QuickBooks,
    /// Microsoft Dynamics 365 Business Central.
    BusinessCentral,
    /// Fortnox.
    Fortnox,
    /// e-conomic.
    EConomic,
    /// Sage Accounting.
    Sage,
    /// Exact Online.
    ExactOnline,
    /// Visma eAccounting.
    Visma,
}

/// A name of no stand-in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no stand-in of that name; there are: xero, quickbooks, business-central, fortnox, e-conomic, sage, exact-online, visma"
)]
pub struct UnknownStandin;

impl StandinKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Xero,
        Self::QuickBooks,
        Self::BusinessCentral,
        Self::Fortnox,
        Self::EConomic,
        Self::Sage,
        Self::ExactOnline,
        Self::Visma,
    ];

    /// The path prefix, the name of its database, and the provider id of the connect side.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Xero => "xero",
            Self::QuickBooks => "quickbooks",
            Self::BusinessCentral => "business-central",
            Self::Fortnox => "fortnox",
            Self::EConomic => "e-conomic",
            Self::Sage => "sage",
            Self::ExactOnline => "exact-online",
            Self::Visma => "visma",
        }
    }
}

impl fmt::Display for StandinKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for StandinKind {
    type Err = UnknownStandin;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.id() == text).ok_or(UnknownStandin)
    }
}
