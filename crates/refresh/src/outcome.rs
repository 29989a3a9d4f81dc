use std::time::Duration;

use oauth::ErrorCode;
use oauth::token_answer::{TokenAnswer, Tokens};

use crate::DegradedReason;

/// What a token request came to (rule 8): status first, then the RFC 6749 code, never a search in the text.
#[derive(Debug)]
pub enum Outcome {
    /// Tokens arrived. They are stored whatever else is odd about the answer.
    Advanced(Box<Tokens>),
    /// Certainly not processed: the same request may be sent again.
    NotProcessed {
        /// What is out of order.
        reason: DegradedReason,
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
        /// In words.
        detail: String,
    },
    /// The token that was presented is dead.
    Refused {
        /// In words.
        detail: String,
    },
    /// Refused for a reason that only the operator can remove; nothing is destroyed.
    Misconfigured {
        /// In words.
        detail: String,
    },
    /// Sent, and nobody knows whether it was processed.
    Unknown {
        /// In words.
        detail: String,
    },
}

impl Outcome {
    /// Whether somebody was there, whatever was said.
    pub(crate) const fn is_an_answer(&self) -> bool {
        !matches!(
            self,
            Self::Unknown { .. } | Self::NotProcessed { reason: DegradedReason::ProviderUnreachable, .. }
        )
    }

    /// A stable word, for metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Advanced(_) => "advanced",
            Self::NotProcessed { reason, .. } => reason.code(),
            Self::Refused { .. } => "refused",
            Self::Misconfigured { .. } => "misconfigured",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// An answer as it arrived.
#[derive(Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`, if it was readable.
    pub content_type: Option<String>,
    /// `Retry-After` in seconds, if it was given so.
    pub retry_after: Option<Duration>,
    /// The body; `None` if it was cut off or larger than any token answer.
    pub body: Option<Vec<u8>>,
}

/// What an answer means. `is_terminal` says which codes of this provider end a grant.
pub fn classify(answered: &Answered, is_terminal: &dyn Fn(&str) -> bool) -> Outcome {
    let status = answered.status;
    let Some(body) = &answered.body else {
        // 429 is certain whatever follows it; everything else needs its body to be understood.
        if status == 429 {
            return rate_limited(answered, "429, its body was cut off".to_owned());
        }
        return Outcome::Unknown { detail: format!("the answer with status {status} was cut off") };
    };
    match TokenAnswer::read(status, answered.content_type.as_deref(), body) {
        TokenAnswer::Tokens(tokens) => Outcome::Advanced(tokens),
        TokenAnswer::Error { code, description, .. } => {
            let detail = match description {
                Some(description) => format!("{status} {}: {description}", code.as_str()),
                None => format!("{status} {}", code.as_str()),
            };
            refused(answered, &code, detail, is_terminal)
        }
        TokenAnswer::NotUnderstood { .. } if status == 429 => rate_limited(answered, "429".to_owned()),
        TokenAnswer::NotUnderstood { why, .. } => {
            Outcome::Unknown { detail: format!("status {status}: {why}") }
        }
    }
}

fn refused(
    answered: &Answered,
    code: &ErrorCode,
    detail: String,
    is_terminal: &dyn Fn(&str) -> bool,
) -> Outcome {
    match answered.status {
        429 => rate_limited(answered, detail),
        // The client was not let in, so its request was not looked at (RFC 6749 section 5.2).
        400 | 401 | 403 if *code == ErrorCode::InvalidClient => {
            Outcome::NotProcessed { reason: DegradedReason::ClientRefused, retry_after: None, detail }
        }
        400 | 401 if is_terminal(code.as_str()) => Outcome::Refused { detail },
        // 408 comes from a gateway as often as from the server: the request may have been passed on.
        408 => Outcome::Unknown { detail },
        // An error inside a 200 is a server that does not keep to RFC 6749. What it means is not certain enough to
        // destroy a credential, and too certain to be asked again and again.
        200..=299 | 400..=499 => Outcome::Misconfigured { detail },
        _ => Outcome::Unknown { detail },
    }
}

fn rate_limited(answered: &Answered, detail: String) -> Outcome {
    Outcome::NotProcessed { reason: DegradedReason::RateLimited, retry_after: answered.retry_after, detail }
}

#[cfg(test)]
mod tests;
