//! The client for the network, on reqwest.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};
use http::header::{HOST, HeaderValue, USER_AGENT};
use http::{Request, Response, Uri};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::body::Body;
use crate::client::{BodyTime, HttpClient, SendOptions};
use crate::error::{NotSent, SendError, Unknown};
use crate::guard::Guard;

mod timed_body;

use timed_body::{SyncBody, TimedBody};

/// What a [`ReqwestClient`] is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which addresses may be called.
    pub guard: Guard,
    /// How long until a connection stands, TLS included. Shorter than any deadline, so that a server that cannot be reached is
    /// told from one that does not answer.
    pub connect_timeout: Duration,
    /// `User-Agent` of requests that have none.
    pub user_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            guard: Guard::default(),
            connect_timeout: Duration::from_secs(10),
            user_agent: format!("mainstay/{}", env!("CARGO_PKG_VERSION")),
        }
    }
}

/// How long an answer that has arrived takes from the socket to here.
const ARRIVED: Duration = Duration::from_millis(200);

/// Why no client could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the HTTP client cannot be set up: {0}; check the system's certificates (Debian: `apt-get install ca-certificates`)"
)]
pub struct SetupError(String);

/// The client for the network. Cheap to share behind an `Arc`; make one a process, since connections are kept in it.
#[derive(Debug)]
pub struct ReqwestClient {
    settings: Settings,
    user_agent: HeaderValue,
    /// Made at the first use: a machine without certificates can still talk to what is on it, as the demo does.
    https: OnceLock<Result<Connections, SetupError>>,
    http: Connections,
}

#[expect(clippy::disallowed_types, reason = "this is the one place that may hold it")]
type Inner = reqwest::Client;

#[derive(Debug)]
struct Connections {
    reused: Inner,
    fresh: Inner,
}

impl ReqwestClient {
    /// Makes a client.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| SetupError("the user agent is not a header value".to_owned()))?;
        let http = Connections::new(&settings, Scheme::Http)?;
        Ok(Self { settings, user_agent, https: OnceLock::new(), http })
    }

    /// Whether https can be used at all, which needs the system's certificates. Without them every call over https ends as not
    /// sent.
    pub fn check_https(&self) -> Result<(), SetupError> {
        self.connections(Scheme::Https).map(drop)
    }

    fn connections(&self, scheme: Scheme) -> Result<&Connections, SetupError> {
        match scheme {
            Scheme::Http => Ok(&self.http),
            Scheme::Https => {
                let https = self.https.get_or_init(|| Connections::new(&self.settings, Scheme::Https));
                https.as_ref().map_err(Clone::clone)
            }
        }
    }
}

impl Connections {
    fn new(settings: &Settings, scheme: Scheme) -> Result<Self, SetupError> {
        let build = |idle: usize| {
            builder(settings, scheme)
                .pool_max_idle_per_host(idle)
                .build()
                .map_err(|e| SetupError(root_cause(&e)))
        };
        Ok(Self { reused: build(32)?, fresh: build(0)? })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Https,
    Http,
}

#[expect(clippy::disallowed_types, reason = "this is the one place that may make it")]
fn builder(settings: &Settings, scheme: Scheme) -> reqwest::ClientBuilder {
    let resolver = GuardedResolver { guard: settings.guard.clone(), listed_only: scheme == Scheme::Http };
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // The default sends again what the other side says it has not processed. Only the caller may decide that.
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(Duration::from_secs(30))
        .dns_resolver(resolver);
    match scheme {
        Scheme::Https => builder.https_only(true),
        // Without https there is nothing to verify, so the system's certificates need not be held a second time.
        Scheme::Http => builder.tls_certs_only([]),
    }
}

#[async_trait]
impl HttpClient for ReqwestClient {
    async fn send(&self, request: Request<Body>, options: &SendOptions) -> Result<Response<Body>, SendError> {
        let (request, host, scheme) = self.prepare(request)?;
        let connections = self
            .connections(scheme)
            .map_err(|error| NotSent::Connect { host: host.clone(), cause: error.to_string() })?;
        let client = if options.fresh_connection { &connections.fresh } else { &connections.reused };

        // One timer for all: what the head leaves of it is the body's.
        let timer = Box::pin(tokio::time::sleep(options.deadline));
        let (answer, timer) = match select(Box::pin(client.execute(request)), timer).await {
            Either::Left((answer, timer)) => (answer, timer),
            // Whoever stood still meanwhile finds the time over and the answer there at the same moment: the answer counts.
            Either::Right(((), sending)) => match tokio::time::timeout(ARRIVED, sending).await {
                Ok(answer) => (answer, Box::pin(tokio::time::sleep(ARRIVED))),
                Err(_) => return Err(Unknown::Deadline { host, deadline: options.deadline }.into()),
            },
        };
        let answer = answer.map_err(|error| self.classify(&error, host))?;
        let (mut parts, body) = Response::<reqwest::Body>::from(answer).into_parts();
        // Extensions hold what reqwest keeps for itself, the URL with its query among it.
        parts.extensions.clear();
        let body = match options.body {
            BodyTime::WithinDeadline => TimedBody::until(body, timer),
            BodyTime::Idle(idle) => TimedBody::idle(body, idle),
        };
        Ok(Response::from_parts(parts, Body::from_typed(body)))
    }
}

impl ReqwestClient {
    /// Checks the request and gives it its final form, with the host for messages.
    fn prepare(&self, request: Request<Body>) -> Result<(reqwest::Request, String, Scheme), SendError> {
        let (parts, body) = request.into_parts();
        let url = exact_url(&parts.uri)?;
        let scheme = match url.scheme() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return Err(SendError::BadRequest("the scheme is neither https nor http")),
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        // A literal address is never resolved, so the resolver cannot guard it.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(SendError::BadRequest("the URL has no host")),
        };
        if let Some(address) = literal {
            if !self.settings.guard.permits(address) {
                return Err(NotSent::AddressRefused { host, address }.into());
            }
            if scheme == Scheme::Http && !self.settings.guard.is_listed(address) {
                return Err(NotSent::HttpsRequired { host }.into());
            }
        }
        let mut outgoing = reqwest::Request::new(parts.method, url);
        *outgoing.headers_mut() = parts.headers;
        // The URL alone says who is called; a `Host` that was passed on would name someone else.
        outgoing.headers_mut().remove(HOST);
        outgoing.headers_mut().entry(USER_AGENT).or_insert_with(|| self.user_agent.clone());
        if !http_body::Body::is_end_stream(&body) {
            *outgoing.body_mut() = Some(reqwest::Body::wrap(SyncBody::new(body)));
        }
        Ok((outgoing, host, scheme))
    }

