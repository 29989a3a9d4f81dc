use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header;
use identity::SessionSummary;
use platform::ActError;
use serde::Deserialize;

use super::refuse;
use crate::platform::PlatformState;
use crate::platform::person::{SESSION, SignedInPerson};
use crate::platform::told_apart::told_apart;
use crate::shared::page::Moment;
use crate::shared::{Form, Layout, Page, Pages};

#[derive(Debug, Template)]
#[template(path = "platform/account.html")]
struct AccountPage {
    layout: Layout,
    csrf: String,
    name: String,
    email: String,
    platform_admin: bool,
    roles: Vec<RoleRow>,
    sessions: Vec<SessionRow>,
}

#[derive(Debug)]
struct RoleRow {
    company: String,
    detail: String,
    role: &'static str,
    may_consent: bool,
    suspended: bool,
}

#[derive(Debug)]
struct SessionRow {
    own: bool,
    since: Moment,
    seen: Moment,
}

/// `GET /settings/account`: who one is here, and where one is signed in.
pub(super) async fn show(State(state): State<PlatformState>, person: SignedInPerson) -> Response {
    match page(&state, &person).await {
        Ok(page) => Page(page).into_response(),
        Err(error) => refuse(error, &state),
    }
}

async fn page(state: &PlatformState, person: &SignedInPerson) -> Result<AccountPage, ActError> {
    let account = &person.session.account;
    let memberships = state.platform.memberships(account.id).await?;
    let sessions = state.platform.identity().sessions_of(account.id).await?;
    let role = |membership: platform::Membership| {
        let company = membership.company;
        RoleRow {
            detail: told_apart(&company),
            suspended: company.is_suspended(),
            company: company.name,
            role: membership.role.as_str(),
            may_consent: membership.role.may_consent(),
        }
    };
    let session = |session: SessionSummary| SessionRow {
        own: session.id == person.session.id,
        since: Moment(session.signed_in_at),
        seen: Moment(session.last_seen_at),
    };
    Ok(AccountPage {
        layout: person.layout(state, "Account", "/settings/account"),
        csrf: person.csrf(),
        name: account.name.clone(),
        email: account.email.to_string(),
        platform_admin: person.platform_admin,
        roles: memberships.into_iter().map(role).collect(),
        sessions: sessions.into_iter().map(session).collect(),
    })
}

/// The form that ends all sessions.
#[derive(Debug, Deserialize)]
pub(super) struct SignOutForm {
    csrf: String,
}

/// `POST /settings/account/sign-out-everywhere`
pub(super) async fn sign_out_everywhere(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Form(form, ..): Form<SignOutForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    if let Err(error) = state.platform.sign_out_everywhere(&person.by, &person.session.account).await {
        return refuse(error, &state);
    }
    let mut response =
        Redirect::to(&format!("{}/login?done=signed-out", state.site.base_path())).into_response();
    response.headers_mut().append(header::SET_COOKIE, state.site.clear_cookie(SESSION));
    response
}
