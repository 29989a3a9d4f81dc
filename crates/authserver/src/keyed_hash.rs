use std::fmt;
use std::str::FromStr;

use seal::{Keys, MacKeyId, Purpose};

/// Every token that is read or made passes here, so these are not left to the formatting of numbers.
const DIGITS: &[u8; 16] = b"0123456789abcdef";

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
        let mut text = String::with_capacity(self.key_id.as_str().len() + 1 + 2 * self.mac.len());
        text.push_str(self.key_id.as_str());
        text.push(':');
        let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
        text.extend(self.mac.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
        f.write_str(&text)
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
        if hex.len() != 64 {
            return Err(ParseKeyedHashError);
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(ParseKeyedHashError),
        };
        let mut mac = [0; 32];
        for (byte, pair) in mac.iter_mut().zip(hex.as_bytes().as_chunks::<2>().0) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Ok(Self { key_id: key_id.parse().map_err(|_| ParseKeyedHashError)?, mac })
    }
}

#[cfg(test)]
mod tests;
