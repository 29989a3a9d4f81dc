//! A token endpoint that rotates like the real ones, written from the facts and not from the catalogue.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::Clock;
use base::testing::ManualClock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use outbound::testing::ScriptedClient;
use outbound::{Body, NotSent, SendError, Unknown};

/// What is to go wrong with the next token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No connection.
    Unreachable,
    /// It is processed, and the answer is lost.
    LoseAnswer,
    /// It is not processed, and there is no answer.
    LoseRequest,
    /// This status with this error code, not processed.
    Refuse(u16, &'static str),
    /// It waits so long, and then refuses with this status, not processed.
    SlowRefusal(Duration, u16),
    /// A page of a gateway, not processed.
    Page(u16),
    /// It waits so long before it is processed.
    Slow(Duration),
}

#[derive(Debug, Default)]
struct State {
    /// The number of the live pair.
    live: u64,
    withdrawn: bool,
    faults: VecDeque<Fault>,
    /// The one client secret that it accepts, if it looks at that.
    secret: Option<&'static str>,
    /// Given instead of what it would answer.
    answer: Option<(u16, &'static str, Vec<u8>)>,
    /// How often each refresh token was presented.
    presented: HashMap<String, u32>,
    questions: u32,
    question_is_dead: bool,
    in_flight: u32,
    most_in_flight: u32,
    /// Xero: earlier refresh tokens work so long after their successor was issued.
    grace: Option<Duration>,
    rotated_at_millis: i64,
}

/// The provider. Pair n has the access token `a<n>` and the refresh token `r<n>`; the first is 1.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    state: Arc<Mutex<State>>,
    clock: Arc<ManualClock>,
}

impl Provider {
    pub(crate) fn new(clock: Arc<ManualClock>, grace: Option<Duration>) -> Self {
        let state = State { live: 1, grace, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), clock }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap())
    }

    pub(crate) fn fail_next(&self, fault: Fault) {
        self.with(|state| state.faults.push_back(fault));
    }

    pub(crate) fn answer_next(&self, status: u16, content_type: &'static str, body: Vec<u8>) {
        self.with(|state| state.answer = Some((status, content_type, body)));
    }

    pub(crate) fn withdraw(&self) {
        self.with(|state| state.withdrawn = true);
    }

    pub(crate) fn question_is_dead(&self) {
        self.with(|state| state.question_is_dead = true);
    }

    /// From now on another client secret is refused.
    pub(crate) fn accept_only(&self, secret: &'static str) {
        self.with(|state| state.secret = Some(secret));
    }

    pub(crate) fn live(&self) -> u64 {
        self.with(|state| state.live)
    }

    pub(crate) fn questions(&self) -> u32 {
        self.with(|state| state.questions)
    }

    pub(crate) fn presented(&self, refresh_token: &str) -> u32 {
        self.with(|state| state.presented.get(refresh_token).copied().unwrap_or(0))
    }

    pub(crate) fn most_in_flight(&self) -> u32 {
        self.with(|state| state.most_in_flight)
    }

    pub(crate) fn requests(&self) -> u32 {
        self.with(|state| state.presented.values().sum())
    }

    pub(crate) fn client(&self) -> Arc<ScriptedClient> {
        let provider = self.clone();
        Arc::new(ScriptedClient::new(move |request| {
            let provider = provider.clone();
            async move { provider.answer(request).await }
        }))
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Body>, SendError> {
        let form: HashMap<String, String> =
            url::form_urlencoded::parse(request.body()).into_owned().collect();
        let authorization = request.headers().get("authorization").map(|value| value.to_str().unwrap());
        let expected = self
            .with(|state| state.secret)
            .map(|secret| format!("Basic {}", STANDARD.encode(format!("client:{secret}"))));
        if request.method() == http::Method::POST
            && expected.is_some()
            && expected.as_deref() != authorization
        {
            return Ok(json(401, r#"{"error":"invalid_client"}"#));
        }
        if let Some((status, content_type, body)) = self.with(|state| state.answer.take()) {
            let mut answer = Response::builder().status(status);
            if !content_type.is_empty() {
                answer = answer.header("content-type", content_type);
            }
            return Ok(answer.body(Body::from(Bytes::from(body))).unwrap());
        }
        if request.method() == http::Method::GET {
            return Ok(self.probed(authorization.unwrap_or_default()));
        }
        if request.uri().path().ends_with("introspect") {
            return Ok(self.introspect(&form["token"]));
        }
        let token = form["refresh_token"].clone();
        let fault = self.with(|state| state.faults.pop_front());
        let host = "provider".to_owned();
        if fault == Some(Fault::Unreachable) {
            return Err(NotSent::Connect { host, cause: "refused".to_owned() }.into());
        }
        self.with(|state| {
            *state.presented.entry(token.clone()).or_default() += 1;
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
        });
        if let Some(Fault::Slow(pause) | Fault::SlowRefusal(pause, _)) = fault {
            tokio::time::sleep(pause).await;
        }
        let lost =
            || SendError::from(Unknown::Cut { host: "provider".to_owned(), cause: "reset".to_owned() });
        let result = match fault {
            Some(Fault::LoseRequest) => Err(lost()),
            Some(Fault::Refuse(status, code)) => Ok(json(status, &format!(r#"{{"error":"{code}"}}"#))),
            Some(Fault::SlowRefusal(_, status)) => Ok(json(status, r#"{"error":"slow_down"}"#)),
            Some(Fault::Page(status)) => Ok(json(status, "<html>")),
            Some(Fault::LoseAnswer) => {
                self.rotate(&token);
                Err(lost())
            }
            _ => Ok(self.rotate(&token)),
        };
        self.with(|state| state.in_flight -= 1);
        result
    }

    fn rotate(&self, token: &str) -> Response<Body> {
        let now = self.clock.now().as_millis();
        self.with(|state| {
            let presented: u64 = token.trim_start_matches('r').parse().unwrap_or(0);
            let in_grace = state.grace.is_some_and(|grace| {
                presented > 0
                    && presented < state.live
                    && u128::try_from(now - state.rotated_at_millis).unwrap_or(0) < grace.as_millis()
            });
            if state.withdrawn || !(presented == state.live || in_grace) {
                return json(400, r#"{"error":"invalid_grant"}"#);
            }
            state.live += 1;
            state.rotated_at_millis = now;
            let n = state.live;
            json(200, &format!(r#"{{"access_token":"a{n}","refresh_token":"r{n}","expires_in":900,"token_type":"Bearer"}}"#))
        })
    }

    /// Its API, of which only the live access token is known.
    fn probed(&self, authorization: &str) -> Response<Body> {
        self.with(|state| {
            state.questions += 1;
            let is_live = !state.withdrawn && authorization == format!("Bearer a{}", state.live);
            json(if is_live { 200 } else { 401 }, "{}")
        })
    }

    fn introspect(&self, token: &str) -> Response<Body> {
        self.with(|state| {
            state.questions += 1;
            let number: u64 = token.trim_start_matches(['a', 'r']).parse().unwrap_or(0);
            let alive = !state.withdrawn && !state.question_is_dead && number == state.live;
            json(200, &format!(r#"{{"active":{alive}}}"#))
        })
    }
}

fn json(status: u16, body: &str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap()
}
