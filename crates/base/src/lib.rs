//! What every room stands on: time, randomness, ids, secrets, scopes, back-off and the words in which a store fails.
//!
//! Nothing here does I/O or knows an async runtime. Time and randomness are handed in as [`Clock`] and [`Entropy`]; the
//! ambient ones are banned by lint everywhere else.

mod backoff;
mod clock;
mod entropy;
mod id;
mod scope;
mod secret;
mod source;
mod store_error;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod throttle;

pub use backoff::Backoff;
pub use clock::{Clock, ShiftedClock, SystemClock, Timestamp};
pub use entropy::{Entropy, EntropyExt, SystemEntropy};
pub use id::{Id, IdKind, ParseIdError, new_uuid};
pub use scope::{Scope, ScopeError};
pub use secret::Secret;
pub use source::source_of;
pub use store_error::StoreError;
pub use throttle::Throttle;
