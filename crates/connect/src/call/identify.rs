use std::collections::BTreeMap;

use http::Method;
use http::header::{HeaderName, HeaderValue};
use outbound::HttpClient;
use providers::{CompanyList, CompanySearch, FoundCompany, fill};
use refresh::ProviderAccess;

use super::{CallError, call};
use crate::Company;

/// The most companies whose details are asked for one by one.
const MOST_DETAILS: usize = 25;

/// What is needed to ask a provider which companies a credential reaches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach<'a> {
    pub(crate) http: &'a dyn HttpClient,
    pub(crate) access: &'a ProviderAccess,
    /// The headers that carry the credential.
    pub(crate) headers: &'a [(HeaderName, HeaderValue)],
    /// The company that came with the redirect, at providers that tell it there.
    pub(crate) redirect_company: Option<&'a str>,
}

impl Reach<'_> {
    async fn get(&self, path: &str) -> Result<serde_json::Value, CallError> {
        call(self.http, self.access, Method::GET, path, self.headers, None).await
    }
}

/// The companies that a credential reaches, as the provider names them just now.
pub(crate) async fn identify(reach: Reach<'_>) -> Result<Vec<Company>, CallError> {
    let rule = &reach.access.provider.company;
    let mut found = match &rule.found_by {
        CompanySearch::RedirectParameter(_) => {
            let id = reach
                .redirect_company
                .ok_or_else(|| CallError::NotUnderstood("the redirect named no company".to_owned()))?;
            vec![FoundCompany::from_id(id)]
        }
        CompanySearch::List(list) => listed(reach, list).await?,
        CompanySearch::Single(list) => {
            let answer = reach.get(&path(list, &BTreeMap::new())?).await?;
            vec![list.read_single(&answer, &BTreeMap::new()).map_err(not_understood)?]
        }
    };
    if let Some(details) = &rule.details {
        for company in found.iter_mut().take(MOST_DETAILS) {
            let path = fill(&details.path, &company.variables).map_err(not_understood)?;
            match reach.get(&path).await {
                Ok(answer) => details.read_into(&answer, company),
                // Without the scope for it the id has to do. At a provider that names the company only in the redirect this call
                // is the proof that the credential reaches it at all.
                Err(CallError::Forbidden | CallError::NotFound) if reach.redirect_company.is_none() => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found.into_iter().map(Company::from).collect())
}

async fn listed(reach: Reach<'_>, list: &CompanyList) -> Result<Vec<FoundCompany>, CallError> {
    let Some(within) = &list.within else {
        let answer = reach.get(&path(list, &BTreeMap::new())?).await?;
        return list.read_list(&answer, &BTreeMap::new()).map_err(not_understood);
    };
    let outer = within.read(&reach.get(&within.path).await?).map_err(not_understood)?;
    let mut found = Vec::new();
    for variables in outer {
        let answer = reach.get(&path(list, &variables)?).await?;
        found.extend(list.read_list(&answer, &variables).map_err(not_understood)?);
    }
    Ok(found)
}

/// Whether the credential still works for this company, by the catalogue's probe.
pub(crate) async fn prove(reach: Reach<'_>, company: &Company) -> Result<(), CallError> {
    let path = fill(&reach.access.provider.probe, &company.variables).map_err(not_understood)?;
    reach.get(&path).await.map(|_| ())
}

fn path(list: &CompanyList, variables: &BTreeMap<String, String>) -> Result<String, CallError> {
    list.path_with(variables).map_err(not_understood)
}

fn not_understood(error: impl std::fmt::Display) -> CallError {
    CallError::NotUnderstood(error.to_string())
}

impl From<FoundCompany> for Company {
    fn from(found: FoundCompany) -> Self {
        let FoundCompany { id, name, country, registration_number, variables } = found;
        Self { name: name.unwrap_or_else(|| id.clone()), id, country, registration_number, variables }
    }
}
