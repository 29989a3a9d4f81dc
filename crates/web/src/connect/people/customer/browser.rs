use ::connect::Connect;
use axum::response::Response;
use base::Secret;
use http::{HeaderMap, header};

use crate::shared::{CookieLife, Site};

/// The cookie that ties walks to the browser they were started in. One value a browser, so that several walks, in several tabs,
/// do not disturb each other.
const BROWSER: &str = "browser";

/// The browser's value, if it has one that could be ours.
pub(super) fn known(site: &Site, headers: &HeaderMap) -> Option<Secret<String>> {
    site.cookie(headers, BROWSER).filter(|value| value.expose().len() == 43)
}

/// A browser, known before or new.
pub(super) struct Browser {
    pub(super) value: Secret<String>,
    new: bool,
}

impl Browser {
    pub(super) fn of(connect: &Connect, site: &Site, headers: &HeaderMap) -> Self {
        match known(site, headers) {
            Some(value) => Self { value, new: false },
            None => Self { value: connect.new_browser(), new: true },
        }
    }

    /// Lets a new browser keep its value.
    pub(super) fn remembered(&self, site: &Site, mut response: Response) -> Response {
        if self.new {
            let cookie = site.set_cookie(BROWSER, self.value.expose(), CookieLife::Session);
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}
