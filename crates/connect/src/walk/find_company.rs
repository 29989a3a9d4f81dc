//! After a sign-in: which company is it for, and what follows from that.

use refresh::{CredentialKind, GrantId, ProviderAccess};

use super::{Next, WalkError, lend_notice};
use crate::call::{CallError, Credential, Reach, identify};
use crate::session::{ConnectSession, Flow, Notice, Purpose};
use crate::{Company, Connect, ConnectSessionId, End};
use base::Secret;
use http::header::{HeaderName, HeaderValue};

/// How far a search for companies came.
pub(crate) enum Search {
    /// These.
    Found(Vec<Company>),
    /// The credential is of no use; the person has to sign in again.
    Useless(Notice),
    /// Nothing is known; what there is is kept.
    Later(Notice),
}

impl Connect {
    /// The headers that carry a stored credential, borrowed from the refresh authority.
    pub(crate) async fn borrow(
        &self,
        grant: GrantId,
        access: &ProviderAccess,
    ) -> Result<(Vec<(HeaderName, HeaderValue)>, refresh::Lent), Search> {
        let name = &access.provider.name;
        let lent = self.authority().lend(grant).await.map_err(|error| {
            let notice = lend_notice(&error, name);
            if notice.code == "sign_in_ended" { Search::Useless(notice) } else { Search::Later(notice) }
        })?;
        let headers = self
            .credential_headers(access, lent.kind, lent.access_token.clone())
            .await
            .map_err(Search::Useless)?;
        Ok((headers, lent))
    }

