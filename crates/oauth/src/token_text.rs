//! The text of tokens that are made here: a prefix for their kind, then the unpadded base64url form of
//! row id (16 bytes) | generation (4) | secret (16) | check (8).
//!
//! The check is a keyed one over everything before it, so that a mistyped or invented text is refused without a look at
//! the store. The row keeps a keyed hash of the secret alone.

use std::fmt;
use std::marker::PhantomData;

use base::{Entropy, EntropyExt as _, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

const SECRET: usize = 16;
const CHECK: usize = 8;
const BODY: usize = 16 + 4 + SECRET;
/// 44 bytes as base64 without padding.
const ENCODED: usize = 59;

/// A kind of token.
pub trait TokenKind {
    /// What its texts begin with, such as `mst_at_`.
    const PREFIX: &'static str;
}

/// The keyed check of token texts. Given from outside, as this crate holds no keys.
pub trait TokenCheck {
    /// The check over a text's prefix and its body, under the present key.
    fn make(&self, prefix: &'static str, body: &[u8]) -> [u8; CHECK];
    /// Whether `check` is right under the present key or an earlier one that still counts; in constant time.
    fn verify(&self, prefix: &'static str, body: &[u8], check: &[u8; CHECK]) -> bool;
}

/// A token in its parts.
pub struct TokenText<K> {
    /// The row it names.
    pub row: Uuid,
    /// The generation of that row.
    pub generation: u32,
    /// Its secret part.
    pub secret: Secret<[u8; SECRET]>,
    kind: PhantomData<fn() -> K>,
}

/// Why a text is no token of the kind that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenTextError {
    /// It has another prefix.
    #[error("not a token of this kind")]
    OtherKind,
    /// Wrong length or characters.
    #[error("not of the form of a token")]
    Form,
    /// The check is wrong: never made here, or damaged.
    #[error("the token's check is wrong")]
    Check,
}

impl<K: TokenKind> TokenText<K> {
    /// A new token for a generation of a row.
    pub fn generate(row: Uuid, generation: u32, entropy: &dyn Entropy) -> Self {
        Self { row, generation, secret: Secret::new(entropy.bytes()), kind: PhantomData }
    }

    /// The text, with its check.
    pub fn render(&self, check: &dyn TokenCheck) -> Secret<String> {
        let mut body = Vec::with_capacity(BODY + CHECK);
        body.extend_from_slice(self.row.as_bytes());
        body.extend_from_slice(&self.generation.to_be_bytes());
        body.extend_from_slice(self.secret.expose());
        let made = check.make(K::PREFIX, &body);
        body.extend_from_slice(&made);
        let body = Secret::new(body);
        Secret::new(format!("{}{}", K::PREFIX, URL_SAFE_NO_PAD.encode(body.expose())))
    }

    /// Reads a text; form and check are tried before anything else is done with it.
    pub fn parse(text: &str, check: &dyn TokenCheck) -> Result<Self, TokenTextError> {
        let encoded = text.strip_prefix(K::PREFIX).ok_or(TokenTextError::OtherKind)?;
        if encoded.len() != ENCODED {
            return Err(TokenTextError::Form);
        }
        let bytes = Secret::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenTextError::Form)?);
        let (body, made) = bytes.expose().split_at_checked(BODY).ok_or(TokenTextError::Form)?;
        let made: &[u8; CHECK] = made.try_into().map_err(|_| TokenTextError::Form)?;
        if !check.verify(K::PREFIX, body, made) {
            return Err(TokenTextError::Check);
        }
        let part = |from: usize, to: usize| body.get(from..to).ok_or(TokenTextError::Form);
        Ok(Self {
            row: Uuid::from_slice(part(0, 16)?).map_err(|_| TokenTextError::Form)?,
            generation: u32::from_be_bytes(part(16, 20)?.try_into().map_err(|_| TokenTextError::Form)?),
            secret: Secret::new(part(20, BODY)?.try_into().map_err(|_| TokenTextError::Form)?),
            kind: PhantomData,
        })
    }
}

impl<K: TokenKind> fmt::Debug for TokenText<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(row {}, generation {})", K::PREFIX, self.row, self.generation)
    }
}

#[cfg(test)]
mod tests;
