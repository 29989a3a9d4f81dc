use askama::Template;
use authserver::{Client, ClientId, ClientState};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use platform::{ActError, Application, ClientDetails, Tally};
use serde::Deserialize;

use super::{Administrator, address, refuse};
use crate::platform::PlatformState;
use crate::platform::client_view::ClientView;
use crate::shared::page::{Moment, Tone};
use crate::shared::{FormErrors, Layout, Page, Pages, Path, Query};

/// What has just been done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/client.html")]
struct ClientPage {
    layout: Layout,
    errors: FormErrors,
    csrf: String,
    client: ClientView,
    /// Who it belongs to: a name and the address of their page.
    owner: Option<(String, String)>,
    registered_by: String,
    pre_approved: bool,
    hints: Vec<String>,
    review: Option<ReviewRow>,
    /// The revision that is shown, for the decision.
    seen: u64,
    state: ClientState,
    in_directory: bool,
    listable: bool,
    authorisations: Tally,
    api_keys: Tally,
    last_used: Option<Moment>,
    reason: String,
    here: String,
    audit: String,
}

#[derive(Debug)]
struct ReviewRow {
    approved: bool,
    reason: String,
    by: String,
    at: Moment,
}

/// `GET /admin/clients/{id}`
pub(super) async fn show(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<String, Pages>,
    Query(done, ..): Query<Done, Pages>,
) -> Response {
    let (id, done) = (ClientId::new(id), done.done.as_deref());
    let details = match state.platform.client_details(&id).await {
        Ok(details) => details,
        Err(error) => return refuse(error, &state),
    };
    client_page(&state, &administrator, details, done, FormErrors::none(), "").await
}

/// The page of a client, with what is wrong with a decision that was sent.
pub(super) async fn client_page(
    state: &PlatformState,
    administrator: &Administrator,
    details: ClientDetails,
    done: Option<&str>,
    errors: FormErrors,
    reason: &str,
) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    match page(state, administrator, details, done, errors, reason).await {
        Ok(page) => (status, Page(page)).into_response(),
        Err(error) => refuse(error, state),
    }
}

fn notice(done: Option<&str>) -> Option<&'static str> {
    Some(match done? {
        "approved" => "It is approved: people can give it access from now on.",
        "declined" => "It is declined. Its developer reads the reason.",
        "suspended" => "It is suspended: everything it holds is refused from now on.",
        "listed" => "It is in the directory of integrations from now on.",
        "unlisted" => "It is no longer in the directory of integrations. Who has it keeps it.",
        "logo" => "The logo was fetched anew.",
        "removed" => "It is removed: everything it held has ended.",
        _ => return None,
    })
}

async fn page(
    state: &PlatformState,
    administrator: &Administrator,
    details: ClientDetails,
    done: Option<&str>,
    errors: FormErrors,
    reason: &str,
) -> Result<ClientPage, ActError> {
    let base = state.site.base_path();
    let client = ClientView::new(&details, base, state.site.clock.now());
    let by_key = Application::from(&details.client).integrated_api_keys;
    let ClientDetails {
        client: Client { spec, state: client_state, .. },
        registration,
        hints,
        in_directory,
        ..
    } = details;
    let mut layout = administrator.layout(state, &spec.name, "/admin/clients");
    if let Some(text) = notice(done) {
        layout = layout.notice(Tone::Good, text);
    }
    let usage = state.platform.client_usage(std::slice::from_ref(&spec.client_id)).await?;
    let usage = usage.into_iter().next();
    let mut people = vec![registration.registered_by.as_str()];
    people.extend(registration.review.iter().map(|review| review.by.as_str()));
    people.extend(registration.owner.as_deref());
    let names = state.platform.names_of(people.into_iter(), std::iter::empty()).await?;
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    Ok(ClientPage {
        layout,
        errors,
        csrf: administrator.0.csrf(),
        owner: registration
            .owner
            .as_ref()
            .map(|owner| (name(owner), address::of(base, "/admin/users", owner))),
        registered_by: name(&registration.registered_by),
        pre_approved: registration.pre_approved,
        hints,
        review: registration.review.map(|review| ReviewRow {
            approved: review.approved,
            reason: review.reason.unwrap_or_default(),
            by: name(&review.by),
            at: Moment(review.at),
        }),
        seen: registration.revision,
        state: client_state,
        in_directory,
        listable: spec.presentation.initiation_uri.is_some() || by_key,
        authorisations: usage.as_ref().map_or(Tally::NONE, |usage| usage.authorisations),
        api_keys: usage.as_ref().map_or(Tally::NONE, |usage| usage.api_keys),
        last_used: usage.and_then(|usage| usage.last_used_at).map(Moment),
        reason: reason.to_owned(),
        here: address::of(base, "/admin/clients", spec.client_id.as_str()),
        audit: address::list(base, "/admin/audit", &[("client", spec.client_id.as_str())]),
        client,
    })
}
