use axum::Json;
use axum::extract::State;
use platform::Page;
use serde_json::Value;

use super::{Answer, id_parameter, parameter, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::paging::PageRequest;
use crate::platform::refusal::ResourceApi;
use crate::shared::RawQuery;

/// `GET /v2/employees?companyId=&email=&code=`
pub(super) async fn list(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    RawQuery(pairs, ..): RawQuery<ResourceApi>,
) -> Answer<Json<Value>> {
    let request = PageRequest::read(&pairs, &["id"], false)?;
    let company = id_parameter(&pairs, "companyId")?;
    let email = parameter(&pairs, "email")?.map(ToOwned::to_owned);
    let mut page = state.platform.list_employees(&caller, company, email, &request.query).await?;
    // No employee here has a code, so asking for one finds nobody.
    if parameter(&pairs, "code")?.is_some() {
        page = Page { rows: Vec::new(), has_next: false, has_previous: false, total: 0 };
    }
    Ok(Json(request.envelope(page, |row| row.id.to_string(), |row| show::employee(&row))))
}
