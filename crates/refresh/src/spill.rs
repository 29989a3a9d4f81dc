use std::fmt;

use async_trait::async_trait;
use base::{Scope, Timestamp};
use seal::Sealed;
use serde::{Deserialize, Serialize};

use crate::{AttemptId, Cause, GrantId};

mod directory;
pub use directory::SpillDirectory;

/// Where an answer is kept that the database did not take (rule 7). Opened, with its space reserved, before a request leaves.
#[async_trait]
pub trait Spill: Send + Sync + fmt::Debug {
    /// Opens a slot with its space reserved.
    async fn reserve(&self) -> Result<Box<dyn SpillSlot>, SpillError>;
    /// What earlier processes left behind. Each entry stays until its slot is cleared.
    async fn left_behind(&self) -> Result<Vec<(Spilled, Box<dyn SpillSlot>)>, SpillError>;
}

/// One slot. Dropped unused, it goes back to be used again.
#[async_trait]
pub trait SpillSlot: Send + Sync + fmt::Debug {
    /// Writes and syncs to disk; returns when it would survive a power cut.
    async fn write(&mut self, spilled: &Spilled) -> Result<(), SpillError>;
    /// What an operator finds it by: the path of its file.
    fn name(&self) -> String;
    /// The database has it: forget it.
    async fn clear(&mut self) -> Result<(), SpillError>;
}

/// A spill file cannot be made, written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action} {path}: {cause}")]
pub struct SpillError {
    /// What was tried.
    pub action: &'static str,
    /// On which file.
    pub path: String,
    /// What went wrong.
    pub cause: String,
}

/// An answer on disk. The tokens are sealed at their place in the database, so nothing more is needed to store them.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct Spilled {
    /// Its grant.
    pub grant: GrantId,
    /// The attempt that got it.
    pub attempt: AttemptId,
    /// The generation whose refresh token was presented.
    pub from_generation: u64,
    /// When the credential that was presented had been obtained.
    pub from_obtained_at: Timestamp,
    /// The new access token, sealed.
    #[serde(with = "sealed_text")]
    pub access_token: Sealed,
    /// Whether the new refresh token is another one than was presented.
    pub renews: bool,
    /// The new refresh token, sealed.
    #[serde(with = "sealed_text_option")]
    pub refresh_token: Option<Sealed>,
    /// The scope, where told.
    pub scope: Option<Scope>,
    /// When the answer was received.
    pub obtained_at: Timestamp,
    /// When the access token expires.
    pub expires_at: Option<Timestamp>,
    /// When the refresh token expires, where told.
    pub refresh_token_expires_at: Option<Timestamp>,
    /// When the scheduler looks again.
    pub next_action_at: Option<Timestamp>,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// The instance that made it.
    pub instance: String,
    /// What set it off: the word of [`Cause`].
    #[serde(with = "cause_text")]
    pub cause: Cause,
    /// Its wait for the lease, in milliseconds.
    pub lease_wait_millis: u64,
}

mod cause_text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::Cause;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(cause: &Cause, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(cause.code())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cause, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|()| serde::de::Error::custom("unknown cause"))
    }
}

mod sealed_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use seal::Sealed;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(sealed: &Sealed, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(sealed.as_bytes()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sealed, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Sealed::from_bytes).map_err(serde::de::Error::custom)
    }
}

mod sealed_text_option {
    use seal::Sealed;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Text(#[serde(with = "super::sealed_text")] Sealed);

    #[allow(clippy::ref_option, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(
        sealed: &Option<Sealed>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        sealed.clone().map(Text).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Sealed>, D::Error> {
        Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
    }
}
