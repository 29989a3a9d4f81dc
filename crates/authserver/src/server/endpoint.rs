//! What the token, introspection and revocation endpoints share: reading the body, faults, journal.

use std::borrow::Cow;
use std::sync::OnceLock;

use metrics::Counter;
use oauth::{Parameters, PresentedClient, Refused};

use super::AuthorizationServer;
use crate::answer;
use crate::faults::{Endpoint, Fault, FaultPoint, Moment};
use crate::journal::{JournalAnswer, JournalEntry};
use crate::outcome::{EndpointError, Reply};

/// Parameters whose values are secrets or bind a browser.
const SECRET_PARAMETERS: [&str; 6] =
    ["code", "code_verifier", "client_secret", "refresh_token", "token", "state"];

fn requests(endpoint: Endpoint, outcome: Cow<'static, str>) -> Counter {
    metrics::counter!("oauth_requests_total", "endpoint" => endpoint.label(), "outcome" => outcome)
}

/// The counters of requests that were served, by endpoint. Looking one up by its labels is a good part of a small answer.
#[derive(Default)]
pub(super) struct Answered([OnceLock<Counter>; Endpoint::Api as usize + 1]);

impl Answered {
    fn of(&self, endpoint: Endpoint) -> &Counter {
        self.0[endpoint as usize].get_or_init(|| requests(endpoint, "ok".into()))
    }
}

/// A request whose body was read.
pub(super) struct Opened {
    endpoint: Endpoint,
    pub(super) parameters: Parameters,
    /// As the client named itself; left out where neither faults nor journal want it.
    client_id: Option<String>,
    unreadable: Option<Refused>,
}

impl Opened {
    /// The refusal of a body that could not be read.
    pub(super) fn readable(&self) -> Result<&Parameters, EndpointError> {
        match &self.unreadable {
            Some(refused) => Err(refused.clone().into()),
            None => Ok(&self.parameters),
        }
    }
}

impl AuthorizationServer {
    /// Reads a body and passes the point before the state change.
    pub(super) async fn open(
        &self,
        endpoint: Endpoint,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Result<Opened, Fault> {
        let (parameters, unreadable) = match Parameters::parse_bytes(body) {
            Ok(parameters) => (parameters, None),
            Err(error) => (Parameters::default(), Some(error.into())),
        };
        let client_id = if self.ports.faults.is_on() || self.ports.journal.is_on() {
            PresentedClient::extract(authorization, &parameters).ok().map(|client| client.client_id)
        } else {
            None
        };
        let opened = Opened { endpoint, parameters, client_id, unreadable };
        match self.fault(&opened, Moment::Before).await {
            None => Ok(opened),
            Some(fault) => {
                self.note(
                    &opened,
                    JournalAnswer {
                        status: 0,
                        error: None,
                        members: Vec::new(),
                        disturbed: Some(fault.describe()),
                    },
                )
                .await;
                Err(fault)
            }
        }
    }

    /// Passes the point after the state change, writes the journal, and makes the reply.
    pub(super) async fn close<T>(
        &self,
        opened: Opened,
        result: Result<T, EndpointError>,
        members: impl FnOnce(&T) -> Vec<(String, String)> + Send,
    ) -> Reply<T> {
        if let Err(EndpointError::Unavailable(error)) = &result {
            tracing::error!(endpoint = ?opened.endpoint, %error, "the database failed during a request");
        }
        match &result {
            Ok(_) => self.answered.of(opened.endpoint).increment(1),
            Err(error) => {
                requests(opened.endpoint, answer::as_refusal(error).code.to_string().into()).increment(1);
            }
        }
        let fault = self.fault(&opened, Moment::After).await;
        if self.ports.journal.is_on() {
            let disturbed = fault.map(Fault::describe);
            let answer = match &result {
                Ok(value) => JournalAnswer { status: 200, error: None, members: members(value), disturbed },
                Err(error) => {
                    let refused = answer::as_refusal(error);
                    let (status, error) = (refused.status(), Some(refused.code.to_string()));
                    JournalAnswer { status, error, members: Vec::new(), disturbed }
                }
            };
            self.note(&opened, answer).await;
        }
        match fault {
            None => Reply::Answered(result),
            Some(fault) => Reply::Disturbed { fault, behind: Some(result) },
        }
    }

    async fn fault(&self, opened: &Opened, moment: Moment) -> Option<Fault> {
        if !self.ports.faults.is_on() {
            return None;
        }
        let point = FaultPoint {
            endpoint: opened.endpoint,
            moment,
            client_id: opened.client_id.as_deref(),
            path: None,
        };
        self.ports.faults.at(point).await
    }

    async fn note(&self, opened: &Opened, answer: JournalAnswer) {
        if self.ports.journal.is_on() {
            self.write_journal(opened.endpoint, opened.client_id.clone(), &opened.parameters, answer).await;
        }
    }

    /// Writes a request down, its secrets as fingerprints.
    pub(super) async fn write_journal(
        &self,
        endpoint: Endpoint,
        client_id: Option<String>,
        parameters: &Parameters,
        answer: JournalAnswer,
    ) {
        let shown = |(name, value): (&str, &str)| {
            let value =
                if SECRET_PARAMETERS.contains(&name) { self.fingerprint(value) } else { value.to_owned() };
            (name.to_owned(), value)
        };
        let parameters = parameters.iter().map(shown).collect();
        let entry = JournalEntry { at: self.ports.clock.now(), endpoint, client_id, parameters, answer };
        self.ports.journal.record(entry).await;
    }

    /// A secret as it may be shown.
    pub(super) fn fingerprint(&self, secret: &str) -> String {
        format!("fingerprint:{}", self.ports.keys.fingerprint(secret.as_bytes()))
    }
}
