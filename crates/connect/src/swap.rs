//! A new credential for an end of an existing connection: a person signed in again, or a key was replaced.

use base::{Secret, StoreError};
use refresh::{CredentialKind, GivenCredential, GrantId, ProviderAccess};
use serde_json::json;

use crate::session::{ConnectSession, Notice};
use crate::walk::{WalkError, as_credential};
use crate::{
    Company, Connect, Connection, ConnectionId, End, EndState, Event, EventType, Stage, StateKind, Swap,
    Swapped,
};

/// Why a key is not replaced. The earlier credential goes on working in each case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceKeyError {
    /// There is no such connection.
    #[error("there is no such connection")]
    NoConnection,
    /// It is over.
    #[error("the connection was disconnected")]
    Disconnected,
    /// The provider takes no keys.
    #[error("{0} takes no API keys")]
    NoKeys(String),
    /// The key is of another company.
    #[error("the key is for {found}, but this connection is for {expected}; the earlier credential was kept")]
    OtherCompany {
        /// The company of the connection.
        expected: String,
        /// The company of the key.
        found: String,
    },
    /// The key does not work.
    #[error("{}", .0.sentence)]
    Key(Notice),
    /// The connection was changed meanwhile.
    #[error("the connection was changed by somebody else at the same time; try again")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Connect {
    /// A person signed in again for `id`: goes on with the new sign-in if it is for the same company.
    pub(crate) async fn signed_in_again(
        &self,
        session: ConnectSession,
        id: ConnectionId,
        end: End,
        grant: GrantId,
        companies: Vec<Company>,
    ) -> Result<(), WalkError> {
        let connection = self.store().connection(id).await?.ok_or(WalkError::NoLink)?;
        if !connection.is_live() {
            let notice = Notice::new(
                "disconnected",
                "This connection was disconnected meanwhile. Ask for a new link to connect again.",
            );
            return self.came_to_nothing(session, notice).await;
        }
        let side = connection.side(end);
        let Some(company) = companies.iter().find(|company| company.id == side.company.id).cloned() else {
            return self.other_company(session, &connection, end, &companies).await;
        };
        let access = self.need_access(&session, end).await?;
        let reaches: Vec<_> = companies.iter().map(|company| company.id.clone()).collect();
        let moved = self.moves_along(&access, end, &reaches, id).await?;
        let name = &access.provider.name;
        let mut finished = session.clone();
        finished.flow = session.flow.clone().reauthorised(id)?;
        finished.notice = None;
        let event = self.event(
            EventType::Reauthorised,
            id,
            json!({ "end": end, "provider": side.provider }),
            format!("Somebody signed in again at {name} for {}; the connection goes on.", company.name),
        );
        let change = Change {
            end,
            grant,
            given: None,
            company: &company,
            moved: &moved,
            session: Some(&finished),
            event: &event,
        };
        match self.swap(&connection, change).await? {
            Swapped::Yes => Ok(()),
            Swapped::Stale => Err(WalkError::NotHere),
        }
    }

    /// Nothing of the connection changes; the sign-in that was for somebody else is forgotten.
    async fn other_company(
        &self,
        session: ConnectSession,
        connection: &Connection,
        end: End,
        found: &[Company],
    ) -> Result<(), WalkError> {
        let side = connection.side(end);
        let name = self.directory().name(&side.provider);
        let told = |company: &Company| told_apart(company, &side.company, found);
        let names: Vec<_> = found.iter().take(5).map(told).collect();
        let names = names.join(", ");
        let expected = &told(&side.company);
        let event = self.event(
            EventType::CompanyMismatch,
            connection.id,
            json!({
                "end": end,
                "expected": { "id": side.company.id, "name": side.company.name },
                "found": found.iter().map(|company| json!({ "id": company.id, "name": company.name })).collect::<Vec<_>>(),
            }),
            format!("Somebody signed in at {name} for {names} instead of {expected}. It was refused; nothing was changed."),
        );
        let notice = Notice::new(
            "company_mismatch",
            format!(
                "You signed in at {name} for {names}, but this connection is for {expected}. Nothing was changed. Sign in again and \
                 pick {expected}."
            ),
        );
        let flow = session.flow.clone().came_to_nothing()?;
        self.step(session, flow, Some(notice), None, &[event]).await.map(|_| ())
    }

    /// Puts another key in the place of an end's credential: the new one is tried first, and the earlier one works until the
    /// moment of the change (facts 17.102). Also the way from OAuth to a key (facts 17.119).
    pub async fn replace_key(
        &self,
        id: ConnectionId,
        end: End,
        key: &Secret<String>,
    ) -> Result<Connection, ReplaceKeyError> {
        let connection = self.store().connection(id).await?.ok_or(ReplaceKeyError::NoConnection)?;
        if matches!(connection.stage, Stage::Disconnected { .. }) {
            return Err(ReplaceKeyError::Disconnected);
        }
        let side = connection.side(end);
        let no_keys = || ReplaceKeyError::NoKeys(self.directory().name(&side.provider).to_owned());
        let access =
            self.directory().get(&side.provider).cloned().filter(|access| access.provider.api_key.is_some());
        let access = access.ok_or_else(no_keys)?;
        let proven = self.try_key(&access, key).await.map_err(ReplaceKeyError::Key)?;
        let Some(company) = proven.companies.iter().find(|company| company.id == side.company.id) else {
            return self.key_of_another(&connection, end, &proven.companies).await;
        };
        let given = self.authority().seal_new(
            &side.provider,
            "",
            CredentialKind::ApiKey,
            &as_credential(&proven.key),
        );
        let event = self.event(
            EventType::KeyReplaced,
            id,
            json!({ "end": end, "provider": side.provider }),
            format!("The credential at {} was replaced by a new API key.", access.provider.name),
        );
        let change = Change {
            end,
            grant: given.grant,
            given: Some(&given),
            company,
            moved: &[],
            session: None,
            event: &event,
        };
        match self.swap(&connection, change).await? {
            Swapped::Yes => self.store().connection(id).await?.ok_or(ReplaceKeyError::NoConnection),
            Swapped::Stale => Err(ReplaceKeyError::Stale),
        }
    }

    async fn key_of_another(
        &self,
        connection: &Connection,
        end: End,
        found: &[Company],
    ) -> Result<Connection, ReplaceKeyError> {
        let side = connection.side(end);
        let expected = told_apart(&side.company, &side.company, found);
        let found = found
            .first()
            .map_or_else(|| "no company".to_owned(), |company| told_apart(company, &side.company, found));
        let event = self.event(
            EventType::CompanyMismatch,
            connection.id,
            json!({ "end": end, "expected": { "id": side.company.id, "name": side.company.name } }),
            format!("An API key for {found} was offered instead of one for {expected}. It was refused; nothing was changed."),
        );
        self.store().tell(&[event]).await?;
        self.wake_readers();
        Err(ReplaceKeyError::OtherCompany { expected, found })
    }

    async fn swap(&self, connection: &Connection, change: Change<'_>) -> Result<Swapped, StoreError> {
        let Change { end, grant, given, company, moved, session, event } = change;
        let side = connection.side(end);
        // Both ends as they will be: this one is fresh, the other one is as it is.
        let told = match (&connection.stage, connection.side(end.other()).state()) {
            (Stage::Pending, _) => StateKind::Pending,
            (Stage::Disconnected { .. }, _) => StateKind::Disconnected,
            (Stage::Live, EndState::Ended) => StateKind::Attention,
            (Stage::Live, EndState::Degraded | EndState::Unknown) => StateKind::Degraded,
            (Stage::Live, EndState::Active | EndState::Refreshing) => StateKind::Active,
        };
        let swap = Swap {
            connection: connection.id,
            version: connection.version,
            end,
            grant,
            generation_base: side.generation(),
            company,
            told,
            given,
            moved,
            session,
            events: std::slice::from_ref(event),
            at: self.now(),
        };
        let swapped = self.store().swap_grant(&swap).await?;
        if swapped == Swapped::Yes {
            let moved: Vec<_> = moved.iter().map(|event| event.connection).collect();
            for id in moved.iter().copied().chain([connection.id]) {
                self.connection_changed(id);
            }
            for id in [side.grant, grant] {
                self.authority().changed(id);
            }
            self.reconsider(&moved).await?;
        }
        Ok(swapped)
    }

    /// The provider of an end, for handlers that name it.
    pub fn provider_of(&self, connection: &Connection, end: End) -> Option<&ProviderAccess> {
        self.directory().get(&connection.side(end).provider).map(|access| &**access)
    }
}

/// A company's name, with the number behind it where one that was found has the name of the one that was expected.
fn told_apart(company: &Company, expected: &Company, found: &[Company]) -> String {
    if !found.iter().any(|other| other.name == expected.name) {
        return company.name.clone();
    }
    format!("{} ({})", company.name, company.registration_number.as_ref().unwrap_or(&company.id))
}

/// What is put in an end's place.
struct Change<'a> {
    end: End,
    grant: GrantId,
    given: Option<&'a GivenCredential>,
    company: &'a Company,
    moved: &'a [Event],
    session: Option<&'a ConnectSession>,
    event: &'a Event,
}

#[cfg(test)]
mod tests;
