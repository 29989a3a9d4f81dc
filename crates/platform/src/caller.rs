use base::Scope;

use crate::{ApiError, ApiKeyId, CompanyId, Subject};

/// Who calls the resource API, after their credential was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// With what they came.
    pub method: AuthMethod,
    /// The client's id; for a standalone API key, which has no client, the key's id.
    pub application_id: String,
    /// The key, if they came with one.
    pub api_key: Option<ApiKeyId>,
    /// What people call the application, or the key.
    pub application_name: String,
    /// What it may do now: never more than it was given, and less where its application has less.
    pub scope: Scope,
    /// What it is for.
    pub subject: Subject,
}

/// With what a caller came, as `GET /v1/introspect` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMethod {
    /// An access token.
    OAuth2,
    /// An API key.
    ApiKey,
}

impl AuthMethod {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OAuth2 => "OAUTH2",
            Self::ApiKey => "API_KEY",
        }
    }
}

impl Caller {
    /// Refuses unless the caller has the scope `needed`.
    pub fn require(&self, needed: &'static str) -> Result<(), ApiError> {
        if self.scope.contains(needed) { Ok(()) } else { Err(ApiError::InsufficientScope { needed }) }
    }

    /// The company that the credential is for, if it is for one.
    pub const fn company(&self) -> Option<CompanyId> {
        match self.subject {
            Subject::Company(id) => Some(id),
            Subject::Organisation(_) => None,
        }
    }
}

/// What an `Authorization` header of the resource API may hold.
#[derive(Debug, Clone)]
pub enum Presented {
    /// `Bearer <access token>`.
    AccessToken(base::Secret<String>),
    /// `Basic base64(<API key>:)` (facts 10.1).
    ApiKey(base::Secret<String>),
}