    fn classify(&self, error: &reqwest::Error, host: String) -> SendError {
        if let Some(refusal) = find::<ResolveRefusal>(error) {
            return match refusal {
                ResolveRefusal::Address(address) => NotSent::AddressRefused { host, address: *address },
                ResolveRefusal::HttpsRequired => NotSent::HttpsRequired { host },
                ResolveRefusal::Failed(cause) => NotSent::Resolve { host, cause: cause.clone() },
            }
            .into();
        }
        let cause = root_cause(error);
        if error.is_builder() {
            SendError::BadRequest("the request is not well-formed")
        } else if error.is_connect() && error.is_timeout() {
            NotSent::ConnectTimeout { host, limit: self.settings.connect_timeout }.into()
        } else if error.is_connect() {
            NotSent::Connect { host, cause }.into()
        } else {
            Unknown::Cut { host, cause }.into()
        }
    }
}

/// The URL, provided that it is sent as it stands. Reading a URL resolves dot segments, turns backslashes around and drops
/// user information: whoever checked the text before would have checked another request.
fn exact_url(uri: &Uri) -> Result<Url, SendError> {
    if uri.scheme().is_none() || uri.authority().is_none() {
        return Err(SendError::BadRequest("the URL is not absolute"));
    }
    let url = Url::parse(&uri.to_string()).map_err(|_| SendError::BadRequest("the URL cannot be read"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SendError::BadRequest("the URL holds user information"));
    }
    if url.path() != uri.path() {
        return Err(SendError::BadRequest(
            "the path holds dot segments, backslashes or characters to be encoded",
        ));
    }
    Ok(url)
}

/// Resolves names and keeps only the addresses that may be called. Since the connection is made to what comes out of here,
/// a name that changes its address between check and use gains nothing.
#[derive(Debug)]
struct GuardedResolver {
    guard: Guard,
    listed_only: bool,
}

#[derive(Debug, thiserror::Error)]
enum ResolveRefusal {
    #[error("the address {0} is refused")]
    Address(IpAddr),
    #[error("https is required")]
    HttpsRequired,
    #[error("{0}")]
    Failed(String),
}

impl GuardedResolver {
    fn choose(&self, found: &[SocketAddr]) -> Result<Vec<SocketAddr>, ResolveRefusal> {
        let Some(first) = found.first() else {
            return Err(ResolveRefusal::Failed("the name has no address".to_owned()));
        };
        let permitted: Vec<_> =
            found.iter().copied().filter(|address| self.guard.permits(address.ip())).collect();
        if permitted.is_empty() {
            return Err(ResolveRefusal::Address(first.ip()));
        }
        let chosen: Vec<_> = permitted
            .into_iter()
            .filter(|address| !self.listed_only || self.guard.is_listed(address.ip()))
            .collect();
        if chosen.is_empty() { Err(ResolveRefusal::HttpsRequired) } else { Ok(chosen) }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = Self { guard: self.guard.clone(), listed_only: self.listed_only };
        Box::pin(async move {
            // The port is put in by reqwest.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<_> = found.map_err(|error| ResolveRefusal::Failed(error.to_string()))?.collect();
            Ok(Box::new(this.choose(&found)?.into_iter()) as Addrs)
        })
    }
}

/// The error and what is behind it, outermost first.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The innermost error's text: the outer ones of reqwest quote the URL.
fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let innermost = chain(error).last().filter(|inner| !inner.is::<reqwest::Error>());
    innermost.map_or_else(|| "no cause was given".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests;
