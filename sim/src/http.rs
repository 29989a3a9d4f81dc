//! The way out, over simulated connections.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{Request, Response};
use http_body::Frame;
use outbound::{Body, HttpClient, NotSent, SendError, SendOptions, Unknown};
use turmoil::net::TcpStream;

use crate::DeliberateFault;
use crate::journal::{Asked, Code, Ended, Event};
use crate::life::Life;
use crate::plan::Step;
use crate::provider;
use crate::scene::{PROVIDER, Scene};
use crate::wire::{WireAnswer, WireRequest};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A client on a host.
#[derive(Debug)]
pub(crate) struct SimHttp {
    /// The scene.
    pub(crate) scene: Arc<Scene>,
    /// Its process.
    pub(crate) life: Arc<Life>,
}

/// A body that breaks off.
struct Broken(Option<Bytes>);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(std::io::ErrorKind::UnexpectedEof.into()),
        }))
    }
}

fn host() -> String {
    PROVIDER.to_owned()
}

#[async_trait]
impl HttpClient for SimHttp {
    async fn send(&self, request: Request<Body>, options: &SendOptions) -> Result<Response<Body>, SendError> {
        let (parts, body) = request.into_parts();
        let body = body
            .collect_up_to(1 << 20)
            .await
            .map_err(|_| SendError::BadRequest("its body cannot be read"))?;
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let request = WireRequest {
            id: self.scene.new_request(),
            path: parts.uri.path().to_owned(),
            authorization: header.unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let asked = self
            .scene
            .asked(&request.path, &request.authorization, &request.body)
            .ok_or(SendError::BadRequest("it asks for nothing that is known here"))?;
        let is_refresh = matches!(asked, Asked::Refresh { .. });
        self.scene.note(self.life.place, Event::Asks(request.id, asked));
        self.step(is_refresh, Step::BeforeConnect).await;
        let has_left = AtomicBool::new(false);
        let exchange = self.exchange(&request, asked, &has_left);
        let result = match tokio::time::timeout(options.deadline, exchange).await {
            Ok(result) => result,
            Err(_) if has_left.load(Ordering::Relaxed) => {
                Err(Unknown::Deadline { host: host(), deadline: options.deadline }.into())
            }
            Err(_) => Err(NotSent::ConnectTimeout { host: host(), limit: options.deadline }.into()),
        };
        let result = result.map(|answer| self.twisted(is_refresh, answer));
        let ended = match &result {
            Ok(answer) if answer.is_cut => Ended::Unanswered,
            Ok(answer) => Ended::Answered {
                status: answer.status,
                issued: answer.issued,
                code: answer.body.split('"').nth(3).and_then(Code::of),
            },
            Err(error) if error.certainly_not_sent() => Ended::NotSent,
            Err(_) => Ended::Unanswered,
        };
        self.life.live().await;
        self.scene.note(self.life.place, Event::Over(request.id, ended));
        self.step(is_refresh, Step::AfterAnswer).await;
        result.map(response)
    }
}

impl SimHttp {
    async fn step(&self, is_refresh: bool, step: Step) {
        self.life.step(if is_refresh { step } else { Step::Other }, &self.scene).await;
    }

    async fn exchange(
        &self,
        request: &WireRequest,
        asked: Asked,
        has_left: &AtomicBool,
    ) -> Result<WireAnswer, SendError> {
        let is_refresh = matches!(asked, Asked::Refresh { .. });
        let connecting = TcpStream::connect((PROVIDER, provider::PORT));
        let mut stream = match tokio::time::timeout(CONNECT, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return Err(NotSent::Connect { host: host(), cause: error.to_string() }.into());
            }
            Err(_) => return Err(NotSent::ConnectTimeout { host: host(), limit: CONNECT }.into()),
        };
        self.step(is_refresh, Step::BeforeSend).await;
        has_left.store(true, Ordering::Relaxed);
        self.scene.note(self.life.place, Event::Sent(request.id, asked));
        let cut = |error: std::io::Error| Unknown::Cut { host: host(), cause: error.to_string() };
        request.write(&mut stream).await.map_err(cut)?;
        self.step(is_refresh, Step::AfterSend).await;
        Ok(WireAnswer::read(&mut stream).await.map_err(cut)?)
    }

    /// What a deliberate fault makes of an answer.
    fn twisted(&self, is_refresh: bool, answer: WireAnswer) -> WireAnswer {
        let fault = self.scene.plan.options.fault;
        if is_refresh && answer.status >= 500 && fault == Some(DeliberateFault::OutageAsRefusal) {
            let body = r#"{"error":"invalid_grant"}"#.to_owned();
            return WireAnswer { status: 400, body, content_type: "application/json".to_owned(), ..answer };
        }
        answer
    }
}

fn response(answer: WireAnswer) -> Response<Body> {
    let mut response = Response::builder().status(answer.status).header(CONTENT_TYPE, answer.content_type);
    if let Some(seconds) = answer.retry_after {
        response = response.header(RETRY_AFTER, seconds);
    }
    let bytes = Bytes::from(answer.body);
    let body = if answer.is_cut {
        let half = bytes.len() / 2;
        Body::wrap(Broken(Some(bytes.slice(..half))))
    } else {
        Body::from(bytes)
    };
    response.body(body).expect("the gateway writes headers that can be read")
}
