//! Confirming the pair that was shown: both ends are tried once more, and one transaction makes it.

use base::Secret;
use http::Method as HttpMethod;
use providers::GrantPer;
use refresh::{CredentialKind, ProviderAccess};
use serde_json::json;

use super::find_company::Search;
use super::{Next, WalkError};
use crate::call::{CallError, Reach, call, prove};
use crate::session::{ConnectSession, Finished, Flow, Notice, Party, Purpose};
use crate::{
    Company, Connect, ConnectSessionId, ConnectionId, End, Event, EventType, NewConnection, NewSide, Paired,
    Pairing,
};

/// Where Pleo keeps the bond of an application and a company (facts 11).
pub(crate) const INSTALLATION: &str = "/v1/installations/me";

/// Why an end does not stand the trial before the pair is made.
enum Failed {
    /// Sign in there again.
    SignInAgain(Notice),
    /// Try again later.
    Later(Notice),
}

impl Connect {
    /// The person says that the two companies belong together.
    pub async fn confirm(&self, id: ConnectSessionId, browser: &Secret<String>) -> Result<Next, WalkError> {
        let session = self.session_of(id, browser).await?;
        // A second click finds the walk finished and shows that.
        let Flow::Confirming { platform, accounting } = session.flow.clone() else {
            return Ok(Next::Page(id));
        };
        for (end, party) in [(End::Platform, &platform), (End::Accounting, &accounting)] {
            let access = self.need_access(&session, end).await?;
            match self.try_end(end, party, &access).await {
                Ok(()) => {}
                Err(Failed::SignInAgain(notice)) => {
                    let flow = session.flow.clone().back_to(end)?;
                    self.step(session, flow, Some(notice), None, &[]).await?;
                    return Ok(Next::Page(id));
                }
                Err(Failed::Later(notice)) => {
                    let flow = session.flow.clone();
                    self.step(session, flow, Some(notice), None, &[]).await?;
                    return Ok(Next::Page(id));
                }
            }
        }
        self.pair(session, platform, accounting).await?;
        Ok(Next::Page(id))
    }

    async fn try_end(&self, end: End, party: &Party, access: &ProviderAccess) -> Result<(), Failed> {
        let name = &access.provider.name;
        let (headers, lent) = self.borrow(party.grant, access).await.map_err(|search| match search {
            Search::Useless(notice) => Failed::SignInAgain(notice),
            Search::Later(notice) => Failed::Later(notice),
            Search::Found(_) => Failed::Later(Notice::new(
                "provider_unavailable",
                format!("{name} cannot be reached at the moment."),
            )),
        })?;
        let reach =
            Reach { http: self.http(), access, headers: &headers, redirect_company: Some(&party.company.id) };
        prove(reach, &party.company).await.map_err(|error| untried(&error, name))?;
        if end == End::Platform && lent.kind == CredentialKind::ApiKey {
            self.install(access, &headers, &party.company).await.map_err(|error| untried(&error, name))?;
        }
        Ok(())
    }

    /// Facts 17.107: with OAuth the installation comes by itself, with a key the integration creates it. What the installation says
    /// of the company has to fit (facts 17.108).
    async fn install(
        &self,
        access: &ProviderAccess,
        headers: &[(http::HeaderName, http::HeaderValue)],
        company: &Company,
    ) -> Result<(), CallError> {
        let found = match call(self.http(), access, HttpMethod::GET, INSTALLATION, headers, None).await {
            Err(CallError::NotFound | CallError::NotUnderstood(_)) => {
                call(self.http(), access, HttpMethod::POST, INSTALLATION, headers, Some(&json!({}))).await?
            }
            found => found?,
        };
        let resource = found
            .pointer("/data/resource")
            .or_else(|| found.pointer("/resource"))
            .and_then(serde_json::Value::as_str);
        match resource {
            Some(urn) if !urn.ends_with(&format!(":{}", company.id)) => {
                Err(CallError::NotUnderstood("the installation is for another company".to_owned()))
            }
            _ => Ok(()),
        }
    }

