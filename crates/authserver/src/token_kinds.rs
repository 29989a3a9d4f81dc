use std::fmt;

use oauth::token_text::{TokenCheck, TokenKind};
use seal::{Keys, Purpose};

/// An access token.
#[derive(Debug)]
pub struct AccessToken;
/// A refresh token.
#[derive(Debug)]
pub struct RefreshToken;
/// An authorization code.
#[derive(Debug)]
pub struct AuthorizationCode;

/// A token with which programs register clients (RFC 7591).
#[derive(Debug)]
pub struct InitialAccess;
/// A token with which a program manages the client it registered (RFC 7592).
#[derive(Debug)]
pub struct RegistrationAccessText;

impl TokenKind for InitialAccess {
    const PREFIX: &'static str = "mst_iat_";
}
impl TokenKind for RegistrationAccessText {
    const PREFIX: &'static str = "mst_rat_";
}
impl TokenKind for AccessToken {
    const PREFIX: &'static str = "mst_at_";
}
impl TokenKind for RefreshToken {
    const PREFIX: &'static str = "mst_rt_";
}
impl TokenKind for AuthorizationCode {
    const PREFIX: &'static str = "mst_ac_";
}

/// The check of token texts under the keys of a side.
pub struct KeyedTokenCheck<'a>(pub &'a Keys);

impl fmt::Debug for KeyedTokenCheck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedTokenCheck")
    }
}

impl TokenCheck for KeyedTokenCheck<'_> {
    fn make(&self, prefix: &'static str, body: &[u8]) -> [u8; 8] {
        let mac = self.0.current(Purpose::TokenCheck).mac(prefix, &[body]);
        let mut check = [0; 8];
        check.copy_from_slice(&mac[..8]);
        check
    }

    fn verify(&self, prefix: &'static str, body: &[u8], check: &[u8; 8]) -> bool {
        self.0.find(Purpose::TokenCheck, |key| key.verify(prefix, &[body], check)).is_some()
    }
}
