use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base::Secret;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use oauth::ClientAuthMethod;
use oauth::introspection::{self, IntrospectionAnswer, TokenTypeHint};
use oauth::token_request::{ClientCredentials, EncodedRequest, TokenRequest};
use outbound::{Body, HttpClient, SendError, SendOptions};
use providers::{ClientAuthentication, OAuthRules};
use url::Url;

use crate::DegradedReason;
use crate::directory::ProviderAccess;
use crate::outcome::{Answered, Outcome, classify};

/// Sends token requests: code exchanges (for `connect`) and refreshes. Never retries.
#[derive(Clone)]
pub struct TokenEndpoint {
    http: Arc<dyn HttpClient>,
}

/// What the question after a lost answer brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionAnswer {
    /// The token would be accepted.
    Alive,
    /// The token is dead.
    Dead,
    /// Nobody answered, or the answer says nothing of the token.
    NoAnswer,
}

/// Larger than any token answer.
const MAX_ANSWER: usize = oauth::token_answer::MAX_BYTES;

impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint").finish_non_exhaustive()
    }
}

fn client<'a>(
    rules: &OAuthRules,
    client_id: &'a str,
    client_secret: Option<&'a Secret<String>>,
) -> ClientCredentials<'a> {
    let method = match (rules.client_authentication, client_secret) {
        (_, None) => ClientAuthMethod::None,
        (ClientAuthentication::Basic, Some(_)) => ClientAuthMethod::ClientSecretBasic,
        (ClientAuthentication::Body, Some(_)) => ClientAuthMethod::ClientSecretPost,
    };
    ClientCredentials { client_id, client_secret, method }
}

impl TokenEndpoint {
    /// Over this client.
    pub fn new(http: Arc<dyn HttpClient>) -> Self {
        Self { http }
    }

    /// Sends one token request and says what came of it.
    pub async fn request(
        &self,
        access: &ProviderAccess,
        client_id: &str,
        client_secret: Option<&Secret<String>>,
        request: &TokenRequest<'_>,
    ) -> Outcome {
        let deadline = access.rotating().map_or(Duration::ZERO, |(_, rotation)| rotation.request_deadline());
        self.request_within(access, client_id, client_secret, request, deadline).await
    }

    /// The same with a deadline of the caller's.
    pub(crate) async fn request_within(
        &self,
        access: &ProviderAccess,
        client_id: &str,
        client_secret: Option<&Secret<String>>,
        request: &TokenRequest<'_>,
        deadline: Duration,
    ) -> Outcome {
        let (Some((rules, _)), Some(token_url)) = (access.rotating(), &access.endpoints.token_url) else {
            return Outcome::Misconfigured {
                detail: format!("{} has no token endpoint here", access.provider.name),
            };
        };
        let extra: Vec<_> =
            rules.extra_token_parameters.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let encoded = request.encode(&client(rules, client_id, client_secret), &extra);
        match self.post(token_url, encoded, deadline).await {
            Ok(answered) => classify(&answered, &|code| access.provider.is_terminal(code)),
            Err(error) => not_answered(&error),
        }
    }

    /// Asks the authorization server whether a token would be accepted (rule 8: consumes nothing).
    pub async fn introspect(
        &self,
        access: &ProviderAccess,
        client_id: &str,
        client_secrets: &[Secret<String>],
        token: &Secret<String>,
        hint: TokenTypeHint,
    ) -> QuestionAnswer {
        let (Some((rules, _)), Some(url)) = (access.rotating(), &access.endpoints.introspect_url) else {
            return QuestionAnswer::NoAnswer;
        };
        // A secret that is refused says nothing of the others; a client without one asks once.
        let mut secrets = client_secrets.iter();
        loop {
            let client = client(rules, client_id, secrets.next());
            let encoded = introspection::encode_request(&client, token, Some(hint));
            // A question may be hung up on: it changes nothing.
            let Ok(answered) = self.post(url, encoded, Duration::from_secs(10)).await else {
                return QuestionAnswer::NoAnswer;
            };
            match answered.body.map(|body| IntrospectionAnswer::read(answered.status, &body)) {
                Some(IntrospectionAnswer::Active(_)) => return QuestionAnswer::Alive,
                Some(IntrospectionAnswer::Inactive) => return QuestionAnswer::Dead,
                Some(IntrospectionAnswer::Refused { .. }) if secrets.len() > 0 => {}
                _ => return QuestionAnswer::NoAnswer,
            }
        }
    }

    /// Tries an access token on the provider's probe path: right as a question only where a refresh kills it.
    pub async fn probe(&self, access: &ProviderAccess, token: &Secret<String>) -> QuestionAnswer {
        let url = format!(
            "{}/{}",
            access.endpoints.api_url.as_str().trim_end_matches('/'),
            access.provider.probe.trim_start_matches('/')
        );
        let request = http::Request::get(url)
            .header(AUTHORIZATION, format!("Bearer {}", token.expose()))
            .body(Body::empty());
        let Ok(request) = request else { return QuestionAnswer::NoAnswer };
        match self
            .http
            .send(request, &SendOptions::within(Duration::from_secs(10)))
            .await
            .map(|answer| answer.status().as_u16())
        {
            // 403 counts as alive: the token was known, it may only not do this.
            Ok(200..=299 | 403) => QuestionAnswer::Alive,
            Ok(401) => QuestionAnswer::Dead,
            _ => QuestionAnswer::NoAnswer,
        }
    }

    async fn post(
        &self,
        url: &Url,
        encoded: EncodedRequest,
        deadline: Duration,
    ) -> Result<Answered, SendError> {
        let mut request = http::Request::post(url.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        if let Some(authorization) = &encoded.authorization {
            request = request.header(AUTHORIZATION, authorization.expose());
        }
        let request = request
            .body(Body::from(Bytes::copy_from_slice(encoded.body.expose().as_bytes())))
            .map_err(|_| SendError::BadRequest("it cannot be written as HTTP"))?;
        // A reused connection that the other side has just closed would make a lost answer out of nothing.
        let response = self.http.send(request, &SendOptions::within(deadline).on_fresh_connection()).await?;
        let (head, body) = response.into_parts();
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Answered {
            status: head.status.as_u16(),
            content_type: header(CONTENT_TYPE).map(ToOwned::to_owned),
            retry_after: header(RETRY_AFTER)
                .and_then(|text| text.trim().parse().ok())
                .map(Duration::from_secs),
            body: body.collect_up_to(MAX_ANSWER).await.ok().map(|bytes| bytes.to_vec()),
        })
    }
}

fn not_answered(error: &SendError) -> Outcome {
    match error {
        SendError::NotSent(_) => Outcome::NotProcessed {
            reason: DegradedReason::ProviderUnreachable,
            retry_after: None,
            detail: error.to_string(),
        },
        SendError::BadRequest(_) => Outcome::Misconfigured { detail: error.to_string() },
        SendError::Unknown(_) => Outcome::Unknown { detail: error.to_string() },
    }
}