    async fn pair(
        &self,
        session: ConnectSession,
        platform: Party,
        accounting: Party,
    ) -> Result<(), WalkError> {
        let Purpose::Connect { reference, confirm, .. } = session.purpose.clone() else {
            return Err(WalkError::NotHere);
        };
        let (at_platform, at_accounting) = (
            self.need_access(&session, End::Platform).await?,
            self.need_access(&session, End::Accounting).await?,
        );
        let side = |access: &ProviderAccess, party: &Party| NewSide {
            provider: access.provider.id.to_string(),
            environment: access.endpoints.environment.clone(),
            company: party.company.clone(),
            grant: party.grant,
        };
        let id = ConnectionId::new(self.clock(), self.entropy());
        let connection = NewConnection {
            id,
            reference,
            pending: confirm,
            platform: side(&at_platform, &platform),
            accounting: side(&at_accounting, &accounting),
            created_at: self.now(),
        };
        let (kind, finished) = if confirm {
            (EventType::AwaitingConfirmation, Finished::AwaitingConfirmation)
        } else {
            (EventType::Activated, Finished::Connected)
        };
        let event = self.event(kind, id, pair_data(&connection), self.pair_sentence(&connection, confirm));
        let moved = self.moves_along(&at_accounting, End::Accounting, &accounting.reaches, id).await?;
        let mut finished_session = session.clone();
        finished_session.flow = session.flow.clone().paired(id, finished)?;
        finished_session.notice = None;
        let pairing =
            Pairing { session: &finished_session, connection: &connection, moved: &moved, event: &event };
        let (end, access, company) = match self.store().pair(&pairing).await? {
            Paired::Yes => {
                let moved: Vec<_> = moved.iter().map(|event| event.connection).collect();
                for changed in moved.iter().copied().chain([id]) {
                    self.connection_changed(changed);
                }
                self.reconsider(&moved).await?;
                return Ok(());
            }
            Paired::Stale => return Err(WalkError::NotHere),
            Paired::PlatformTaken(_) => (End::Platform, at_platform, platform.company),
            Paired::AccountingTaken(_) => (End::Accounting, at_accounting, accounting.company),
        };
        let notice = self.taken_notice(end, &access, &company).await?.unwrap_or_else(|| {
            Notice::new(
                "company_taken",
                format!("{} was connected by somebody else a moment ago.", company.name),
            )
        });
        let flow = session.flow.clone().back_to(end)?;
        self.step(session, flow, Some(notice), None, &[]).await.map(|_| ())
    }

    fn pair_sentence(&self, connection: &NewConnection, pending: bool) -> String {
        let NewConnection { platform, accounting, .. } = connection;
        let (left, right) = (&platform.company.name, &accounting.company.name);
        let (at_left, at_right) =
            (self.directory().name(&platform.provider), self.directory().name(&accounting.provider));
        if pending {
            format!(
                "{left} at {at_left} and {right} at {at_right} are signed in; the pair waits to be confirmed."
            )
        } else {
            format!("{left} at {at_left} was connected with {right} at {at_right}.")
        }
    }

    /// Which other connections are to draw on a new sign-in too: where it takes the place of earlier ones by the same person,
    /// all that it reaches; elsewhere those that it reaches and whose own grant is over. Gives what is told to each of them.
    pub(crate) async fn moves_along(
        &self,
        access: &ProviderAccess,
        end: End,
        reaches: &[String],
        apart_from: ConnectionId,
    ) -> Result<Vec<Event>, WalkError> {
        if access.provider.grant_per == GrantPer::Connection || reaches.len() < 2 {
            return Ok(Vec::new());
        }
        let mut moved = Vec::new();
        for company in reaches {
            let (provider, environment) = (access.provider.id.as_str(), &access.endpoints.environment);
            let Some(id) = self.store().connection_of(end, provider, environment, company).await? else {
                continue;
            };
            let Some(other) = self.store().connection(id).await? else { continue };
            let is_over = matches!(other.side(end).facts.state, refresh::GrantState::Ended { .. });
            if id != apart_from && (access.provider.grant_per == GrantPer::User || is_over) {
                let name = &access.provider.name;
                moved.push(self.event(
                    EventType::SignInShared,
                    id,
                    json!({ "end": end, "provider": provider }),
                    format!(
                        "A new sign-in at {name} reaches {} too and serves this connection from now on.",
                        other.side(end).company.name
                    ),
                ));
            }
        }
        Ok(moved)
    }
}

fn untried(error: &CallError, name: &str) -> Failed {
    match error {
        CallError::Refused | CallError::Forbidden => Failed::SignInAgain(Notice::new(
            "credential_refused",
            format!(
                "{name} does not accept the sign-in any more. Please sign in there again; the other end is kept."
            ),
        )),
        CallError::NotFound | CallError::NotUnderstood(_) | CallError::Unavailable(_) => {
            tracing::warn!(provider = name, %error, "an end did not stand the trial before pairing");
            Failed::Later(Notice::new(
                "provider_unavailable",
                format!(
                    "{name} does not answer as it should at the moment. Both sign-ins are kept; please try again in a minute."
                ),
            ))
        }
    }
}

/// What a program is told of a new pair.
pub(crate) fn pair_data(connection: &NewConnection) -> serde_json::Value {
    let side = |side: &NewSide| json!({ "provider": side.provider, "company": { "id": side.company.id, "name": side.company.name } });
    json!({
        "reference": connection.reference,
        "platform": side(&connection.platform),
        "accounting": side(&connection.accounting),
    })
}
