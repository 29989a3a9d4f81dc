use base::{Scope, Timestamp};

use crate::authorisation::{AuthorisationState, IssuedAccess};
use crate::client::ClientId;
use crate::store::LoadedAuthorisation;

/// What is asked of an authorisation each time its present access token is shown: by introspection and by resource servers. There is
/// one only while the authorisation is active, its client serves and its subject is not suspended. Small, since a store may
/// remember many of them; times and hashes are compared at each use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentAccess {
    /// To whom it was given.
    pub client_id: ClientId,
    /// What it gives access to.
    pub subject: Box<str>,
    /// Who consented.
    pub granted_by: Box<str>,
    /// What was consented to.
    pub scope: Scope,
    /// The generation of the token.
    pub generation: u32,
    /// When that generation was made.
    pub issued_at: Timestamp,
    /// The token.
    pub access: IssuedAccess,
    /// Retry window: whether its answer is still kept for a retry, so that its use has to be noted.
    pub is_kept_for_retry: bool,
}

impl PresentAccess {
    /// That of an authorisation, if there is one.
    pub fn of(loaded: &LoadedAuthorisation) -> Option<Self> {
        let LoadedAuthorisation { authorisation, client_state, subject_suspended } = loaded;
        let AuthorisationState::Active(tokens) = &authorisation.state else { return None };
        if !client_state.serves() || *subject_suspended {
            return None;
        }
        Some(Self {
            client_id: authorisation.client_id.clone(),
            subject: authorisation.subject.as_str().into(),
            granted_by: authorisation.granted_by.as_str().into(),
            scope: authorisation.scope.clone(),
            generation: tokens.generation,
            issued_at: tokens.issued_at,
            access: tokens.access.clone()?,
            is_kept_for_retry: tokens.predecessor.as_ref().is_some_and(|before| before.successor.is_some()),
        })
    }
}
