//! The texts that are made here and given out: API tokens, links, `state` values.

use std::sync::Arc;

use oauth::token_text::{TokenCheck, TokenKind};
use seal::{Keys, Purpose};

/// The text of an API token.
#[derive(Debug)]
pub(crate) struct ApiTokenText;
impl TokenKind for ApiTokenText {
    const PREFIX: &'static str = crate::api_token::API_TOKEN_PREFIX;
}

/// The token in a link that a person opens.
#[derive(Debug)]
pub(crate) struct LinkText;
impl TokenKind for LinkText {
    const PREFIX: &'static str = "mst_ln_";
}

/// A `state` value (facts 17.22): names the session and is bound to its browser.
#[derive(Debug)]
pub(crate) struct StateText;
impl TokenKind for StateText {
    const PREFIX: &'static str = "mst_st_";
}

/// The check inside these texts, by the keys of this side.
#[derive(Debug)]
pub(crate) struct Check(pub(crate) Arc<Keys>);

impl TokenCheck for Check {
    fn make(&self, prefix: &'static str, body: &[u8]) -> [u8; 8] {
        let mac = self.0.current(Purpose::TokenCheck).mac(prefix, &[body]);
        std::array::from_fn(|index| mac[index])
    }

    fn verify(&self, prefix: &'static str, body: &[u8], check: &[u8; 8]) -> bool {
        self.0.all(Purpose::TokenCheck).iter().any(|key| key.verify(prefix, &[body], check))
    }
}
