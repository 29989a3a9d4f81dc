use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
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
        .layer(from_fn_with_state(Arc::clone(site), trace::catch_panics))
        .layer(DefaultBodyLimit::max(site.body_limit))
        .layer(from_fn_with_state(Arc::clone(site), same_origin::refuse_other_sites))
        .layer(from_fn_with_state(Arc::clone(site), headers::secure))
        .layer(from_fn_with_state(Arc::clone(site), trace::accompany));
    match site.base_path() {
        "" => framed,
        base => Router::new().nest(base, framed.clone()).merge(framed),
    }
}

fn refuse(site: &Site, uri: &Uri, problem: Problem) -> Response {
    let manner = (site.manner_of)(uri.path());
    (manner.refuse)(problem, site)
}
