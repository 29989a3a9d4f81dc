use std::fmt;
use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base::Secret;

/// The id of a [`MacKey`], kept in each row that holds a value made with it. Short text, `mac_` and 12 hex characters; held
/// in place, since every hash that is read carries one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacKeyId([u8; 16]);

impl MacKeyId {
    pub(crate) fn from_random(bytes: [u8; 6]) -> Self {
        let text = format!("mac_{}", crate::key_ring::hex(&bytes));
        text.parse().expect("6 bytes are 12 hex characters")
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only such text is made into one")
    }
}

/// A text that is no id of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a key")]
pub struct ParseMacKeyIdError;

impl FromStr for MacKeyId {
    type Err = ParseMacKeyIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.strip_prefix("mac_").ok_or(ParseMacKeyIdError)?;
        let is_right = hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let bytes = text.as_bytes().try_into().map_err(|_| ParseMacKeyIdError)?;
        is_right.then_some(Self(bytes)).ok_or(ParseMacKeyIdError)
    }
}

impl fmt::Display for MacKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MacKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key for HMAC-SHA-256: hashes of machine-made secrets for look-ups, checks, cookies, fingerprints.
pub struct MacKey {
    id: MacKeyId,
    key: hmac::Key,
}

impl MacKey {
    /// A key from its 32 bytes. [`crate::Keys`] makes and keeps them; others need this for tests alone.
    pub fn new(id: MacKeyId, bytes: &Secret<[u8; 32]>) -> Self {
        Self { id, key: hmac::Key::new(hmac::HMAC_SHA256, bytes.expose()) }
    }

    /// The key's id, to be stored beside what was made with it.
    pub const fn id(&self) -> &MacKeyId {
        &self.id
    }

    /// A key of its own for what `label` names, under the same id: what is made with one is nothing to the other.
    #[must_use]
    pub(crate) fn separated(&self, label: &str) -> Self {
        let bytes = Secret::new(self.mac("separated key", &[label.as_bytes()]));
        Self::new(self.id.clone(), &bytes)
    }

    /// The MAC over `context` (what the value is, for example `"refresh token"`) and `parts`. Each part is preceded by
    /// its length, so that no two different inputs give the same bytes.
    pub fn mac(&self, context: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut signing = hmac::Context::with_key(&self.key);
        for part in std::iter::once(context.as_bytes()).chain(parts.iter().copied()) {
            signing.update(&(part.len() as u64).to_be_bytes());
            signing.update(part);
        }
        signing.sign().as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
    }

    /// Whether `expected` is the MAC over the same, or its first bytes; at least 8 are demanded. Takes the same time
    /// wherever they differ.
    pub fn verify(&self, context: &str, parts: &[&[u8]], expected: &[u8]) -> bool {
        let mac = self.mac(context, parts);
        (8..=mac.len()).contains(&expected.len())
            && verify_slices_are_equal(&mac[..expected.len()], expected).is_ok()
    }

    /// What may be logged of a secret: 16 hex characters that tell two secrets apart and nothing else.
    pub fn fingerprint(&self, secret: &[u8]) -> String {
        crate::key_ring::hex(&self.mac("fingerprint", &[secret])[..8])
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MacKey").field(&self.id).finish()
    }
}

#[cfg(test)]
mod tests;
