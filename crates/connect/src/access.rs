//! API tokens: who a backend is and what it may do.

use base::{Secret, StoreError};
use oauth::token_text::TokenText;
use seal::Purpose;

use crate::texts::{ApiTokenText, Check};
use crate::{ApiToken, ApiTokenId, Connect, KeyedHash, Need, Role};

/// A backend that has shown its API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's id.
    pub token: ApiTokenId,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
}

impl Caller {
    /// Whether the role suffices.
    pub const fn may(&self, need: Need) -> bool {
        self.role.allows(need)
    }
}

/// Why a backend is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Unknown, mistyped or revoked; which of these is not told.
    #[error("the API token is not valid")]
    Invalid,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new API token; its text is not kept and cannot be shown again.
#[derive(Debug)]
pub struct NewApiToken {
    /// The row.
    pub token: ApiToken,
    /// The text.
    pub text: Secret<String>,
}

const CONTEXT: &str = "API token";

impl Connect {
    /// Makes an API token.
    pub async fn create_api_token(&self, name: &str, role: Role) -> Result<NewApiToken, StoreError> {
        let id = ApiTokenId::new(self.clock(), self.entropy());
        let text = TokenText::<ApiTokenText>::generate(id.uuid(), 1, self.entropy());
        let hash = KeyedHash::of(&self.keys().current(Purpose::Lookup), CONTEXT, text.secret.expose());
        let token =
            ApiToken { id, name: name.to_owned(), role, hash, created_at: self.now(), revoked_at: None };
        self.store().insert_api_token(&token).await?;
        Ok(NewApiToken { token, text: text.render(&Check(self.keys().clone())) })
    }

    /// All API tokens, newest first, revoked ones included.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.store().api_tokens().await
    }

    /// Revokes one; `false` if there is none or it was revoked before. Other processes follow within a second.
    pub async fn revoke_api_token(&self, id: ApiTokenId) -> Result<bool, StoreError> {
        let revoked = self.store().revoke_api_token(id, self.now()).await?;
        self.inner.api_tokens.forget(&id);
        Ok(revoked)
    }

    /// Who shows this text. Form and check are tried before anything is looked up.
    pub async fn authenticate(&self, text: &Secret<String>) -> Result<Caller, AccessError> {
        let presented = TokenText::<ApiTokenText>::parse(text.expose(), &Check(self.keys().clone()))
            .map_err(|_| AccessError::Invalid)?;
        let id = ApiTokenId::from_uuid(presented.row);
        let load = || self.store().api_token(id);
        let token = self.inner.api_tokens.get(id, self.clock(), load).await?.ok_or(AccessError::Invalid)?;
        let key = self.keys().by_id(Purpose::Lookup, &token.hash.key).ok_or(AccessError::Invalid)?;
        if token.revoked_at.is_some() || !token.hash.matches(&key, CONTEXT, presented.secret.expose()) {
            return Err(AccessError::Invalid);
        }
        Ok(Caller { token: token.id, name: token.name.clone(), role: token.role })
    }
}
