//! The stylesheet, the script and the mark, built in. Their addresses carry a hash of their content, so browsers may keep
//! them for ever.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

/// A file that is part of the program.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    hash: u64,
}

/// The one stylesheet.
pub static STYLE: Asset =
    Asset::new("style", "css", "text/css; charset=utf-8", include_bytes!("../../assets/style.css"));
/// The small script that pages do without where it is missing.
pub static SCRIPT: Asset =
    Asset::new("enhance", "js", "text/javascript; charset=utf-8", include_bytes!("../../assets/enhance.js"));
/// The mark in the browser's tab.
pub static ICON: Asset = Asset::new("icon", "svg", "image/svg+xml", include_bytes!("../../assets/icon.svg"));

/// All of them.
pub static ALL: [&Asset; 3] = [&STYLE, &SCRIPT, &ICON];

impl Asset {
    const fn new(
        stem: &'static str,
        extension: &'static str,
        content_type: &'static str,
        bytes: &'static [u8],
    ) -> Self {
        Self { stem, extension, content_type, bytes, hash: fingerprint(bytes) }
    }

    /// The address below the public URL, such as `/assets/style.0123456789abcdef.css`.
    pub fn path(&self) -> String {
        format!("/assets/{}.{:016x}.{}", self.stem, self.hash, self.extension)
    }

    /// The content.
    pub const fn bytes(&self) -> &'static [u8] {
        self.bytes
    }
}

/// FNV-1a: tells versions of our own files apart; nothing rests on its being hard to forge.
const fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

/// `/assets/{file}` and `/favicon.ico`.
pub(super) fn router() -> Router {
    Router::new()
        .route("/assets/{file}", get(serve))
        .route("/favicon.ico", get(|| async { answer(&ICON, "public, max-age=86400") }))
}

async fn serve(Path(file): Path<String>) -> Response {
    let wanted = format!("/assets/{file}");
    match ALL.iter().find(|asset| asset.path() == wanted) {
        Some(asset) => answer(asset, "public, max-age=31536000, immutable"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(asset: &Asset, caching: &'static str) -> Response {
    ([(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, caching)], asset.bytes)
        .into_response()
}
