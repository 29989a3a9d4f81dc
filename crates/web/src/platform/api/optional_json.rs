use std::marker::PhantomData;

use axum::body::HttpBody as _;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use serde::de::DeserializeOwned;

use crate::platform::PlatformState;
use crate::platform::refusal::ResourceApi;
use crate::shared::Json;

/// A JSON body where no body at all means the defaults.
#[derive(Debug)]
pub(super) struct OptionalJson<T>(pub(super) T);

impl<T: DeserializeOwned + Default> FromRequest<PlatformState> for OptionalJson<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &PlatformState) -> Result<Self, Response> {
        if request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        let Json(value, PhantomData) = Json::<T, ResourceApi>::from_request(request, state).await?;
        Ok(Self(value))
    }
}
