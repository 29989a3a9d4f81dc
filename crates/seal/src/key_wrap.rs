use std::fmt;
use std::sync::{Arc, RwLock};

use base::{Entropy, EntropyExt as _, Secret};

use crate::key_ring::{KeyId, KeyRing};
use crate::sealer::{aead_open, aead_seal};

/// The key of one value, AES-256.
pub type DataKey = Secret<[u8; 32]>;

/// A data key under a key-encryption key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Which key-encryption key wraps it.
    pub key_id: KeyId,
    /// The wrapped key; its form is the wrapper's own.
    pub bytes: Vec<u8>,
}

/// Why a wrapped key could not be unwrapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// No key of that id is held.
    #[error("the encryption key {0} is not in the key ring")]
    UnknownKey(KeyId),
    /// The wrapped key was not made under this key, or it is damaged.
    #[error("the wrapped data key does not open under the encryption key {0}")]
    Refused(KeyId),
}

/// What wraps data keys. Synchronous: a KMS or Vault is asked once, at start, to unwrap the key-encryption keys, and the
/// wrapper works in memory from then on. So a refresh never waits for a third party, and sealing cannot fail.
pub trait KeyWrap: Send + Sync + fmt::Debug {
    /// Wraps under the primary key.
    fn wrap(&self, data_key: &DataKey, entropy: &dyn Entropy) -> WrappedKey;
    /// Unwraps under whichever held key was used.
    fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, UnwrapError>;
    /// The key that is used for wrapping.
    fn primary(&self) -> KeyId;
    /// All keys that are held, the primary included.
    fn key_ids(&self) -> Vec<KeyId>;
}

/// Wraps with the keys of a [`KeyRing`]; AES-256-GCM, the key's id as associated data.
#[derive(Debug)]
pub struct LocalKeyWrap {
    ring: RwLock<Arc<KeyRing>>,
}

impl LocalKeyWrap {
    /// Wraps with `ring`.
    pub fn new(ring: KeyRing) -> Self {
        Self { ring: RwLock::new(Arc::new(ring)) }
    }

    /// Uses `ring` from now on: how a running process follows a rotation.
    pub fn replace(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(ring);
    }

    /// The ring that is in use.
    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

fn associated_data(key_id: &KeyId) -> Vec<u8> {
    [b"mainstay data key 1 ", key_id.as_str().as_bytes()].concat()
}

impl KeyWrap for LocalKeyWrap {
    fn wrap(&self, data_key: &DataKey, entropy: &dyn Entropy) -> WrappedKey {
        let ring = self.ring();
        let (key_id, key) = ring.primary_key();
        let nonce = entropy.bytes::<12>();
        let mut bytes = nonce.to_vec();
        bytes.extend(aead_seal(key, nonce, &associated_data(key_id), data_key.expose()));
        WrappedKey { key_id: key_id.clone(), bytes }
    }

    fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, UnwrapError> {
        let ring = self.ring();
        let key = ring.key(&wrapped.key_id).ok_or_else(|| UnwrapError::UnknownKey(wrapped.key_id.clone()))?;
        let refused = || UnwrapError::Refused(wrapped.key_id.clone());
        let (nonce, ciphertext) = wrapped.bytes.split_first_chunk::<12>().ok_or_else(refused)?;
        let plain =
            aead_open(key, *nonce, &associated_data(&wrapped.key_id), ciphertext).ok_or_else(refused)?;
        <[u8; 32]>::try_from(plain.expose().as_slice()).map(Secret::new).map_err(|_| refused())
    }

    fn primary(&self) -> KeyId {
        self.ring().primary().clone()
    }

    fn key_ids(&self) -> Vec<KeyId> {
        self.ring().ids().cloned().collect()
    }
}
