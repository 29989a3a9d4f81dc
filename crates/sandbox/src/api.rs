//! The API of a stand-in, apart from HTTP: a call is matched to a door, its credential and company are checked, and the
//! system's own shapes are filled.

use std::collections::BTreeMap;

use base::{Secret, StoreError};
use serde_json::Value;

use crate::booking::LinesError;
use crate::system::Route;

/// A call to a system's API.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The path below the stand-in's prefix, still percent-encoded.
    pub path: String,
    /// The bearer token.
    pub bearer: Option<Secret<String>>,
    /// The application's secret and the agreement's grant token (e-conomic).
    pub static_tokens: Option<(Secret<String>, Secret<String>)>,
    /// The header in which the system takes the company; see [`crate::Standin::company_header`].
    pub company_header: Option<String>,
    /// The JSON body; `None` where there is none or it is no JSON.
    pub body: Option<Value>,
}

/// An answer of a system's API.
#[derive(Debug, Clone, PartialEq)]
pub struct CallAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; `Null` for none.
    pub body: Value,
}

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the credential is missing, expired or withdrawn")]
    Credential,
    #[error("the call does not say which company it is for")]
    CompanyMissing,
    #[error("the credential does not reach this company")]
    Company,
    #[error("nothing is here")]
    NotFound,
    #[error("{0}")]
    Document(LinesError),
    #[error("the books are not available right now")]
    Unavailable(StoreError),
}

impl Refusal {
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Credential => 401,
            Self::CompanyMissing | Self::Company => 403,
            Self::NotFound => 404,
            Self::Document(_) => 400,
            Self::Unavailable(_) => 503,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Credential => "Unauthorized",
            Self::CompanyMissing | Self::Company => "Forbidden",
            Self::NotFound => "NotFound",
            Self::Document(_) => "ValidationError",
            Self::Unavailable(_) => "ServiceUnavailable",
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

/// The door for a call, and what its path's variables hold.
pub(crate) fn find<'a>(
    routes: &'a [Route],
    method: &str,
    path: &str,
) -> Option<(&'a Route, BTreeMap<String, String>)> {
    routes
        .iter()
        .filter(|route| route.methods.contains(&method))
        .find_map(|route| Some((route, matched(route.pattern, path)?)))
}

fn matched(pattern: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut variables = BTreeMap::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(variables),
            (Some(wanted), Some(given)) => {
                let given = percent_decoded(given)?;
                let Some((before, rest)) = wanted.split_once('{') else {
                    if wanted == given {
                        continue;
                    }
                    return None;
                };
                let (name, after) = rest.split_once('}')?;
                let value = given.strip_prefix(before)?.strip_suffix(after)?;
                if value.is_empty() {
                    return None;
                }
                variables.insert(name.to_owned(), value.to_owned());
            }
            _ => return None,
        }
    }
}

fn percent_decoded(segment: &str) -> Option<String> {
    // A plus sign is itself in a path; only a query or form makes it a space.
    let pair = format!("v={}", segment.replace('+', "%2B"));
    oauth::Parameters::parse(&pair).ok()?.one_or_empty("v").ok()?.map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests;
