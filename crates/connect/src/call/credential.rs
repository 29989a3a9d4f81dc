use base::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use providers::{ApiKeyRule, KeyPart};
use refresh::{CredentialKind, ProviderAccess};

/// A credential as it goes into a call: always in headers, never in an address or a body (facts 17.36, 17.99).
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) kind: CredentialKind,
    pub(crate) secret: Secret<String>,
    /// The integration's own secret, for the providers that want it on each call (facts 16.6).
    pub(crate) client_secret: Option<Secret<String>>,
}

/// A credential that cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CredentialError {
    #[error("the credential holds characters that no header can carry")]
    Characters,
    #[error("this provider takes no keys")]
    NoKeys,
    #[error("the integration's own secret for this provider is not set")]
    NoClientSecret,
}

impl Credential {
    /// The headers that carry it.
    pub(crate) fn headers(
        &self,
        access: &ProviderAccess,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, CredentialError> {
        let bearer = || {
            let value = oauth::bearer::header(&self.secret);
            Ok(vec![(AUTHORIZATION, sensitive(value.expose())?)])
        };
        match (self.kind, &access.provider.api_key) {
            (CredentialKind::OAuth, _) => bearer(),
            (CredentialKind::ApiKey, None) => Err(CredentialError::NoKeys),
            // Facts 10.1: the key is the user name, the password is empty.
            (CredentialKind::ApiKey, Some(ApiKeyRule::BasicUserName)) => {
                let pair = Secret::new(format!("{}:", self.secret.expose()));
                let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
                Ok(vec![(AUTHORIZATION, sensitive(value.expose())?)])
            }
            (CredentialKind::ApiKey, Some(ApiKeyRule::Headers(headers))) => headers
                .iter()
                .map(|(name, part)| {
                    let secret = match part {
                        KeyPart::Key => &self.secret,
                        KeyPart::ClientSecret => {
                            self.client_secret.as_ref().ok_or(CredentialError::NoClientSecret)?
                        }
                    };
                    let name =
                        HeaderName::from_bytes(name.as_bytes()).map_err(|_| CredentialError::Characters)?;
                    Ok((name, sensitive(secret.expose())?))
                })
                .collect(),
        }
    }
}

fn sensitive(value: &str) -> Result<HeaderValue, CredentialError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| CredentialError::Characters)?;
    value.set_sensitive(true);
    Ok(value)
}