    /// The headers that carry a credential.
    pub(crate) async fn credential_headers(
        &self,
        access: &ProviderAccess,
        kind: CredentialKind,
        secret: Secret<String>,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, Notice> {
        let not_usable = |why: String| Notice::new("credential_unusable", why);
        let needs_secret = kind == CredentialKind::ApiKey && access.provider.oauth.is_none();
        let client_secret = if needs_secret {
            let client =
                self.directory().client(access).await.map_err(|error| not_usable(error.to_string()))?;
            let secrets = client.map(|client| self.directory().open_secrets(&client)).transpose();
            secrets
                .map_err(|error| not_usable(error.to_string()))?
                .and_then(|secrets| secrets.into_iter().next())
        } else {
            None
        };
        Credential { kind, secret, client_secret }.headers(access).map_err(|error| {
            let mut sentence = error.to_string();
            sentence.push('.');
            Notice::new("credential_unusable", sentence)
        })
    }

    /// Asks which companies a stored credential reaches.
    pub(crate) async fn search(
        &self,
        grant: GrantId,
        access: &ProviderAccess,
        redirect_company: Option<&str>,
    ) -> Search {
        let headers = match self.borrow(grant, access).await {
            Ok((headers, _)) => headers,
            Err(search) => return search,
        };
        self.search_with(access, &headers, redirect_company).await
    }

    pub(crate) async fn search_with(
        &self,
        access: &ProviderAccess,
        headers: &[(HeaderName, HeaderValue)],
        redirect_company: Option<&str>,
    ) -> Search {
        let reach = Reach { http: self.http(), access, headers, redirect_company };
        let name = &access.provider.name;
        match identify(reach).await {
            Ok(companies) if companies.is_empty() => Search::Useless(Notice::new(
                "no_company",
                format!("This sign-in reaches no company at {name}. Sign in with an account that does."),
            )),
            Ok(companies) => Search::Found(companies),
            Err(error) => unfound(&error, name),
        }
    }

    /// Finds the company of a fresh sign-in and takes the step that follows.
    pub(crate) async fn find_company(&self, session: ConnectSession) -> Result<(), WalkError> {
        let Flow::Identifying { end, grant, ref redirect_company, .. } = session.flow else {
            return Err(WalkError::NotHere);
        };
        let access = self.need_access(&session, end).await?;
        let companies = match self.search(grant, &access, redirect_company.as_deref()).await {
            Search::Found(companies) => companies,
            Search::Useless(notice) => return self.came_to_nothing(session, notice).await,
            Search::Later(notice) => {
                let flow = session.flow.clone();
                return self.step(session, flow, Some(notice), None, &[]).await.map(|_| ());
            }
        };
        match session.purpose {
            Purpose::Connect { .. } => self.company_found(session, end, &access, companies).await,
            Purpose::Reauthorise { connection, .. } => {
                self.signed_in_again(session, connection, end, grant, companies).await
            }
        }
    }

    async fn company_found(
        &self,
        session: ConnectSession,
        end: End,
        access: &ProviderAccess,
        companies: Vec<Company>,
    ) -> Result<(), WalkError> {
        if let [company] = companies.as_slice()
            && let Some(notice) = self.taken_notice(end, access, company).await?
        {
            return self.came_to_nothing(session, notice).await;
        }
        let flow = session.flow.clone().identified(companies)?;
        self.step(session, flow, None, None, &[]).await.map(|_| ())
    }

    /// What to say if a company belongs to another connection already.
    pub(crate) async fn taken_notice(
        &self,
        end: End,
        access: &ProviderAccess,
        company: &Company,
    ) -> Result<Option<Notice>, WalkError> {
        let (provider, environment) = (access.provider.id.as_str(), &access.endpoints.environment);
        let Some(other) = self.store().connection_of(end, provider, environment, &company.id).await? else {
            return Ok(None);
        };
        let other = self.store().connection(other).await?;
        let with = other.map_or_else(String::new, |other| {
            let across = other.side(end.other());
            format!(" with {} at {}", across.company.name, self.directory().name(&across.provider))
        });
        Ok(Some(Notice::new(
            "company_taken",
            format!(
                "{} at {} is connected already{with}. Each company can be in one connection. Nothing has been changed: choose \
                 another company, or disconnect the other connection first.",
                company.name, access.provider.name
            ),
        )))
    }

    /// The person asks to try the provider once more, with the sign-in that was kept.
    pub async fn look_again(
        &self,
        id: ConnectSessionId,
        browser: &Secret<String>,
    ) -> Result<Next, WalkError> {
        let session = self.session_of(id, browser).await?;
        if matches!(session.flow, Flow::Identifying { .. }) {
            self.find_company(session).await?;
        }
        Ok(Next::Page(id))
    }

    /// The person picked a company of the list.
    pub async fn choose(
        &self,
        id: ConnectSessionId,
        browser: &Secret<String>,
        company: &str,
    ) -> Result<Next, WalkError> {
        let session = self.session_of(id, browser).await?;
        let Flow::Choosing { end, companies, .. } = &session.flow else { return Ok(Next::Page(id)) };
        let (end, chosen) = (*end, companies.iter().find(|candidate| candidate.id == company).cloned());
        let Some(chosen) = chosen else {
            let notice = Notice::new("no_such_company", "Please pick one of the companies in the list.");
            let flow = session.flow.clone();
            self.step(session, flow, Some(notice), None, &[]).await?;
            return Ok(Next::Page(id));
        };
        let access = self.need_access(&session, end).await?;
        if let Some(notice) = self.taken_notice(end, &access, &chosen).await? {
            let flow = session.flow.clone();
            self.step(session, flow, Some(notice), None, &[]).await?;
            return Ok(Next::Page(id));
        }
        let flow = session.flow.clone().choose(company)?;
        self.step(session, flow, None, None, &[]).await?;
        Ok(Next::Page(id))
    }
}

fn unfound(error: &CallError, name: &str) -> Search {
    match error {
        CallError::Refused => Search::Useless(Notice::new(
            "credential_refused",
            format!(
                "{name} does not accept this sign-in or key. Check that it is complete and still valid, and try again."
            ),
        )),
        CallError::Forbidden => Search::Useless(Notice::new(
            "not_allowed",
            format!(
                "This sign-in is not allowed to see which company it is for at {name}. Ask an administrator there, and try again."
            ),
        )),
        CallError::NotFound | CallError::NotUnderstood(_) => {
            tracing::warn!(provider = name, %error, "the company could not be found out");
            Search::Useless(Notice::new(
                "company_unknown",
                format!(
                    "{name} did not say which single company this sign-in is for. Sign in for one company, and try again."
                ),
            ))
        }
        CallError::Unavailable(why) => {
            tracing::warn!(provider = name, why, "the company could not be asked for");
            Search::Later(Notice::new(
                "provider_unavailable",
                format!(
                    "{name} cannot be reached at the moment. Your sign-in is kept; please try again in a minute."
                ),
            ))
        }
    }
}
