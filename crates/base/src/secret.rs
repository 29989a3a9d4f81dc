use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value that must not be seen: no Display, no Serialize, and a Debug that shows nothing of it. Wiped when dropped.
///
/// What may be logged of a secret is a keyed fingerprint (`seal::MacKey::fingerprint`).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes a value under cover.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Each call is a place to review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl Secret<String> {
    /// Whether both hold the same bytes, in a time that depends on their lengths alone.
    pub fn equals_in_constant_time(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | std::hint::black_box(x ^ y)) == 0
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<'de, T: Zeroize + serde::Deserialize<'de>> serde::Deserialize<'de> for Secret<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "Secret(..)");
    }

    #[test]
    fn equality_sees_each_byte_and_the_length() {
        let secret = Secret::new("abc".to_owned());
        assert!(secret.equals_in_constant_time(&Secret::new("abc".to_owned())));
        for other in ["abd", "xbc", "ab", "abcd", ""] {
            assert!(!secret.equals_in_constant_time(&Secret::new(other.to_owned())), "{other}");
        }
    }
}
