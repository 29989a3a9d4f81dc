use ::connect::{CallbackError, ConnectSessionId, WalkError};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use crate::connect::pages::StoppedPage;
use crate::shared::{Layout, Page, Pages, Problem, Site, Surface as _};

const NOTHING_LOST: &str = "Nothing that was set up before is lost.";

/// A page on which the walk ends for now.
pub(super) fn stopped(
    site: &Site,
    status: StatusCode,
    title: &str,
    sentence: String,
    button: Option<(String, String)>,
) -> Response {
    let page =
        StoppedPage { layout: Layout::new(site, title), sentence, kept: NOTHING_LOST.to_owned(), button };
    (status, Page(page)).into_response()
}

/// Where a walk is shown.
pub(super) fn address(site: &Site, id: ConnectSessionId) -> String {
    format!("{}/connect/session/{id}", site.base_path())
}

/// To the page of a walk.
pub(super) fn to_page(site: &Site, id: ConnectSessionId) -> Response {
    Redirect::to(&address(site, id)).into_response()
}

pub(super) fn refused(site: &Site, error: &WalkError) -> Response {
    let (status, title) = match error {
        WalkError::NoLink => (StatusCode::NOT_FOUND, "This link does not work"),
        WalkError::Expired => (StatusCode::GONE, "This link is too old"),
        WalkError::Over => (StatusCode::GONE, "Nothing is left to do here"),
        WalkError::OtherBrowser => (StatusCode::CONFLICT, "This link is open elsewhere"),
        WalkError::NotHere => (StatusCode::CONFLICT, "This step has been taken"),
        WalkError::StaleForm => (StatusCode::FORBIDDEN, "This page was open too long"),
        WalkError::NotSetUp(_) => (StatusCode::SERVICE_UNAVAILABLE, "This cannot be done at the moment"),
        WalkError::Store(error) => return Pages::refuse(Problem::from(error.clone()), site),
    };
    stopped(site, status, title, error.to_string(), None)
}

pub(super) fn refused_callback(site: &Site, error: &CallbackError) -> Response {
    let go_on = |id: ConnectSessionId| Some(("Go on".to_owned(), address(site, id)));
    let (status, title, button) = match error {
        CallbackError::Unreadable => (StatusCode::BAD_REQUEST, "The answer could not be read", None),
        CallbackError::NotOurs => (StatusCode::BAD_REQUEST, "This sign-in was not started here", None),
        CallbackError::OtherBrowser => {
            (StatusCode::FORBIDDEN, "This sign-in was started in another browser", None)
        }
        CallbackError::AlreadyUsed(id) => {
            (StatusCode::CONFLICT, "This sign-in has been dealt with", go_on(*id))
        }
        CallbackError::OtherIssuer(id) => {
            (StatusCode::BAD_REQUEST, "The answer came from somewhere else", go_on(*id))
        }
        CallbackError::Expired => (StatusCode::GONE, "This link has expired", None),
        CallbackError::Store(error) => return Pages::refuse(Problem::from(error.clone()), site),
    };
    stopped(site, status, title, error.to_string(), button)
}
