use askama::Template;
use authserver::{ClientId, ClientState};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use platform::{ClientDetails, LogoState};
use serde::Deserialize;

use super::trying_out::TryingOut;
use super::{here, layout, refuse};
use crate::platform::PlatformState;
use crate::platform::client_view::ClientView;
use crate::platform::person::SignedInPerson;
use crate::shared::page::{Moment, Tone};
use crate::shared::{Layout, Page, Pages, Path, Query};

/// What has just been done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/developer/client.html")]
struct ClientPage {
    layout: Layout,
    csrf: String,
    client: ClientView,
    state: ClientState,
    public: bool,
    /// Why it was declined last, and when.
    declined: Option<(String, Moment)>,
    approved_at: Option<Moment>,
    here: String,
    trying_out: TryingOut,
}

/// `GET /developer/clients/{id}`
pub(super) async fn show(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Path(id, ..): Path<String, Pages>,
    Query(done, ..): Query<Done, Pages>,
) -> Response {
    let details = state.platform.own_client(person.session.account.id, &ClientId::new(id)).await;
    match details {
        Ok(details) => Page(page(&state, &person, &details, done.done.as_deref())).into_response(),
        Err(error) => refuse(error, &state),
    }
}

fn page(
    state: &PlatformState,
    person: &SignedInPerson,
    details: &ClientDetails,
    done: Option<&str>,
) -> ClientPage {
    let client = &details.client;
    let mut layout = layout(person, state, &client.spec.name);
    if let Some((tone, text)) = done.and_then(|done| notice(done, details)) {
        layout = layout.notice(tone, text);
    }
    let review = details.registration.review.as_ref();
    ClientPage {
        layout,
        csrf: person.csrf(),
        client: ClientView::new(details, state.site.base_path(), state.site.clock.now()),
        state: client.state,
        public: client.spec.public,
        declined: review
            .filter(|review| !review.approved)
            .map(|review| (review.reason.clone().unwrap_or_default(), Moment(review.at))),
        approved_at: review.filter(|review| review.approved).map(|review| Moment(review.at)),
        here: here(state, client.id()),
        trying_out: TryingOut::new(state, client),
    }
}

fn notice(done: &str, details: &ClientDetails) -> Option<(Tone, &'static str)> {
    Some(match (done, &details.logo) {
        ("changed", _) if details.client.state.awaits_review() => {
            (Tone::Good, "The change is kept and waits for review.")
        }
        ("changed", _) => (Tone::Good, "The change is kept."),
        ("unchanged", _) => (Tone::Plain, "Nothing was changed."),
        ("logo", LogoState::Here(_)) => (Tone::Good, "The logo was fetched."),
        ("logo", _) => (Tone::Warning, "The logo could not be taken. Below is why."),
        _ => return None,
    })
}
