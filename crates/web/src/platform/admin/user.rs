use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use identity::{Account, AccountId};
use platform::{ActError, By, Consented, Membership, PersonView, explain};
use serde::Deserialize;

use super::posted::Posted;
use super::roles::RoleForm;
use super::users::badge;
use super::{Administrator, address, refuse};
use crate::platform::PlatformState;
use crate::platform::told_apart::told_apart;
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{FormErrors, Layout, Page, Pages, Path, Problem, Query, Surface as _};

/// What has just been done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/user.html")]
struct UserPage {
    layout: Layout,
    errors: FormErrors,
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
    /// What was filled in for a role to be given, before something was found wrong.
    filled: RoleForm,
    sessions: Vec<(Moment, Moment)>,
    consented: Vec<ConsentRow>,
    here: String,
    audit: String,
    /// What they did themselves.
    acts: String,
}

#[derive(Debug)]
struct RoleRow {
    href: String,
    id: String,
    company: String,
    organisation: String,
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
    let (none, filled) = (FormErrors::none(), RoleForm::default());
    user_page(&state, &administrator, id, done.done.as_deref(), none, &filled).await
}

/// The page of a person, with what is wrong with a role that was to be given.
pub(super) async fn user_page(
    state: &PlatformState,
    administrator: &Administrator,
    id: AccountId,
    done: Option<&str>,
    errors: FormErrors,
    filled: &RoleForm,
) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    match state.platform.person(id).await {
        Ok(Some(person)) => {
            (status, Page(page(state, administrator, person, done, errors, filled))).into_response()
        }
        Ok(None) => Pages::refuse(Problem::not_found(), &state.site),
        Err(error) => refuse(error, state),
    }
}

fn notice(done: Option<&str>) -> Option<&'static str> {
    Some(match done? {
        "disabled" => "They are signed out everywhere, and what they consented to has ended.",
        "enabled" => "They can sign in again. What had ended stays ended.",
        "signed-out" => "They are signed out everywhere. What they consented to goes on.",
        "role-given" => "They have this role from now on.",
        "role-removed" => {
            "The role is taken away. What they consented to there belongs to the company and goes on."
        }
        _ => return None,
    })
}

fn page(
    state: &PlatformState,
    administrator: &Administrator,
    person: PersonView,
    done: Option<&str>,
    errors: FormErrors,
    filled: &RoleForm,
) -> UserPage {
    let base = state.site.base_path();
    let PersonView { account, platform_admin, memberships, sessions, consented } = person;
    let mut layout = administrator.layout(state, &account.name, "/admin/users");
    if let Some(text) = notice(done) {
        layout = layout.notice(Tone::Good, text);
    }
    let id = account.id.to_string();
    UserPage {
        layout,
        errors,
        csrf: administrator.0.csrf(),
        badge: badge(&account),
        since: Moment(account.created_at),
        disabled_at: account.disabled_at.map(Moment),
        platform_admin,
        own: account.id == administrator.0.session.account.id,
        roles: roles(base, &memberships),
        filled: filled.clone(),
        consented: consented.into_iter().map(|consent| row(consent, &memberships)).collect(),
        sessions: sessions.iter().map(|s| (Moment(s.signed_in_at), Moment(s.last_seen_at))).collect(),
        here: address::of(base, "/admin/users", &id),
        audit: address::list(base, "/admin/audit", &[("subject", &id)]),
        acts: address::list(base, "/admin/audit", &[("actor", account.email.as_str())]),
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
            id: membership.company.id.to_string(),
            company: membership.company.name.clone(),
            organisation: membership.organisation_name.clone(),
            detail: company_detail(&membership.company, &membership.organisation_name),
            role: membership.role.as_str(),
        })
        .collect()
}

/// What tells a company from others of the same name.
pub(super) fn company_detail(company: &platform::Company, organisation: &str) -> String {
    format!("{} · {organisation}", told_apart(company))
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
pub(super) async fn disable(State(state): State<PlatformState>, posted: Posted<AccountId>) -> Response {
    act(&state, &posted, "disabled", async |account, by| {
        if account.id == posted.administrator.0.session.account.id {
            let message = "You cannot disable yourself: somebody else who administers the platform can";
            return Err(ActError::Invalid { field: "id", message: message.to_owned() });
        }
        state.platform.disable_user(by, account.email.as_str()).await.map(drop)
    })
    .await
}

/// `POST /admin/users/{id}/enable`
pub(super) async fn enable(State(state): State<PlatformState>, posted: Posted<AccountId>) -> Response {
    act(&state, &posted, "enabled", async |account, by| {
        state.platform.enable_user(by, account.email.as_str()).await
    })
    .await
}

/// `POST /admin/users/{id}/sign-out`
pub(super) async fn sign_out(State(state): State<PlatformState>, posted: Posted<AccountId>) -> Response {
    act(&state, &posted, "signed-out", async |account, by| {
        state.platform.sign_out_everywhere(by, account).await.map(drop)
    })
    .await
}

async fn act(
    state: &PlatformState,
    posted: &Posted<AccountId>,
    done: &str,
    act: impl AsyncFnOnce(&Account, &By) -> Result<(), ActError>,
) -> Response {
    let outcome = match state.platform.identity().account(posted.id).await {
        Ok(Some(account)) => act(&account, &posted.administrator.0.by).await,
        Ok(None) => return Pages::refuse(Problem::not_found(), &state.site),
        Err(error) => Err(error.into()),
    };
    posted.back(state, outcome, done)
}
