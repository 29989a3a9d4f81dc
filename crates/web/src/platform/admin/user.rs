use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use identity::{Account, AccountId};
use platform::{ActError, Consented, Membership, PersonView, explain};
use serde::Deserialize;

use super::users::badge;
use super::{Administrator, address, refuse};
use crate::platform::PlatformState;
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{Form, Layout, Page, Pages, Path, Problem, Query, Surface as _, country_name};

/// What has just been done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

/// A form that asks for nothing more than the act.
#[derive(Debug, Deserialize)]
pub(super) struct ActForm {
    pub(super) csrf: String,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/user.html")]
struct UserPage {
    layout: Layout,
    csrf: String,
    name: String,
    email: String,
    id: String,
    badge: Badge,
    since: Moment,
    disabled_at: Option<Moment>,
    platform_admin: bool,
    /// Whether it is the one who looks.
    own: bool,
    roles: Vec<RoleRow>,
    sessions: Vec<(Moment, Moment)>,
    consented: Vec<ConsentRow>,
    here: String,
    audit: String,
}

#[derive(Debug)]
struct RoleRow {
    href: String,
    company: String,
    detail: String,
    role: &'static str,
}

#[derive(Debug)]
struct ConsentRow {
    client: String,
    subject: String,
    may: String,
    since: Moment,
}

/// `GET /admin/users/{id}`
pub(super) async fn show(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<AccountId, Pages>,
    Query(done, ..): Query<Done, Pages>,
) -> Response {
    match state.platform.person(id).await {
        Ok(Some(person)) => Page(page(&state, &administrator, person, done.done.as_deref())).into_response(),
        Ok(None) => Pages::refuse(Problem::not_found(), &state.site),
        Err(error) => refuse(error, &state),
    }
}

fn page(
    state: &PlatformState,
    administrator: &Administrator,
    person: PersonView,
    done: Option<&str>,
) -> UserPage {
    let base = state.site.base_path();
    let PersonView { account, platform_admin, memberships, sessions, consented } = person;
    let mut layout = administrator.layout(state, &account.name, "/admin/users");
    let notice = match done {
        Some("disabled") => Some("They are signed out everywhere, and what they consented to has ended."),
        Some("enabled") => Some("They can sign in again. What had ended stays ended."),
        Some("signed-out") => Some("They are signed out everywhere. What they consented to goes on."),
        _ => None,
    };
    if let Some(text) = notice {
        layout = layout.notice(Tone::Good, text);
    }
    let id = account.id.to_string();
    UserPage {
        layout,
        csrf: administrator.0.csrf(),
        badge: badge(&account),
        since: Moment(account.created_at),
        disabled_at: account.disabled_at.map(Moment),
        platform_admin,
        own: account.id == administrator.0.session.account.id,
        roles: roles(base, &memberships),
        consented: consented.into_iter().map(|consent| row(consent, &memberships)).collect(),
        sessions: sessions.iter().map(|s| (Moment(s.signed_in_at), Moment(s.last_seen_at))).collect(),
        here: address::of(base, "/admin/users", &id),
        audit: address::list(base, "/admin/audit", &[("subject", &id)]),
        name: account.name,
        email: account.email.to_string(),
        id,
    }
}

fn roles(base: &str, memberships: &[Membership]) -> Vec<RoleRow> {
    memberships
        .iter()
        .map(|membership| RoleRow {
            href: address::of(base, "/admin/companies", &membership.company.id.to_string()),
            company: membership.company.name.clone(),
            detail: company_detail(&membership.company, &membership.organisation_name),
            role: membership.role.as_str(),
        })
        .collect()
}

/// What tells a company from others of the same name.
pub(super) fn company_detail(company: &platform::Company, organisation: &str) -> String {
    let number = company.registration_number.as_ref().map(|number| format!("No. {number}"));
    let parts = [Some(country_name(&company.country).to_owned()), number, Some(organisation.to_owned())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn row(consent: Consented, memberships: &[Membership]) -> ConsentRow {
    let of = |membership: &&Membership| {
        platform::Subject::Company(membership.company.id).to_string() == consent.subject
    };
    let subject = memberships.iter().find(of).map(|membership| membership.company.name.clone());
    ConsentRow {
        client: consent.client_name,
        subject: subject.unwrap_or(consent.subject),
        may: in_words(&consent.scope),
        since: Moment(consent.since),
    }
}

/// A scope in one line of words.
pub(super) fn in_words(scope: &base::Scope) -> String {
    let explained = explain(scope);
    let group = |what: &str, lines: &[String]| {
        (!lines.is_empty()).then(|| format!("May {what}: {}.", lines.join("; ")))
    };
    let groups = [group("see", &explained.see), group("change", &explained.change)];
    groups.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// `POST /admin/users/{id}/disable`
pub(super) async fn disable(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<AccountId, Pages>,
    Form(form, ..): Form<ActForm, Pages>,
) -> Response {
    act(&state, &administrator, id, &form, "disabled", async |account| {
        if account.id == administrator.0.session.account.id {
            let message = "You cannot disable yourself: somebody else who administers the platform can";
            return Err(ActError::Invalid { field: "id", message: message.to_owned() });
        }
        state.platform.disable_user(&administrator.0.by, account.email.as_str()).await.map(drop)
    })
    .await
}

/// `POST /admin/users/{id}/enable`
pub(super) async fn enable(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<AccountId, Pages>,
    Form(form, ..): Form<ActForm, Pages>,
) -> Response {
    act(&state, &administrator, id, &form, "enabled", async |account| {
        state.platform.enable_user(&administrator.0.by, account.email.as_str()).await
    })
    .await
}

/// `POST /admin/users/{id}/sign-out`
pub(super) async fn sign_out(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<AccountId, Pages>,
    Form(form, ..): Form<ActForm, Pages>,
) -> Response {
    act(&state, &administrator, id, &form, "signed-out", async |account| {
        state.platform.sign_out_everywhere(&administrator.0.by, account).await.map(drop)
    })
    .await
}

async fn act(
    state: &PlatformState,
    administrator: &Administrator,
    id: AccountId,
    form: &ActForm,
    done: &str,
    act: impl AsyncFnOnce(&Account) -> Result<(), ActError>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, state) {
        return refusal;
    }
    let outcome = match state.platform.identity().account(id).await {
        Ok(Some(account)) => act(&account).await,
        Ok(None) => return Pages::refuse(Problem::not_found(), &state.site),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => {
            let here = address::of(state.site.base_path(), "/admin/users", &id.to_string());
            Redirect::to(&format!("{here}?done={done}")).into_response()
        }
        Err(error) => refuse(error, state),
    }
}
