use base::Scope;
use serde::Deserialize;
use url::Url;

use crate::Provider;

/// The addresses of one of a provider's environments, as its file gives them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The authorisation endpoint, or the page where access is installed (e-conomic).
    pub authorize_url: Option<Url>,
    /// The token endpoint.
    pub token_url: Option<Url>,
    /// The introspection endpoint (RFC 7662).
    pub introspect_url: Option<Url>,
    /// The revocation endpoint.
    pub revoke_url: Option<Url>,
    /// What API paths are put behind.
    pub api_url: Url,
    /// What the provider calls itself in `iss` (RFC 9207); absent where it does not send it.
    pub issuer: Option<String>,
}

/// What configuration says about a provider: `[providers.<id>]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// The environment to use.
    pub environment: Option<String>,
    /// Stands for scheme, host and port of every address; the paths stay. May carry a path of its own, which comes first.
    pub base_url: Option<Url>,
    /// Replaces the authorisation endpoint.
    pub authorize_url: Option<Url>,
    /// Replaces the token endpoint.
    pub token_url: Option<Url>,
    /// Replaces the API base.
    pub api_url: Option<Url>,
    /// Replaces the introspection endpoint.
    pub introspect_url: Option<Url>,
    /// Replaces the revocation endpoint.
    pub revoke_url: Option<Url>,
    /// Replaces the scopes that are asked for.
    pub scopes: Option<Scope>,
}

/// The addresses in force, after configuration has had its say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The environment's name.
    pub environment: String,
    /// The authorisation endpoint.
    pub authorize_url: Option<Url>,
    /// The token endpoint.
    pub token_url: Option<Url>,
    /// The introspection endpoint.
    pub introspect_url: Option<Url>,
    /// The revocation endpoint.
    pub revoke_url: Option<Url>,
    /// What API paths are put behind; never ends with a slash.
    pub api_url: Url,
    /// What `iss` must be where it comes back; `None` where nothing is known about it.
    pub issuer: Option<String>,
}

/// Configuration that does not fit the provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No such environment.
    #[error(
        "{provider} has no environment {wanted:?}; it has {known}: set `environment` under `[providers.{provider}]` to one of them"
    )]
    UnknownEnvironment {
        /// The provider.
        provider: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// An address that cannot carry a path.
    #[error("{0} cannot be used as `base_url`: give an http or https address without query and fragment")]
    BaseUrl(String),
}

impl Provider {
    /// The addresses in force.
    pub fn endpoints(&self, overrides: &Overrides) -> Result<Endpoints, EndpointError> {
        let name = overrides.environment.as_ref().unwrap_or(&self.default_environment);
        let environment = self.environments.get(name).ok_or_else(|| EndpointError::UnknownEnvironment {
            provider: self.id.to_string(),
            wanted: name.clone(),
            known: self.environments.keys().cloned().collect::<Vec<_>>().join(", "),
        })?;
        let moved = match &overrides.base_url {
            Some(base) => environment.moved_to(base)?,
            None => environment.clone(),
        };
        // A deployment that points the token endpoint elsewhere must never send its tokens to the real provider's other
        // endpoints: they follow where their path continues the token endpoint's, and are otherwise left out.
        let following = |own: &Option<Url>, overridden: &Option<Url>| match (overridden, &overrides.token_url)
        {
            (Some(url), _) => Some(url.clone()),
            (None, Some(token_url)) => continue_path(own.as_ref()?, moved.token_url.as_ref()?, token_url),
            (None, None) => own.clone(),
        };
        let introspect_url = following(&moved.introspect_url, &overrides.introspect_url);
        let revoke_url = following(&moved.revoke_url, &overrides.revoke_url);
        let issuer = match (&overrides.authorize_url, &moved.authorize_url) {
            (Some(own), Some(catalogue)) => issuer_of(own, catalogue.path(), overrides.base_url.as_ref()),
            _ => moved.issuer.clone(),
        };
        Ok(Endpoints {
            environment: name.clone(),
            authorize_url: overrides.authorize_url.clone().or(moved.authorize_url),
            token_url: overrides.token_url.clone().or(moved.token_url),
            introspect_url,
            revoke_url,
            api_url: without_trailing_slash(overrides.api_url.clone().unwrap_or(moved.api_url)),
            issuer,
        })
    }
}

impl Environment {
    fn moved_to(&self, base: &Url) -> Result<Self, EndpointError> {
        let unusable = base.cannot_be_a_base()
            || !matches!(base.scheme(), "http" | "https")
            || base.query().is_some()
            || base.fragment().is_some();
        if unusable {
            return Err(EndpointError::BaseUrl(base.to_string()));
        }
        let prefix = base.path().trim_end_matches('/');
        let at_base = |own: &Url| {
            let mut moved = base.clone();
            moved.set_path(&format!("{prefix}{}", own.path()));
            moved.set_query(own.query());
            moved
        };
        Ok(Self {
            authorize_url: self.authorize_url.as_ref().map(at_base),
            token_url: self.token_url.as_ref().map(at_base),
            introspect_url: self.introspect_url.as_ref().map(at_base),
            revoke_url: self.revoke_url.as_ref().map(at_base),
            api_url: without_trailing_slash(at_base(&self.api_url)),
            issuer: Some(base.as_str().trim_end_matches('/').to_owned()),
        })
    }
}

/// `own` at the place of `new`, if its path continues that of `old`.
fn continue_path(own: &Url, old: &Url, new: &Url) -> Option<Url> {
    let rest = own
        .path()
        .strip_prefix(old.path())
        .filter(|rest| own.origin() == old.origin() && rest.starts_with('/'))?;
    let mut url = new.clone();
    url.set_path(&format!("{}{rest}", new.path().trim_end_matches('/')));
    Some(url)
}

/// The issuer behind an authorisation endpoint that was set by hand: what is left when the known path is taken off.
fn issuer_of(own: &Url, catalogue_path: &str, base: Option<&Url>) -> Option<String> {
    let base_path = base.map_or("", |base| base.path().trim_end_matches('/'));
    let path = catalogue_path.strip_prefix(base_path).unwrap_or(catalogue_path);
    let mut stripped = own.clone();
    stripped.set_query(None);
    stripped.as_str().strip_suffix(path).map(ToOwned::to_owned)
}

fn without_trailing_slash(mut url: Url) -> Url {
    // A root path keeps its one slash: the URL type always shows it, and joining takes care of it.
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url
}

impl Endpoints {
    /// The address of an API path (which starts with `/` and may carry a query) under the API base.
    pub fn api(&self, path: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{}{path}", self.api_url.as_str().trim_end_matches('/')))
    }
}
