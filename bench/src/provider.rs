//! A token endpoint that rotates as Pleo's does (facts 6): each answer kills the refresh token that was shown, and one that is
//! shown again is refused. Served over loopback, or called within the process where the network is not to be measured.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use base::{EntropyExt as _, Secret, SystemEntropy};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use outbound::{Body, HttpClient, SendError, SendOptions};
use tokio::net::TcpListener;

use crate::{ANYWHERE, report};

/// The refresh token of a grant's generation: as long as real ones, and it names both.
pub(crate) fn refresh_token(grant: u64, generation: u32) -> Secret<String> {
    Secret::new(format!("refresh-{grant:020}-{generation:010}"))
}

/// What the provider knows of each grant.
pub(crate) struct Provider {
    /// The generation whose refresh token lives, by grant; all begin with 1.
    live: Vec<AtomicU32>,
    refused: AtomicU32,
    expires_in: u64,
}

impl Provider {
    pub(crate) fn new(grants: u64, expires_in: u64) -> Self {
        let live = (0..grants).map(|_| AtomicU32::new(1)).collect();
        Self { live, refused: AtomicU32::new(0), expires_in }
    }

    fn rotate(&self, form: &[u8]) -> (StatusCode, String) {
        let presented = url::form_urlencoded::parse(form)
            .find(|(name, _)| name == "refresh_token")
            .map_or_else(String::new, |(_, value)| value.into_owned());
        let named = presented.strip_prefix("refresh-").and_then(|rest| rest.split_once('-'));
        let parts =
            named.and_then(|(grant, generation)| Some((grant.parse().ok()?, generation.parse().ok()?)));
        let rotated = parts.and_then(|(grant, generation): (u64, u32)| {
            let live = self.live.get(usize::try_from(grant).ok()?)?;
            live.compare_exchange(generation, generation + 1, Ordering::SeqCst, Ordering::SeqCst).ok()?;
            Some(refresh_token(grant, generation + 1))
        });
        let Some(refresh_token) = rotated else {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return (StatusCode::BAD_REQUEST, r#"{"error":"invalid_grant"}"#.to_owned());
        };
        let (access_token, refresh_token) = (SystemEntropy.text::<32>(), refresh_token.expose());
        let expires_in = self.expires_in;
        let body = format!(
            r#"{{"access_token":"{access_token}","refresh_token":"{refresh_token}","expires_in":{expires_in},"token_type":"Bearer"}}"#
        );
        (StatusCode::OK, body)
    }

    /// How many grants were refreshed so and so often, and how many requests were refused.
    pub(crate) fn tally(&self) -> Tally {
        let refreshes = |live: &AtomicU32| live.load(Ordering::SeqCst) - 1;
        let count =
            |wanted: fn(u32) -> bool| self.live.iter().filter(|live| wanted(refreshes(live))).count() as u64;
        Tally {
            never: count(|refreshes| refreshes == 0),
            once: count(|refreshes| refreshes == 1),
            more: count(|refreshes| refreshes > 1),
            refused: self.refused.load(Ordering::SeqCst).into(),
        }
    }
}

/// What the provider counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) never: u64,
    pub(crate) once: u64,
    pub(crate) more: u64,
    pub(crate) refused: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { never, once, more, refused } = self;
        write!(f, "{never} {once} {more} {refused}")
    }
}

impl Tally {
    /// Reads what [`Tally`] writes.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|number| number.trim().parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Self { never: next()?, once: next()?, more: next()?, refused: next()? })
    }
}

/// Calls the provider without a network between.
pub(crate) struct InProcess(pub(crate) Arc<Provider>);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess(..)")
    }
}

#[async_trait]
impl HttpClient for InProcess {
    async fn send(&self, request: Request<Body>, _: &SendOptions) -> Result<Response<Body>, SendError> {
        let bad = |_| SendError::BadRequest("the body broke off");
        let form = request.into_body().collect_up_to(64 * 1024).await.map_err(bad)?;
        let (status, body) = self.0.rotate(&form);
        let answer = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
        answer.body(Body::from(body)).map_err(|_| SendError::BadRequest("the answer cannot be written"))
    }
}

/// Serves until the process is stopped; `GET /tally` tells what was counted.
pub(crate) async fn serve(grants: u64, expires_in: u64) -> Result<()> {
    let provider = Arc::new(Provider::new(grants, expires_in));
    let token = async |State(provider): State<Arc<Provider>>, form: Bytes| {
        let (status, body) = provider.rotate(&form);
        (status, [(CONTENT_TYPE, "application/json")], body)
    };
    let tally = async |State(provider): State<Arc<Provider>>| provider.tally().to_string();
    let router =
        Router::new().route("/tally", get(tally)).route("/oauth/token", post(token)).with_state(provider);
    let listener = TcpListener::bind(ANYWHERE).await?;
    report::line(&format!("ready http://{}", listener.local_addr()?))?;
    axum::serve(listener, router).await?;
    Ok(())
}
