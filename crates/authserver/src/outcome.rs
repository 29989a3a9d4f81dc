use std::time::Duration;

use base::{Scope, Secret, StoreError, Timestamp};
use oauth::authorization_request::NotRedirectable;
use oauth::pkce::Challenge;
use oauth::{RedirectUri, Refused};

use crate::authorisation::AuthorisationId;
use crate::client::{Client, ClientId};
use crate::faults::Fault;
use crate::rules::ClientProblems;

/// An authorization request that may be shown to a person for consent.
#[derive(Debug, Clone)]
pub struct ValidatedRequest {
    /// The client.
    pub client: Client,
    /// Where the answer goes: the URI of the request, or the only one registered.
    pub redirect_uri: RedirectUri,
    /// What is asked for: the scope of the request, or all the client may have.
    pub scope: Scope,
    /// The client's state.
    pub state: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) redirect_uri_was_given: bool,
}

/// What a person decided.
#[derive(Debug, Clone)]
pub struct Consent {
    /// What access is given to: an opaque URN.
    pub subject: String,
    /// Who gives it: a user id.
    pub granted_by: String,
    /// What is given; at most what was asked for.
    pub scope: Scope,
    /// Parameters for the redirect beyond `code`, `state` and `iss` (`urn_pleo_params_oauth_subject`, `realmId`).
    pub extra: Vec<(String, String)>,
}

/// A consent that is stored.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The authorisation.
    pub authorisation: AuthorisationId,
    /// Where to send the browser, with 303.
    pub location: Secret<String>,
}

/// Why an authorization request goes no further.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizationRefusal {
    /// To be shown to the person; nothing may be redirected.
    #[error("{0}")]
    Page(PageReason),
    /// To be told to the client: send the browser here, with 303.
    #[error("refused, to be told to the client")]
    Redirect(String),
    /// The database failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
    /// A fault was put here on purpose.
    #[error("disturbed on purpose")]
    Disturbed(Fault),
}

/// What a person is told when nothing may be redirected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageReason {
    /// The request cannot be read, or does not name one client and one redirect URI.
    #[error(transparent)]
    Request(#[from] NotRedirectable),
    /// There is no such client.
    #[error("no application is registered under this client id")]
    UnknownClient,
    /// The client waits for its review.
    #[error("this application is waiting for its review and cannot ask for access yet")]
    ClientAwaitsReview,
    /// The client was declined or stopped.
    #[error("this application is not approved")]
    ClientNotApproved,
    /// The redirect URI is not registered for it.
    #[error("the redirect URI is not registered for this application")]
    RedirectUriNotRegistered,
    /// None was given, and not exactly one is registered.
    #[error("the request names no redirect URI")]
    RedirectUriMissing,
}

/// Tokens for an answer of the token endpoint.
#[derive(Debug, Clone)]
pub struct TokenSuccess {
    /// The access token.
    pub access_token: Secret<String>,
    /// Its life from now, in whole seconds rounded down.
    pub expires_in: Duration,
    /// The refresh token, where there is one.
    pub refresh_token: Option<Secret<String>>,
    /// Its life from now; not part of the standard answer.
    pub refresh_token_expires_in: Option<Duration>,
    /// The scope of the access token.
    pub scope: Scope,
    /// The authorisation they belong to.
    pub authorisation: AuthorisationId,
    /// The client.
    pub client_id: ClientId,
    /// What they give access to.
    pub subject: String,
    /// Their generation; 1 after an exchange.
    pub generation: u32,
}

/// Why an endpoint gives no success.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// An answer of RFC 6749 section 5.2.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database failed: 503, and nothing was acknowledged.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// What an endpoint has to answer.
#[derive(Debug)]
pub enum Reply<T> {
    /// The answer.
    Answered(Result<T, EndpointError>),
    /// A fault was put here on purpose.
    Disturbed {
        /// What becomes of the answer.
        fault: Fault,
        /// The answer behind it, where the fault came after the state change.
        behind: Option<Result<T, EndpointError>>,
    },
}

/// What an access token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessContext {
    /// The client.
    pub client_id: ClientId,
    /// What it gives access to.
    pub subject: String,
    /// Who consented.
    pub granted_by: String,
    /// What it allows.
    pub scope: Scope,
    /// Its authorisation.
    pub authorisation: AuthorisationId,
    /// Its generation.
    pub generation: u32,
    /// Its end.
    pub expires_at: Timestamp,
}

/// Why an access token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    /// Malformed, unknown, expired, replaced, revoked, or its client or subject is stopped: 401 `invalid_token`. The
    /// outside is not told which.
    #[error("the access token is not valid")]
    Invalid,
    /// The database failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Why an act on a client fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// There is none of that id.
    #[error("there is no client {0}")]
    Unknown(ClientId),
    /// Its settings break rules, or contradict each other.
    #[error("the client cannot be set up like this: {0}")]
    Rejected(ClientProblems),
    /// It was changed, or decided about, since it was looked at.
    #[error("the client {0} was changed meanwhile")]
    Changed(ClientId),
    /// The database failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}
