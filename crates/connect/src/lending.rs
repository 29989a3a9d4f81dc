//! Lending tokens to backends, and what follows when one was refused.

use std::sync::Arc;
use std::time::Duration;

use base::{Secret, StoreError, Timestamp};
use refresh::{CredentialKind, EndReason, LendError};

use crate::call::{CallError, Reach, prove};
use crate::{Connect, Connection, ConnectionId, End, Reason, Stage, words};

/// A token that was lent.
#[derive(Debug, Clone)]
pub struct LentToken {
    /// The access token or key, exactly as the provider gave it.
    pub access_token: Secret<String>,
    /// Whether it is an OAuth token or a key.
    pub kind: CredentialKind,
    /// When it expires; `None` if it does not.
    pub expires_at: Option<Timestamp>,
    /// The generation of this end's credential: name it when saying that it was refused.
    pub generation: u64,
}

/// What follows a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// The generation to use now.
    pub generation: u64,
    /// Whether it is a newer one. If not, the refusal is the API's own matter.
    pub refreshed: bool,
}

/// Why no call can be made on a connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There is no such connection.
    #[error("there is no such connection")]
    NoConnection,
    /// A person must sign in again.
    #[error("{}", .0.sentence)]
    NeedsAttention(Reason),
    /// The pair has not been confirmed yet.
    #[error("the connection waits to be confirmed")]
    NotActive,
    /// It is over.
    #[error("the connection was disconnected")]
    Disconnected,
    /// A refresh is under way or its outcome is being looked into.
    #[error("a refresh is under way")]
    RefreshPending {
        /// When to try again.
        retry_after: Duration,
    },
    /// The provider is out of order and there is no token that is still good.
    #[error("{}", .reason.sentence)]
    Degraded {
        /// Why.
        reason: Reason,
        /// When to try again.
        retry_after: Duration,
    },
    /// A generation that this end has never had.
    #[error("this end has not reached that generation")]
    NoSuchGeneration,
    /// The stored credential cannot be opened.
    #[error("the stored credential cannot be opened; the operator has to look")]
    CannotOpen,
    /// The provider is not set up here any more.
    #[error("the provider {0} is not set up here any more")]
    NotSetUp(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Connect {
    /// Lends the token of an end. From memory while it is young.
    pub async fn token(&self, id: ConnectionId, end: End) -> Result<LentToken, Unusable> {
        let connection = self.usable(id).await?;
        let lent = self.lend(&connection, end).await?;
        Ok(LentToken {
            generation: connection.side(end).generation_base + lent.generation,
            access_token: lent.access_token,
            kind: lent.kind,
            expires_at: lent.expires_at,
        })
    }

    /// A backend says that the token of `generation` was refused: waits for what follows. An older generation does nothing.
    pub async fn rejected(&self, id: ConnectionId, end: End, generation: u64) -> Result<Rejected, Unusable> {
        let connection = self.usable(id).await?;
        let side = connection.side(end);
        let Some(own) = side.grant_generation(generation) else {
            let lent = self.lend(&connection, end).await?;
            return Ok(Rejected { generation: side.generation_base + lent.generation, refreshed: true });
        };
        let grant = self.authority().store().grant(side.grant).await?.ok_or(Unusable::NoConnection)?;
        if own > grant.generation {
            return Err(Unusable::NoSuchGeneration);
        }
        let answer = match self.authority().rejected(side.grant, own).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.unusable(&connection, end, error).await),
        };
        if answer.lent.kind == CredentialKind::ApiKey && answer.lent.generation == own {
            self.try_refused_key(&connection, end, &answer.lent).await?;
        }
        Ok(Rejected {
            generation: side.generation_base + answer.lent.generation,
            refreshed: answer.refreshed,
        })
    }

    /// The connection, if calls may go through it.
    pub(crate) async fn usable(&self, id: ConnectionId) -> Result<Arc<Connection>, Unusable> {
        let connection = self.remembered(id).await?.ok_or(Unusable::NoConnection)?;
        match connection.stage {
            Stage::Live => Ok(connection),
            Stage::Pending => Err(Unusable::NotActive),
            Stage::Disconnected { .. } => Err(Unusable::Disconnected),
        }
    }

    pub(crate) async fn lend(&self, connection: &Connection, end: End) -> Result<refresh::Lent, Unusable> {
        match self.authority().lend(connection.side(end).grant).await {
            Ok(lent) => Ok(lent),
            Err(error) => Err(self.unusable(connection, end, error).await),
        }
    }

    /// What a failure to lend means for the caller. What happened to the grant is told onward at once, so that whoever looks
    /// at the connection next sees the same.
    pub(crate) async fn unusable(&self, connection: &Connection, end: End, error: LendError) -> Unusable {
        let now = self.now();
        let wait = |at: Timestamp| at.since(now).clamp(Duration::from_secs(1), Duration::from_mins(5));
        match error {
            LendError::Ended { reason, .. } => {
                if let Err(error) = self.tell_news().await {
                    tracing::warn!(%error, "the end of a grant could not be told onward yet");
                }
                self.connection_changed(connection.id);
                // Another sign-in may have taken its place between memory and store.
                if matches!(reason, EndReason::Replaced) {
                    return Unusable::RefreshPending { retry_after: Duration::from_secs(1) };
                }
                Unusable::NeedsAttention(self.reason_now(connection, end, reason.code()).await)
            }
            LendError::Pending { retry_at } => Unusable::RefreshPending { retry_after: wait(retry_at) },
            LendError::Degraded { reason, retry_at } => Unusable::Degraded {
                reason: self.reason_now(connection, end, reason.code()).await,
                retry_after: wait(retry_at),
            },
            LendError::NoGrant | LendError::CannotOpen => Unusable::CannotOpen,
            LendError::Store(error) => error.into(),
        }
    }

    async fn reason_now(&self, connection: &Connection, end: End, code: &str) -> Reason {
        let stored = self.store().connection(connection.id).await.ok().flatten();
        let reason = stored.and_then(|stored| words::side_reason(stored.side(end), self.directory()));
        reason.unwrap_or_else(|| {
            let name = self.directory().name(&connection.side(end).provider);
            Reason {
                code: code.to_owned(),
                sentence: format!("{name} cannot be used at the moment ({}).", code.replace('_', " ")),
            }
        })
    }

    /// A key was answered with 401. Nobody can refresh it; if the provider's own probe refuses it too, it is over.
    pub(crate) async fn try_refused_key(
        &self,
        connection: &Connection,
        end: End,
        lent: &refresh::Lent,
    ) -> Result<(), Unusable> {
        let side = connection.side(end);
        let Some(access) = self.directory().get(&side.provider) else {
            return Err(Unusable::NotSetUp(side.provider.clone()));
        };
        let Ok(headers) = self.credential_headers(access, lent.kind, lent.access_token.clone()).await else {
            return Ok(());
        };
        let reach =
            Reach { http: self.http(), access, headers: &headers, redirect_company: Some(&side.company.id) };
        if prove(reach, &side.company).await != Err(CallError::Refused) {
            return Ok(());
        }
        if let Err(error) = self.authority().key_refused(side.grant, lent.generation).await {
            return Err(self.unusable(connection, end, error).await);
        }
        let ended = LendError::Ended { reason: EndReason::KeyRefused, at: self.now() };
        Err(self.unusable(connection, end, ended).await)
    }
}
