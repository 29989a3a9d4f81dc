use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::Uri;

use super::{Problem, Site, assets, headers, same_origin, trace};

/// Puts a side's router into what every side needs: request ids, spans, metrics, security headers, refusal of posts from other
/// sites, a body limit, refusals of the right shape, caught panics, the stylesheet and the script. Where the public URL has a path, the
/// routes answer below it as well, for proxies that pass it on.
pub fn frame(router: Router, site: &Arc<Site>) -> Router {
    let framed = router
        .merge(assets::router())
        .fallback({
            let site = Arc::clone(site);
            move |uri: Uri| async move { refuse(&site, &uri, Problem::not_found()) }
        })
        .method_not_allowed_fallback({
            let site = Arc::clone(site);
            move |uri: Uri| async move { refuse(&site, &uri, Problem::method_not_allowed()) }
        })
        .layer(DefaultBodyLimit::max(site.body_limit))
        .layer(from_fn_with_state(Arc::clone(site), around));
    match site.base_path() {
        "" => framed,
        base => Router::new().nest(base, framed.clone()).merge(framed),
    }
}

/// What happens around every handler. One layer does all of it: each layer copies the service below it and boxes a future for
/// every request, which five of them made the dearest part of a small answer.
async fn around(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let handle = async |request| {
        let mut response = match same_origin::refusal(&site, &request) {
            Some(refusal) => refusal,
            None => trace::catch_panics(&site, request, next).await,
        };
        headers::secure(&site, &mut response);
        response
    };
    trace::accompany(&site, request, handle).await
}

fn refuse(site: &Site, uri: &Uri, problem: Problem) -> Response {
    let manner = (site.manner_of)(uri.path());
    (manner.refuse)(problem, site)
}
