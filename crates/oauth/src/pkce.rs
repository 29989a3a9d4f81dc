//! Proof key for code exchange (RFC 7636), S256 only.

use std::fmt;

use aws_lc_rs::digest;
use base::{Entropy, EntropyExt as _, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The one method that is offered and used.
pub const METHOD: &str = "S256";

/// A code verifier: 43 to 128 unreserved characters (RFC 7636 section 4.1).
#[derive(Clone, Debug)]
pub struct Verifier(Secret<String>);

/// A code challenge of method S256: the unpadded base64url form of a SHA-256, 43 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge(String);

/// A text that is no verifier or no S256 challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not of the form that RFC 7636 asks for")]
pub struct PkceFormatError;

impl Verifier {
    /// A new verifier with 256 bits of randomness, 43 characters.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(entropy.text::<32>()))
    }

    /// Takes a verifier as received or as stored.
    pub fn parse(text: Secret<String>) -> Result<Self, PkceFormatError> {
        let form = (43..=128).contains(&text.expose().len())
            && text
                .expose()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'));
        if form { Ok(Self(text)) } else { Err(PkceFormatError) }
    }

    /// The challenge that belongs to this verifier.
    pub fn challenge(&self) -> Challenge {
        let digest = digest::digest(&digest::SHA256, self.0.expose().as_bytes());
        Challenge(URL_SAFE_NO_PAD.encode(digest))
    }

    /// The verifier itself, for the token request and for sealing.
    pub const fn secret(&self) -> &Secret<String> {
        &self.0
    }
}

impl Challenge {
    /// Takes a challenge as received or as stored.
    pub fn parse(text: &str) -> Result<Self, PkceFormatError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| PkceFormatError)?;
        if bytes.len() == digest::SHA256_OUTPUT_LEN {
            Ok(Self(text.to_owned()))
        } else {
            Err(PkceFormatError)
        }
    }

    /// Whether `verifier` is the one this challenge was made from; compares in constant time.
    pub fn is_met_by(&self, verifier: &Verifier) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(
            self.0.as_bytes(),
            verifier.challenge().0.as_bytes(),
        )
        .is_ok()
    }

    /// The text for the authorization request.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Challenge {
    type Err = PkceFormatError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Challenge {
    type Error = PkceFormatError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.0
    }
}

#[cfg(test)]
mod tests;
