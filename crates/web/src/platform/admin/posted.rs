//! What administrators post, and the way back from what they do.

use std::fmt;

use authserver::ClientId;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::{IntoResponse as _, Redirect, Response};
use identity::AccountId;
use platform::{ActError, CompanyId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Administrator, address, refuse};
use crate::platform::PlatformState;
use crate::shared::{CSRF_FIELD, Pages, Path, Problem, RawForm, Surface as _};

/// A form about one thing, by an administrator and from a page of their present session: none comes into being otherwise, so that
/// no act can forget to ask.
#[derive(Debug)]
pub(super) struct Posted<Id, F = Nothing> {
    pub(super) administrator: Administrator,
    pub(super) id: Id,
    pub(super) form: F,
}

/// A form that asks for nothing more than the act.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// What acts are about.
pub(super) trait Thing: fmt::Display {
    /// The list in which it is; below that is its own page.
    const LIST: &'static str;
}

impl Thing for ClientId {
    const LIST: &'static str = "/admin/clients";
}

impl Thing for AccountId {
    const LIST: &'static str = "/admin/users";
}

impl Thing for CompanyId {
    const LIST: &'static str = "/admin/companies";
}

impl<Id: DeserializeOwned + Send, F: DeserializeOwned> FromRequest<PlatformState> for Posted<Id, F> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &PlatformState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let administrator = Administrator::from_request_parts(&mut parts, state).await?;
        let Path(id, ..) = Path::<Id, Pages>::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        let RawForm(pairs, ..) = RawForm::<Pages>::from_request(request, state).await?;
        let unreadable = |error| Pages::refuse(Problem::from(error), &state.site);
        let csrf = pairs.one(CSRF_FIELD).map_err(unreadable)?.unwrap_or_default();
        if let Some(refusal) = administrator.0.foreign(csrf, state).await {
            return Err(refusal);
        }
        let form = pairs.read().map_err(unreadable)?;
        Ok(Self { administrator, id, form })
    }
}

impl<Id: Thing, F> Posted<Id, F> {
    /// Back to the page about the thing, which tells what was `done`; or what is wrong.
    pub(super) fn back<T>(
        &self,
        state: &PlatformState,
        outcome: Result<T, ActError>,
        done: &str,
    ) -> Response {
        match outcome {
            Ok(_) => {
                let here = address::of(state.site.base_path(), Id::LIST, &self.id.to_string());
                Redirect::to(&format!("{here}?done={done}")).into_response()
            }
            Err(error) => refuse(error, state),
        }
    }
}
