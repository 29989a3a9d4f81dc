use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base::{Entropy, EntropyExt as _};
use serde::{Deserialize, Serialize};

/// Which kind of door a fault is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The token endpoint.
    Token,
    /// The authorisation endpoint, as the browser is first sent there.
    Authorize,
    /// The introspection endpoint.
    Introspect,
    /// The revocation endpoint.
    Revoke,
    /// The resource APIs.
    Api,
}

/// On which side of the state change a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The request is never seen by what would answer it.
    #[default]
    Before,
    /// The request is carried out, and its answer suffers.
    After,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It takes `delay_ms` longer.
    Delay,
    /// The connection is closed without an answer.
    Close,
    /// The answer is `status` (503 unless given) with a JSON error.
    Status,
    /// The answer is a page instead of JSON, with `status` (502 unless given), as a proxy sends it.
    Html,
    /// The answer breaks off in the middle of its body. Before the state change there is no answer yet: then like `close`.
    Truncate,
}

/// A fault that is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Where.
    pub endpoint: Endpoint,
    /// When.
    #[serde(default)]
    pub moment: Moment,
    /// What.
    pub kind: FaultKind,
    /// For `status` and `html`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long to wait first, whatever the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// How often it happens still; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// With which probability it happens when it could; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Only for this client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Only for paths that begin with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A fault that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// A delay of nothing.
    #[error("a fault of kind `delay` needs `delay_ms`, at most 600000")]
    Delay,
    /// A status outside HTTP's.
    #[error("`status` is an HTTP status from 200 to 599")]
    Status,
    /// A probability outside 0 to 1.
    #[error("`probability` is a number from 0 to 1")]
    Probability,
    /// More faults than are kept.
    #[error("at most {0} faults are kept at a time")]
    TooMany(usize),
}

const MOST_FAULTS: usize = 100;
const LONGEST_DELAY_MS: u64 = 600_000;

impl Fault {
    /// Whether its values make sense.
    pub fn validate(&self) -> Result<(), FaultError> {
        let delay_is_right = match self.delay_ms {
            Some(delay) => delay <= LONGEST_DELAY_MS,
            None => self.kind != FaultKind::Delay,
        };
        if !delay_is_right {
            return Err(FaultError::Delay);
        }
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err(FaultError::Status);
        }
        if self.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err(FaultError::Probability);
        }
        Ok(())
    }

    /// How long to wait first.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(0))
    }

    /// Whether the request or its answer goes on as if nothing had been, only later.
    pub fn only_delays(&self) -> bool {
        self.kind == FaultKind::Delay
    }

    fn fits(&self, occasion: &Occasion<'_>) -> bool {
        self.endpoint == occasion.endpoint
            && self.moment == occasion.moment
            && self.times != Some(0)
            && self.client_id.as_deref().is_none_or(|client| Some(client) == occasion.client_id)
            && self.path.as_deref().is_none_or(|path| occasion.path.starts_with(path))
    }
}

/// A request at a moment at which a fault could happen.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Before or after the state change.
    pub moment: Moment,
    /// Who asks, where that is known.
    pub client_id: Option<&'a str>,
    /// The request's path.
    pub path: &'a str,
}

/// The faults of one server. They are kept in its process alone and are gone when it stops.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// What is wanted still, with the `times` that are left.
    pub fn list(&self) -> Vec<Fault> {
        self.locked().clone()
    }

    /// Replaces all faults, or none of them if one makes no sense.
    pub fn replace(&self, faults: Vec<Fault>) -> Result<(), FaultError> {
        if faults.len() > MOST_FAULTS {
            return Err(FaultError::TooMany(MOST_FAULTS));
        }
        faults.iter().try_for_each(Fault::validate)?;
        *self.locked() = faults;
        Ok(())
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.locked().clear();
    }

    /// The faults that happen on this occasion, in order: delays, and then at most one of another kind. Each counts as having
    /// happened.
    pub fn take(&self, occasion: &Occasion<'_>, entropy: &dyn Entropy) -> Vec<Fault> {
        let mut taken = Vec::new();
        let mut faults = self.locked();
        for fault in faults.iter_mut().filter(|fault| fault.fits(occasion)) {
            if !happens(fault.probability, entropy) {
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times -= 1;
            }
            taken.push(fault.clone());
            if !fault.only_delays() {
                break;
            }
        }
        faults.retain(|fault| fault.times != Some(0));
        taken
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn happens(probability: Option<f64>, entropy: &dyn Entropy) -> bool {
    const STEPS: u32 = 1_000_000;
    let Some(probability) = probability else { return true };
    let drawn = u32::try_from(entropy.below(STEPS.into())).unwrap_or(STEPS);
    f64::from(drawn) < probability * f64::from(STEPS)
}

#[cfg(test)]
mod tests;
