use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base::{Entropy, EntropyExt as _, Secret};

use crate::key_ring::KeyId;
use crate::key_wrap::{DataKey, KeyWrap, UnwrapError, WrappedKey};
use crate::place::Place;
use crate::sealed::{FormError, NONCE_BYTES, Sealed, TAG_BYTES};

/// Why a sealed value did not open. None of these goes away by trying again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The value is of a format that a newer version of this program wrote.
    #[error(
        "the sealed value has format {0}, which this version does not know; a newer version of mainstay wrote it"
    )]
    UnknownFormat(u8),
    /// The bytes are no sealed value.
    #[error("the stored bytes are not a sealed value")]
    Malformed,
    /// The key-encryption key is not in the ring.
    #[error("the value was sealed under the encryption key {0}, which the key file does not hold")]
    UnknownKey(KeyId),
    /// The value is damaged, or lies in another place than the one for which it was sealed.
    #[error("the sealed value is damaged, or was moved from another row, column or generation")]
    Refused,
}

/// Seals values and opens them again.
#[derive(Debug)]
pub struct Sealer {
    wrap: Arc<dyn KeyWrap>,
    entropy: Arc<dyn Entropy>,
}

impl Sealer {
    /// A sealer whose data keys are wrapped by `wrap`.
    pub fn new(wrap: Arc<dyn KeyWrap>, entropy: Arc<dyn Entropy>) -> Self {
        Self { wrap, entropy }
    }

    /// What wraps the data keys.
    pub fn key_wrap(&self) -> &dyn KeyWrap {
        &*self.wrap
    }

    /// Seals `plain` for `place` under a fresh data key.
    pub fn seal(&self, place: &Place, plain: &[u8]) -> Sealed {
        self.prepare().seal(place, plain)
    }

    /// Makes and wraps a data key ahead of time, for a value that is not known yet.
    pub fn prepare(&self) -> PreparedSeal {
        let data_key: DataKey = Secret::new(self.entropy.bytes());
        let wrapped = self.wrap.wrap(&data_key, &*self.entropy);
        PreparedSeal { data_key, wrapped, nonce: self.entropy.bytes() }
    }

    /// Opens what was sealed for exactly this place.
    pub fn open(&self, place: &Place, sealed: &Sealed) -> Result<Secret<Vec<u8>>, OpenError> {
        let parts = sealed.parts()?;
        let wrapped = WrappedKey { key_id: parts.key_id, bytes: parts.wrapped.to_vec() };
        let data_key = self.wrap.unwrap(&wrapped)?;
        aead_open(&data_key, parts.nonce, &place.associated_data(), parts.ciphertext)
            .ok_or(OpenError::Refused)
    }

    /// Opens what was sealed as text for exactly this place.
    pub fn open_text(&self, place: &Place, sealed: &Sealed) -> Result<Secret<String>, OpenError> {
        let bytes = self.open(place, sealed)?;
        // The tag held, so whoever sealed it sealed no text; for the caller that is the same as a foreign value.
        std::str::from_utf8(bytes.expose())
            .map(|text| Secret::new(text.to_owned()))
            .map_err(|_| OpenError::Refused)
    }

    /// The same value with its data key wrapped by the primary key of today; value, nonce and place stay as they are.
    /// Where the primary key wraps it already, it comes back unchanged.
    pub fn rewrap(&self, sealed: &Sealed) -> Result<Sealed, OpenError> {
        let parts = sealed.parts()?;
        if parts.key_id == self.wrap.primary() {
            return Ok(sealed.clone());
        }
        let data_key =
            self.wrap.unwrap(&WrappedKey { key_id: parts.key_id, bytes: parts.wrapped.to_vec() })?;
        Ok(Sealed::assemble(&self.wrap.wrap(&data_key, &*self.entropy), parts.nonce, parts.ciphertext))
    }
}

/// A data key that is made and wrapped already: nothing is left that could fail when the value arrives.
pub struct PreparedSeal {
    data_key: DataKey,
    wrapped: WrappedKey,
    nonce: [u8; NONCE_BYTES],
}

impl PreparedSeal {
    /// Seals the one value this was prepared for.
    pub fn seal(self, place: &Place, plain: &[u8]) -> Sealed {
        let ciphertext = aead_seal(&self.data_key, self.nonce, &place.associated_data(), plain);
        Sealed::assemble(&self.wrapped, self.nonce, &ciphertext)
    }
}

impl fmt::Debug for PreparedSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedSeal").field("key_id", &self.wrapped.key_id).finish_non_exhaustive()
    }
}

impl From<FormError> for OpenError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Version(version) => Self::UnknownFormat(version),
            FormError::Malformed => Self::Malformed,
        }
    }
}

impl From<UnwrapError> for OpenError {
    fn from(error: UnwrapError) -> Self {
        match error {
            UnwrapError::UnknownKey(id) => Self::UnknownKey(id),
            UnwrapError::Refused(_) => Self::Refused,
        }
    }
}

fn aead_key(key: &DataKey) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).expect("an AES-256 key has 32 bytes"))
}

pub(crate) fn aead_seal(key: &DataKey, nonce: [u8; NONCE_BYTES], associated: &[u8], plain: &[u8]) -> Vec<u8> {
    // With its whole capacity from the start: a vector that grows leaves a copy of the clear text behind.
    let mut bytes = Vec::with_capacity(plain.len() + TAG_BYTES);
    bytes.extend_from_slice(plain);
    aead_key(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut bytes)
        .expect("AES-256-GCM takes anything under 64 GiB");
    bytes
}

pub(crate) fn aead_open(
    key: &DataKey,
    nonce: [u8; NONCE_BYTES],
    associated: &[u8],
    ciphertext: &[u8],
) -> Option<Secret<Vec<u8>>> {
    let mut bytes = ciphertext.to_vec();
    let length = aead_key(key)
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut bytes)
        .ok()?
        .len();
    bytes.truncate(length);
    Some(Secret::new(bytes))
}

#[cfg(test)]
mod tests;
