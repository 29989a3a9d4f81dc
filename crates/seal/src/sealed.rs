use std::fmt;

use crate::key_ring::KeyId;
use crate::key_wrap::WrappedKey;

/// The only format so far. A format that is to follow gets the next number; this one stays readable.
const VERSION: u8 = 1;
pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;

/// A ciphertext as it lies in a database: version, id of the key-encryption key, wrapped data key, nonce, ciphertext
/// with its tag. Ports carry it; [`crate::Sealer::open`] alone looks inside.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// The parts of a [`Sealed`].
pub(crate) struct Parts<'a> {
    pub(crate) key_id: KeyId,
    pub(crate) wrapped: &'a [u8],
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: &'a [u8],
}

/// Why the bytes have no parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FormError {
    Version(u8),
    Malformed,
}

impl Sealed {
    /// Takes the bytes as they were read; whether they mean anything shows when they are opened.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes as they are to be stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as they are to be stored.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The id of the key-encryption key that wraps this value's data key, or nothing if the bytes are no sealed value.
    pub fn key_id(&self) -> Option<KeyId> {
        self.parts().ok().map(|parts| parts.key_id)
    }

    pub(crate) fn assemble(wrapped: &WrappedKey, nonce: [u8; NONCE_BYTES], ciphertext: &[u8]) -> Self {
        let id = wrapped.key_id.as_str().as_bytes();
        let mut bytes =
            Vec::with_capacity(1 + 2 + id.len() + 2 + wrapped.bytes.len() + NONCE_BYTES + ciphertext.len());
        bytes.push(VERSION);
        for part in [id, &wrapped.bytes] {
            let length = u16::try_from(part.len()).expect("key ids and wrapped keys are under 64 KiB");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(ciphertext);
        Self(bytes)
    }

    pub(crate) fn parts(&self) -> Result<Parts<'_>, FormError> {
        let (&version, rest) = self.0.split_first().ok_or(FormError::Malformed)?;
        if version != VERSION {
            return Err(FormError::Version(version));
        }
        let (id, rest) = split_counted(rest).ok_or(FormError::Malformed)?;
        let (wrapped, rest) = split_counted(rest).ok_or(FormError::Malformed)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(FormError::Malformed)?;
        let key_id =
            std::str::from_utf8(id).ok().and_then(|id| id.parse().ok()).ok_or(FormError::Malformed)?;
        if ciphertext.len() < TAG_BYTES {
            return Err(FormError::Malformed);
        }
        Ok(Parts { key_id, wrapped, nonce: *nonce, ciphertext })
    }
}

fn split_counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
