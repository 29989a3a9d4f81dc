use axum::extract::{OriginalUri, State};
use axum::response::Response;
use http::HeaderMap;

use super::browser;
use super::stopped::refused_callback;
use super::walk::page_or_refusal;
use crate::connect::ConnectState;
use crate::shared::{Pages, Path};

/// `GET /callback/{provider}`: a person comes back from signing in.
pub(super) async fn callback(
    State(state): State<ConnectState>,
    headers: HeaderMap,
    Path(provider, _): Path<String, Pages>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let browser = browser::known(&state.site, &headers);
    let query = uri.query().unwrap_or_default();
    match (state.connect.callback(&provider, query, browser.as_ref()).await, &browser) {
        (Ok(id), Some(browser)) => page_or_refusal(&state, id, browser).await,
        // An answer is accepted from the browser it belongs to alone.
        (Ok(_), None) => refused_callback(&state.site, &::connect::CallbackError::OtherBrowser),
        (Err(error), _) => refused_callback(&state.site, &error),
    }
}
