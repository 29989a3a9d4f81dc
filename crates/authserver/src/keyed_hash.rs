use std::fmt;
use std::str::FromStr;

use seal::{Keys, MacKeyId, Purpose};

/// A keyed hash of a machine-made secret, with the id of the key. As text: `mac_…:<64 hex characters>`.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyedHash {
    key_id: MacKeyId,
    mac: [u8; 32],
}

impl KeyedHash {
    /// The hash of `secret` under the current look-up key. `context` says what it is, `row` to what it belongs.
    pub fn make(keys: &Keys, context: &str, row: &[u8], secret: &[u8]) -> Self {
        let key = keys.current(Purpose::Lookup);
        Self { key_id: key.id().clone(), mac: key.mac(context, &[row, secret]) }
    }

    /// Whether this is the hash of `secret`; in constant time. A key that is gone makes it false.
    pub fn matches(&self, keys: &Keys, context: &str, row: &[u8], secret: &[u8]) -> bool {
        keys.by_id(Purpose::Lookup, &self.key_id)
            .is_some_and(|key| key.verify(context, &[row, secret], &self.mac))
    }
}

impl fmt::Display for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.key_id)?;
        self.mac.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyedHash({})", self.key_id)
    }
}

/// A text that is no keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a keyed hash")]
pub struct ParseKeyedHashError;

impl FromStr for KeyedHash {
    type Err = ParseKeyedHashError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key_id, hex) = text.split_once(':').ok_or(ParseKeyedHashError)?;
        if hex.len() != 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(ParseKeyedHashError);
        }
        let mut mac = [0; 32];
        for (byte, pair) in mac.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| ParseKeyedHashError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| ParseKeyedHashError)?;
        }
        Ok(Self { key_id: key_id.parse().map_err(|_| ParseKeyedHashError)?, mac })
    }
}

#[cfg(test)]
mod tests;
