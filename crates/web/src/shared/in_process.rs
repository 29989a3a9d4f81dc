use axum::Router;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// A server without a listener: a request goes in, the whole answer comes out. For whoever asks it millions of times, as the fuzzer does.
#[derive(Debug, Clone)]
pub struct InProcess(Router);

impl InProcess {
    /// The doors of this router.
    pub fn new(router: Router) -> Self {
        Self(router)
    }

    /// The answer with all of its body; an error if the body breaks off.
    pub async fn answer(&self, request: Request<String>) -> Result<Response<Bytes>, axum::Error> {
        let Ok(response) = self.0.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }
}
