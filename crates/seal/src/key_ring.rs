use std::fmt;
use std::path::Path;
use std::str::FromStr;

use base::{Entropy, EntropyExt as _, Secret};

use crate::key_file::{self, KeyFileError};
use crate::key_wrap::DataKey;

/// The id of a key-encryption key: 1 to 64 characters of `a-z`, `0-9`, `_` and `-`. Those made here are `kek_` and 16 hex
/// characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no id of a key-encryption key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an encryption key")]
pub struct ParseKeyIdError;

impl FromStr for KeyId {
    type Err = ParseKeyIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let right = (1..=64).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
        right.then(|| Self(text.to_owned())).ok_or(ParseKeyIdError)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key-encryption keys of one side: one of them, the primary, wraps; all of them unwrap.
///
/// Rotation: [`KeyRing::add`] and distribute the file, then [`KeyRing::make_primary`], re-wrap every value
/// ([`crate::Sealer::rewrap`]), then [`KeyRing::remove`] the old one.
#[derive(Clone)]
pub struct KeyRing {
    primary: KeyId,
    keys: Vec<(KeyId, DataKey)>,
}

/// Why a ring could not be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// No such key.
    #[error("the key ring holds no key {0}")]
    UnknownKey(KeyId),
    /// The primary key cannot be removed.
    #[error("{0} is the primary key; make another one primary first")]
    Primary(KeyId),
    /// Two keys of one id.
    #[error("the key ring would hold two keys {0}")]
    Duplicate(KeyId),
}

impl KeyRing {
    /// A ring of one new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let (id, key) = new_key(entropy);
        Self { primary: id.clone(), keys: vec![(id, key)] }
    }

    /// A ring of these keys.
    pub fn from_keys(primary: KeyId, keys: Vec<(KeyId, DataKey)>) -> Result<Self, KeyRingError> {
        for (i, (id, _)) in keys.iter().enumerate() {
            if keys[..i].iter().any(|(other, _)| other == id) {
                return Err(KeyRingError::Duplicate(id.clone()));
            }
        }
        let ring = Self { primary, keys };
        if ring.key(&ring.primary).is_none() {
            return Err(KeyRingError::UnknownKey(ring.primary));
        }
        Ok(ring)
    }

    /// Opens the key file at `path`. Where there is none, makes one (mode 0600, its directory 0700), but only for a
    /// database that is empty: a new key for data sealed under another one would lose that data quietly.
    /// Two processes that start at once end up with the same ring.
    pub fn open_or_create(
        path: &Path,
        database_is_empty: bool,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeyFileError> {
        match key_file::read(path) {
            Err(KeyFileError::Missing { .. }) if database_is_empty => {
                if key_file::create(path, &Self::generate(entropy))? {
                    tracing::info!(path = %path.display(), "seal.key_file.created");
                }
                key_file::read(path)
            }
            other => other,
        }
    }

    /// Opens the key file at `path`, never making one.
    pub fn open(path: &Path) -> Result<Self, KeyFileError> {
        key_file::read(path)
    }

    /// Puts this ring into the file at `path`, at once and wholly, in place of what is there.
    pub fn save(&self, path: &Path) -> Result<(), KeyFileError> {
        key_file::replace(path, self)
    }

    /// Adds a new key, which only unwraps until it is made primary.
    pub fn add(&mut self, entropy: &dyn Entropy) -> KeyId {
        let (id, key) = new_key(entropy);
        self.keys.push((id.clone(), key));
        id
    }

    /// Makes a key of the ring the one that wraps.
    pub fn make_primary(&mut self, id: &KeyId) -> Result<(), KeyRingError> {
        if self.key(id).is_none() {
            return Err(KeyRingError::UnknownKey(id.clone()));
        }
        self.primary = id.clone();
        Ok(())
    }

    /// Removes a key that nothing is wrapped by any more (which the caller has made sure of).
    pub fn remove(&mut self, id: &KeyId) -> Result<(), KeyRingError> {
        if *id == self.primary {
            return Err(KeyRingError::Primary(id.clone()));
        }
        let position = self.keys.iter().position(|(held, _)| held == id);
        self.keys.remove(position.ok_or_else(|| KeyRingError::UnknownKey(id.clone()))?);
        Ok(())
    }

    /// The id of the key that wraps.
    pub const fn primary(&self) -> &KeyId {
        &self.primary
    }

    /// The ids of all keys, oldest first.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.iter().map(|(id, _)| id)
    }

    pub(crate) fn keys(&self) -> &[(KeyId, DataKey)] {
        &self.keys
    }

    pub(crate) fn key(&self, id: &KeyId) -> Option<&DataKey> {
        self.keys.iter().find_map(|(held, key)| (held == id).then_some(key))
    }

    pub(crate) fn primary_key(&self) -> (&KeyId, &DataKey) {
        (
            &self.primary,
            self.key(&self.primary).expect("every way to make a ring checks that it holds its primary key"),
        )
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.ids().collect();
        f.debug_struct("KeyRing").field("primary", &self.primary).field("ids", &ids).finish_non_exhaustive()
    }
}

fn new_key(entropy: &dyn Entropy) -> (KeyId, DataKey) {
    (KeyId(format!("kek_{}", hex(&entropy.bytes::<8>()))), Secret::new(entropy.bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        use fmt::Write as _;
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}

#[cfg(test)]
mod tests;
