use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::{Api, DecodeError, Pairs, Problem, Site, Surface};

mod objects;

pub(crate) use objects::{objects_from_slice, read_objects};

/// The largest form that is read, in bytes: an API key with much room to spare.
const FORM_LIMIT: usize = 64 * 1024;

/// A form of known fields, read strictly (see [`Pairs::read`]). Refused in the shape of surface `S`.
#[derive(Debug)]
pub struct Form<T, S = Api>(pub T, pub PhantomData<fn() -> S>);

/// A query of known parameters, read strictly (see [`Pairs::read`]). Refused in the shape of surface `S`.
#[derive(Debug)]
pub struct Query<T, S = Api>(pub T, pub PhantomData<fn() -> S>);

/// A form whose fields the handler reads itself. Broken encoding and size are refused in the shape of surface `S`.
#[derive(Debug)]
pub struct RawForm<S = Api>(pub Pairs, pub PhantomData<fn() -> S>);

/// A query whose parameters the handler reads itself. Broken encoding is refused in the shape of surface `S`.
#[derive(Debug)]
pub struct RawQuery<S = Api>(pub Pairs, pub PhantomData<fn() -> S>);

/// A JSON body (`application/json`), in which objects are objects and no lists in their place. Refused in the shape of surface `S`,
/// without repeating what was sent.
#[derive(Debug)]
pub struct Json<T, S = Api>(pub T, pub PhantomData<fn() -> S>);

/// Path parameters. One that cannot be read, or that holds a NUL, which no text in a database does, names nothing that is here: 404 in
/// the shape of surface `S`.
#[derive(Debug)]
pub struct Path<T, S = Api>(pub T, pub PhantomData<fn() -> S>);

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        Self::bad_request(format!("{error}."))
    }
}

/// The problem in the shape of `S`. Outside a frame there is no site to draw a page for: then as problem details.
fn refuse<S: Surface>(site: Option<&Arc<Site>>, problem: Problem) -> Response {
    match site {
        Some(site) => S::refuse(problem, site),
        None => problem.into_response(),
    }
}

fn has_content_type(headers: &HeaderMap, wanted: &str) -> bool {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|v| v.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

async fn bytes(body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit)),
        Err(_) => Err(Problem::bad_request("The request ended before its body was complete.")),
    }
}

async fn form_pairs(request: Request) -> Result<Pairs, Problem> {
    const FORM: &str = "application/x-www-form-urlencoded";
    if !has_content_type(request.headers(), FORM) {
        return Err(Problem::unsupported_media_type(FORM));
    }
    let bytes = bytes(request.into_body(), FORM_LIMIT).await?;
    let text = String::from_utf8(bytes).map_err(|_| DecodeError::Encoding)?;
    Ok(Pairs::parse(&text)?)
}

async fn json<T: DeserializeOwned>(request: Request, limit: usize) -> Result<T, Problem> {
    const JSON: &str = "application/json";
    if !has_content_type(request.headers(), JSON) {
        return Err(Problem::unsupported_media_type(JSON));
    }
    let bytes = bytes(request.into_body(), limit).await?;
    // serde does not look into the texts of members that it does not know.
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::bad_request("The body is not UTF-8."))?;
    objects_from_slice(text.as_bytes()).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => {
                Problem::unprocessable(format!("{} at {place}.", rule(&error.to_string())))
            }
            _ => Problem::bad_request(format!("The body is not valid JSON at {place}.")),
        }
    })
}

/// What may be repeated of serde's message: names of fields that this program knows, never a value that was sent.
fn rule(message: &str) -> String {
    let known = ["missing field", "duplicate field"].iter().any(|start| message.starts_with(start));
    let text = message.split(" at line ").next().unwrap_or_default();
    if known { text.to_owned() } else { "a member is unknown, or has a value of the wrong kind".to_owned() }
}

impl<T: DeserializeOwned, U: Send + Sync, S: Surface> FromRequest<U> for Form<T, S> {
    type Rejection = Response;

    async fn from_request(request: Request, _state: &U) -> Result<Self, Response> {
        let site = request.extensions().get::<Arc<Site>>().cloned();
        let read = async { Ok(form_pairs(request).await?.read()?) };
        read.await
            .map(|value| Self(value, PhantomData))
            .map_err(|problem| refuse::<S>(site.as_ref(), problem))
    }
}

impl<U: Send + Sync, S: Surface> FromRequest<U> for RawForm<S> {
    type Rejection = Response;

    async fn from_request(request: Request, _state: &U) -> Result<Self, Response> {
        let site = request.extensions().get::<Arc<Site>>().cloned();
        form_pairs(request)
            .await
            .map(|pairs| Self(pairs, PhantomData))
            .map_err(|problem| refuse::<S>(site.as_ref(), problem))
    }
}

impl<T: DeserializeOwned, U: Send + Sync, S: Surface> FromRequest<U> for Json<T, S> {
    type Rejection = Response;

    async fn from_request(request: Request, _state: &U) -> Result<Self, Response> {
        let site = request.extensions().get::<Arc<Site>>().cloned();
        let limit = site.as_ref().map_or(FORM_LIMIT, |site| site.body_limit);
        json(request, limit)
            .await
            .map(|value| Self(value, PhantomData))
            .map_err(|problem| refuse::<S>(site.as_ref(), problem))
    }
}

impl<T: DeserializeOwned, U: Send + Sync, S: Surface> FromRequestParts<U> for Query<T, S> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &U) -> Result<Self, Response> {
        let read = Pairs::parse(parts.uri.query().unwrap_or_default()).and_then(|pairs| pairs.read());
        read.map(|value| Self(value, PhantomData))
            .map_err(|error| refuse::<S>(parts.extensions.get::<Arc<Site>>(), error.into()))
    }
}

impl<U: Send + Sync, S: Surface> FromRequestParts<U> for RawQuery<S> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &U) -> Result<Self, Response> {
        Pairs::parse(parts.uri.query().unwrap_or_default())
            .map(|pairs| Self(pairs, PhantomData))
            .map_err(|error| refuse::<S>(parts.extensions.get::<Arc<Site>>(), error.into()))
    }
}

impl<T: DeserializeOwned + Send, U: Send + Sync, S: Surface> FromRequestParts<U> for Path<T, S> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &U) -> Result<Self, Response> {
        let nul = parts.uri.path().contains("%00");
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) if !nul => Ok(Self(value, PhantomData)),
            _ => Err(refuse::<S>(parts.extensions.get::<Arc<Site>>(), Problem::not_found())),
        }
    }
}
