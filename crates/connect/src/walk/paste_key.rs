//! A key that a person pastes: tried at once, kept only if it works, and never shown again (facts 17.92 to 17.97).

use base::Secret;
use http::header::{HeaderName, HeaderValue};
use refresh::{CredentialKind, NewCredential, ProviderAccess};

use super::find_company::Search;
use super::{Next, WalkError};
use crate::session::{ConnectSession, Flow, Notice};
use crate::{Company, Connect, ConnectSessionId};

/// A key that was tried and works, with the companies it reaches.
pub(crate) struct ProvenKey {
    pub(crate) key: Secret<String>,
    pub(crate) companies: Vec<Company>,
}

impl Connect {
    /// The form with the pasted key.
    pub async fn paste_key(
        &self,
        id: ConnectSessionId,
        browser: &Secret<String>,
        key: &Secret<String>,
    ) -> Result<Next, WalkError> {
        let session = self.session_of(id, browser).await?;
        let Flow::AwaitingKey { end, .. } = session.flow else { return Ok(Next::Page(id)) };
        let access = self.need_access(&session, end).await?;
        let proven = match self.try_key(&access, key).await {
            Ok(proven) => proven,
            Err(notice) => return self.ask_again(session, notice).await,
        };
        // A key of a company that is connected already is not even stored.
        let is_new = matches!(session.purpose, crate::Purpose::Connect { .. });
        if let ([company], true) = (proven.companies.as_slice(), is_new)
            && let Some(notice) = self.taken_notice(end, &access, company).await?
        {
            return self.ask_again(session, notice).await;
        }
        let given = self.authority().seal_new(
            access.provider.id.as_str(),
            "",
            CredentialKind::ApiKey,
            &as_credential(&proven.key),
        );
        let flow = session.flow.clone().signed_in(given.grant, None)?;
        let session = self.step(session, flow, None, Some(&given), &[]).await?;
        self.find_company(session).await?;
        Ok(Next::Page(id))
    }

    async fn ask_again(&self, session: ConnectSession, notice: Notice) -> Result<Next, WalkError> {
        let (id, flow) = (session.id, session.flow.clone());
        self.step(session, flow, Some(notice), None, &[]).await?;
        Ok(Next::Page(id))
    }

    /// Checks the form of a key and calls the provider with it.
    pub(crate) async fn try_key(
        &self,
        access: &ProviderAccess,
        pasted: &Secret<String>,
    ) -> Result<ProvenKey, Notice> {
        let name = &access.provider.name;
        let key = Secret::new(pasted.expose().trim().to_owned());
        let form = |sentence: String| Notice::new("key_form", sentence);
        if key.expose().is_empty() {
            return Err(form(format!("The field is empty. Copy the whole key at {name} and paste it here.")));
        }
        // Facts 17.100. A colon would end the user name of HTTP Basic.
        if key.expose().len() > 1024
            || !key.expose().bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
        {
            return Err(form(format!(
                "This does not look like a key of {name}: a key has no spaces and no line breaks. Copy it again as a whole."
            )));
        }
        let headers = self.credential_headers(access, CredentialKind::ApiKey, key.clone()).await?;
        let companies = self.companies_of_key(access, &headers).await?;
        Ok(ProvenKey { key, companies })
    }

    async fn companies_of_key(
        &self,
        access: &ProviderAccess,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<Vec<Company>, Notice> {
        match self.search_with(access, headers, None).await {
            Search::Found(companies) => Ok(companies),
            Search::Useless(notice) | Search::Later(notice) => Err(notice),
        }
    }
}

/// A key as the refresh authority keeps it: nothing about it rotates.
pub(crate) fn as_credential(key: &Secret<String>) -> NewCredential {
    NewCredential {
        access_token: key.clone(),
        refresh_token: None,
        expires_in: None,
        refresh_token_expires_in: None,
        scope: None,
    }
}
