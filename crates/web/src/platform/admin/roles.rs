//! Giving people roles and taking them away: on a person's page, and on a company's.

use axum::extract::State;
use axum::response::Response;
use identity::{Account, AccountId};
use platform::{ActError, CompanyId, Role};
use serde::Deserialize;

use super::company::company_page;
use super::posted::Posted;
use super::user::user_page;
use crate::platform::PlatformState;
use crate::platform::client_form::told;

/// The form about a role. On a person's page it names the company, on a company's the person.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RoleForm {
    pub(super) company: String,
    pub(super) email: String,
    pub(super) role: String,
    /// `yes`: in every company of the organisation.
    pub(super) everywhere: String,
}

impl RoleForm {
    fn everywhere(&self) -> bool {
        self.everywhere == "yes"
    }

    fn role(&self) -> Result<Role, ActError> {
        let wrong =
            |error: platform::ParseRoleError| ActError::Invalid { field: "role", message: error.to_string() };
        self.role.parse().map_err(wrong)
    }
}

/// `POST /admin/users/{id}/roles`
pub(super) async fn give(
    State(state): State<PlatformState>,
    posted: Posted<AccountId, RoleForm>,
) -> Response {
    let Posted { administrator, id, form } = &posted;
    let outcome = async {
        let (account, role) = (by_id(&state, *id).await?, form.role()?);
        let place = state.platform.place(&form.company, form.everywhere()).await?;
        state.platform.set_role(&administrator.0.by, &account, place, role).await
    };
    let outcome = outcome.await;
    match outcome.as_ref().err().and_then(told) {
        Some(errors) => user_page(&state, administrator, *id, None, errors, form).await,
        None => posted.back(&state, outcome, "role-given"),
    }
}

/// `POST /admin/users/{id}/roles/remove`
pub(super) async fn remove(
    State(state): State<PlatformState>,
    posted: Posted<AccountId, RoleForm>,
) -> Response {
    let Posted { administrator, id, form } = &posted;
    let outcome = async {
        let account = by_id(&state, *id).await?;
        let place = state.platform.place(&form.company, form.everywhere()).await?;
        state.platform.remove_role(&administrator.0.by, &account, place).await
    };
    let outcome = outcome.await;
    posted.back(&state, outcome, "role-removed")
}

/// `POST /admin/companies/{id}/roles`
pub(super) async fn give_in_company(
    State(state): State<PlatformState>,
    posted: Posted<CompanyId, RoleForm>,
) -> Response {
    let Posted { administrator, id, form } = &posted;
    let outcome = async {
        let place = state.platform.place(&id.to_string(), form.everywhere()).await?;
        let account = state.platform.identity().account_by_email(&form.email).await?;
        let message = "nobody signs in with this address".to_owned();
        let account = account.ok_or(ActError::Invalid { field: "email", message })?;
        state.platform.set_role(&administrator.0.by, &account, place, form.role()?).await
    };
    let outcome = outcome.await;
    match outcome.as_ref().err().and_then(told) {
        Some(errors) => company_page(&state, administrator, *id, None, errors, form).await,
        None => posted.back(&state, outcome, "role-given"),
    }
}

async fn by_id(state: &PlatformState, id: AccountId) -> Result<Account, ActError> {
    let account = state.platform.identity().account(id).await?;
    account.ok_or_else(|| ActError::NotFound { what: format!("user {id}") })
}
