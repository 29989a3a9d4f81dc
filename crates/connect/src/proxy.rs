//! Calls sent through: credential and company put in, the answer streamed back (`refresh-authority` rule 10).

use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode};
use outbound::{Body, SendError, SendOptions};
use providers::Placement;
use refresh::{CredentialKind, ProviderAccess};

use crate::{Company, Connect, Connection, ConnectionId, End, Unusable};

mod body;
mod headers;
mod path;

pub use path::PathError;

/// The most bytes of a body that are kept for one resend.
pub const KEPT_BODY: usize = 1024 * 1024;
/// A proof that a credential is good is noted again after this long.
const PROOF_AGE: Duration = Duration::from_mins(10);

/// A call as it came in.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// What followed `/proxy` in the address, as it was sent: path, and query if there was one.
    pub path_and_query: String,
    /// The caller's headers.
    pub headers: HeaderMap,
    /// The caller's body.
    pub body: Body,
    /// Whether the caller may disconnect, and so end the provider's access through the proxy, too.
    pub may_disconnect: bool,
}

/// Why a call was not sent, or has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The path is not one that stays under the provider's API base.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It would end the access that the connection lives on, and the caller may not disconnect.
    #[error("this call ends the access itself, which is for those who may disconnect")]
    EndsAccess,
    /// The connection cannot be used now.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The caller's own body broke off.
    #[error("the request's body broke off")]
    Body,
    /// The provider does not answer.
    #[error("the provider does not answer: {0}")]
    Unavailable(SendError),
    /// The token was renewed while a body too large to be kept was under way; the caller sends it again.
    #[error("the token was renewed while the request was under way; send it again")]
    SendAgain,
}

impl Connect {
    /// Sends a call through an end of a connection. Redirects are handed back, not followed.
    pub async fn proxy(&self, id: ConnectionId, end: End, call: Call) -> Result<Response<Body>, ProxyError> {
        let connection = self.usable(id).await?;
        let side = connection.side(end);
        let access =
            self.directory().get(&side.provider).ok_or_else(|| Unusable::NotSetUp(side.provider.clone()))?;
        let target = path::target(access, &side.company, &call.path_and_query)?;
        path::may_be_changed(access, &call.method, &call.path_and_query)?;
        if !call.may_disconnect && path::ends_access(access, &call.method, &call.path_and_query) {
            return Err(ProxyError::EndsAccess);
        }
        let headers = headers::for_provider(&call.headers);
        let mut kept = body::keep(call.body).await.map_err(|_| ProxyError::Body)?;
        let mut lent = self.lend(&connection, end).await?;
        for attempt in 0.. {
            // While a rotation runs that kills the old token, calls wait; what it brought is lent afterwards.
            let permit = match self.authority().enter(side.grant).await {
                Ok(permit) => permit,
                Err(error) => return Err(self.unusable(&connection, end, error).await.into()),
            };
            if attempt == 0 {
                lent = self.lend(&connection, end).await?;
            }
            let mut headers = headers.clone();
            self.put_in(access, &side.company, &lent, &mut headers).await?;
            let body = kept.take();
            let mut request = Request::new(body);
            *request.method_mut() = call.method.clone();
            *request.uri_mut() = target.parse().map_err(|_| PathError::NotAPath)?;
            *request.headers_mut() = headers;
            let options =
                SendOptions::streaming(self.inner.settings.proxy_deadline, self.inner.settings.proxy_idle);
            let answer = self.http().send(request, &options).await.map_err(ProxyError::Unavailable)?;
            drop(permit);
            if answer.status() != StatusCode::UNAUTHORIZED || attempt > 0 {
                self.note_answer(&connection, end, &lent, answer.status()).await;
                return Ok(headers::for_caller(answer));
            }
            let rejected = match self.authority().rejected(side.grant, lent.generation).await {
                Ok(rejected) => rejected,
                Err(error) => return Err(self.unusable(&connection, end, error).await.into()),
            };
            if lent.kind == CredentialKind::ApiKey {
                self.try_refused_key(&connection, end, &lent).await?;
            }
            if !rejected.refreshed {
                return Ok(headers::for_caller(answer));
            }
            if !kept.can_be_sent_again() {
                return Err(ProxyError::SendAgain);
            }
            lent = rejected.lent;
        }
        Err(ProxyError::SendAgain)
    }

    async fn put_in(
        &self,
        access: &ProviderAccess,
        company: &Company,
        lent: &refresh::Lent,
        headers: &mut HeaderMap,
    ) -> Result<(), Unusable> {
        let carried = self.credential_headers(access, lent.kind, lent.access_token.clone()).await;
        for (name, value) in carried.map_err(|_| Unusable::CannotOpen)? {
            headers.insert(name, value);
        }
        if let Placement::Header(name) = &access.provider.company.placed_in {
            headers::place_company(headers, name, &company.id).ok_or(Unusable::CannotOpen)?;
        }
        Ok(())
    }

    /// A good answer proves the credential. Noted now and then, not at each call.
    async fn note_answer(&self, connection: &Connection, end: End, lent: &refresh::Lent, status: StatusCode) {
        let facts = &connection.side(end).facts;
        if status.is_success() && self.now().since(facts.proven_at) > PROOF_AGE {
            if let Err(error) = self.authority().note_proven(lent.grant, lent.generation).await {
                tracing::warn!(%error, "a proof could not be noted");
            }
            self.inner.connections.forget(&connection.id);
        }
    }
}
