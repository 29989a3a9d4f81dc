mod behaviour;
mod reading;
mod serving;
mod style;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use base::testing::{ManualClock, SeededEntropy};
use http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{Side, Site};

fn site(public_url: &str) -> Site {
    let url = public_url.parse().expect("an address");
    Site::new(Side::Connect, url, Arc::new(ManualClock::new()), Arc::new(SeededEntropy::new(1)))
}

async fn ask(router: &Router, request: http::request::Builder, body: impl Into<Body>) -> Response {
    let request: Request<Body> = request.body(body.into()).expect("a request");
    router.clone().oneshot(request).await.expect("routers do not fail")
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.expect("a whole body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("a readable header"))
}
