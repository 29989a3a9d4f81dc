//! The least that axum can answer: the ceiling for everything that answers through it.

use anyhow::Result;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::any;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use tokio::net::TcpListener;

use crate::{ANYWHERE, report};

/// Serves until the process is stopped.
pub(crate) async fn serve(body_size: usize) -> Result<()> {
    let body = Bytes::from(vec![b'x'; body_size]);
    let answer = move || {
        let body = body.clone();
        async move { ([(CONTENT_TYPE, "application/json")], body) }
    };
    let listener = TcpListener::bind(ANYWHERE).await?;
    report::line(&format!("ready http://{}", listener.local_addr()?))?;
    // As Mainstay does it; without this the ceiling would be that of delayed acknowledgements.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, Router::new().route("/{*path}", any(answer))).await?;
    Ok(())
}
