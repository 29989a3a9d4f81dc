//! A client that answers from a closure, for the tests of those who call others.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::{Body, HttpClient, SendError, SendOptions};

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, SendError>> + Send>>;

/// Calls a closure for each request, whose body it has collected before.
pub struct ScriptedClient(Box<dyn Fn(Request<Bytes>) -> Answering + Send + Sync>);

impl ScriptedClient {
    /// A client whose answers `answer` gives.
    pub fn new<F, A>(answer: F) -> Self
    where
        F: Fn(Request<Bytes>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response<Body>, SendError>> + Send + 'static,
    {
        Self(Box::new(move |request| Box::pin(answer(request))))
    }
}

#[async_trait]
impl HttpClient for ScriptedClient {
    async fn send(
        &self,
        request: Request<Body>,
        _options: &SendOptions,
    ) -> Result<Response<Body>, SendError> {
        let (parts, body) = request.into_parts();
        let body =
            body.collect_up_to(usize::MAX).await.expect("a test's request has a body that can be read");
        (self.0)(Request::from_parts(parts, body)).await
    }
}

impl fmt::Debug for ScriptedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedClient")
    }
}
