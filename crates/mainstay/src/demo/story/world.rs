use std::sync::Arc;

use http::Method;
use outbound::HttpClient;
use serde_json::{Value, json};
use url::Url;

use crate::demo::browser::{Browser, Machine, Seen, Unexpected};
use crate::demo::house::House;

/// What the walk has in its hands: a browser, the integration's backends by role, and the switches of the sandbox.
pub(super) struct World<'a> {
    pub(super) house: &'a House,
    pub(super) browser: Browser,
    http: Arc<dyn HttpClient>,
}

/// An address of the demo; all are made here and so can be read.
pub(super) fn url(text: &str) -> Url {
    Url::parse(text).expect("the demo's addresses can be read")
}

impl<'a> World<'a> {
    pub(super) fn new(house: &'a House, http: Arc<dyn HttpClient>) -> Self {
        Self { house, browser: Browser::new(Arc::clone(&http)), http }
    }

    /// A browser of somebody else.
    pub(super) fn other_browser(&self) -> Browser {
        Browser::new(Arc::clone(&self.http))
    }

    /// A machine without a credential.
    pub(super) fn stranger(&self) -> Machine {
        Machine::new(Arc::clone(&self.http), None)
    }

    /// A machine with a bearer token.
    pub(super) fn bearer(&self, token: &str) -> Machine {
        Machine::new(Arc::clone(&self.http), Some(format!("Bearer {token}")))
    }

    /// A backend of the integration, with a token of one role.
    pub(super) fn backend(&self, role: &str) -> Machine {
        self.bearer(self.house.tokens.get(role).map_or("", String::as_str))
    }

    /// Who holds the sandbox token.
    pub(super) fn switches(&self) -> Machine {
        self.bearer(&self.house.secrets.of(crate::demo::SANDBOX_TOKEN))
    }

    /// An address of the connect side.
    pub(super) fn connect(&self, path: &str) -> Url {
        url(&format!("{}{path}", self.house.addresses.connect))
    }

    /// An address of the platform.
    pub(super) fn platform(&self, path: &str) -> Url {
        url(&format!("{}{path}", self.house.addresses.platform))
    }

    /// An address of a stand-in.
    pub(super) fn stand_in(&self, system: &str, path: &str) -> Url {
        url(&format!("{}{path}", self.house.addresses.stand_in(system)))
    }

    /// A connection as the API shows it.
    pub(super) async fn connection(&self, id: &str) -> Result<Value, Unexpected> {
        self.backend("connect")
            .get(&self.connect(&format!("/v1/connections/{id}")))
            .await?
            .expect(200)?
            .json()
    }

    /// A call through the proxy.
    pub(super) async fn proxied(
        &self,
        method: Method,
        id: &str,
        end: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Seen, Unexpected> {
        let url = self.connect(&format!("/v1/connections/{id}/{end}/proxy/{path}"));
        self.backend("proxy").call(method, &url, body, &[]).await
    }

    /// The access token of an end, as a backend with the role `token` may read it.
    pub(super) async fn token(&self, id: &str, end: &str) -> Result<Value, Unexpected> {
        self.backend("token")
            .get(&self.connect(&format!("/v1/connections/{id}/{end}/token")))
            .await?
            .expect(200)?
            .json()
    }

    /// Moves the clock of a side.
    pub(super) async fn advance(&self, base: &Url, seconds: i64) -> Result<(), Unexpected> {
        let mut url = base.clone();
        url.set_path(&format!("{}/sandbox/clock", base.path().trim_end_matches('/')));
        self.switches().post(&url, &json!({"advance_seconds": seconds})).await?.expect(200).map(drop)
    }

    /// How many refreshes a client has asked for at a side, as its journal says.
    pub(super) async fn refreshes(&self, base: &Url, client_id: &str) -> Result<usize, Unexpected> {
        let mut url = base.clone();
        url.set_path(&format!("{}/sandbox/journal", base.path().trim_end_matches('/')));
        let (mut count, mut after) = (0, String::from("0"));
        loop {
            url.query_pairs_mut().clear().append_pair("client_id", client_id).append_pair("after", &after);
            let page = self.switches().get(&url).await?.expect(200)?.json()?;
            let entries = page["data"].as_array().cloned().unwrap_or_default();
            count +=
                entries.iter().filter(|entry| entry["parameters"]["grant_type"] == "refresh_token").count();
            match text(&page["next"]) {
                Some(next) if !entries.is_empty() => after = next,
                _ => return Ok(count),
            }
        }
    }
}

/// A text or number as text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Insists on a value in a JSON answer.
pub(super) fn expect_member(value: &Value, pointer: &str, wanted: &Value) -> Result<(), Unexpected> {
    let found = value.pointer(pointer).unwrap_or(&Value::Null);
    if found == wanted {
        Ok(())
    } else {
        Err(Unexpected(format!("{pointer} is {found} where {wanted} was expected")))
    }
}

/// Insists on something.
pub(super) fn expect(held: bool, otherwise: impl Into<String>) -> Result<(), Unexpected> {
    if held { Ok(()) } else { Err(Unexpected::new(otherwise)) }
}
