use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::Uri;

use super::request_measures::RequestMeasures;
use super::{Problem, Site, assets, headers, same_origin, standstill, trace};

/// Puts a side's router into what every side needs: request ids, what the log tells of a request, metrics, security headers, refusal of posts from other
/// sites, a body limit, refusals of the right shape, caught panics, the stylesheet and the script. Where the public URL has a path, the
/// routes answer below it as well, for proxies that pass it on.
pub fn frame(router: Router, site: &Arc<Site>) -> Router {
    let measures = RequestMeasures::new(site.side, Arc::clone(&site.entropy));
    let around_it = Around { site: Arc::clone(site), measures };
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
        .layer(from_fn_with_state(Arc::new(around_it), around));
    match site.base_path() {
        "" => framed,
        base => Router::new().nest(base, framed.clone()).merge(framed),
    }
}

struct Around {
    site: Arc<Site>,
    measures: RequestMeasures,
}

/// What happens around every handler. One layer does all of it: each layer copies the service below it and boxes a future for
/// every request, which five of them made the dearest part of a small answer.
async fn around(State(around): State<Arc<Around>>, request: Request, next: Next) -> Response {
    let Around { site, measures } = &*around;
    let handle = async |request: Request| {
        let manner = (site.manner_of)(request.uri().path());
        let mut response = match standstill::refusal(site, &request) {
            Some(refusal) => refusal,
            None => match same_origin::check(site, manner, request).await {
                Ok(request) => trace::catch_panics(site, manner, request, next).await,
                Err(refusal) => refusal,
            },
        };
        headers::secure(site, manner, &mut response);
        response
    };
    trace::accompany(site, measures, request, handle).await
}

fn refuse(site: &Site, uri: &Uri, problem: Problem) -> Response {
    let manner = (site.manner_of)(uri.path());
    (manner.refuse)(problem, site)
}
