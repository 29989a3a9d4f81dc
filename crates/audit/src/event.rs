use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Where a request came from. Handed through every call that may leave a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address of the caller, behind trusted proxies the forwarded one.
    pub source: Option<String>,
    /// The id that the answer carries too.
    pub request_id: Option<String>,
}

impl Origin {
    /// The source as whatever counts strangers counts it ([`base::source_of`] its address); empty where it is not known.
    pub fn counted_as(&self) -> String {
        let text = self.source.as_deref().unwrap_or_default();
        text.parse().map_or_else(|_| text.to_owned(), base::source_of)
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person, by user id.
    User(String),
    /// An OAuth client, by client id.
    Client(String),
    /// An API key or API token, by its id.
    ApiKey(String),
    /// An operator of the connect side, by id.
    Operator(String),
    /// Whoever held an initial access token, by its id (RFC 7591).
    InitialAccessToken(String),
    /// Somebody who has not proven who they are.
    Unknown,
    /// Somebody at the command line of this machine.
    CommandLine,
    /// Whoever holds the sandbox token, at a sandbox switch.
    Sandbox,
    /// The program by itself.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::ApiKey(id) => write!(f, "api_key:{id}"),
            Self::Operator(id) => write!(f, "operator:{id}"),
            Self::InitialAccessToken(id) => write!(f, "initial_access_token:{id}"),
            Self::Unknown => f.write_str("unknown"),
            Self::CommandLine => f.write_str("command_line"),
            Self::Sandbox => f.write_str("sandbox"),
            Self::System => f.write_str("system"),
        }
    }
}

/// A text that names no actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an actor")]
pub struct ParseActorError;

impl FromStr for Actor {
    type Err = ParseActorError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("user", id)) => Ok(Self::User(id.to_owned())),
            Some(("client", id)) => Ok(Self::Client(id.to_owned())),
            Some(("api_key", id)) => Ok(Self::ApiKey(id.to_owned())),
            Some(("operator", id)) => Ok(Self::Operator(id.to_owned())),
            Some(("initial_access_token", id)) => Ok(Self::InitialAccessToken(id.to_owned())),
            None if text == "unknown" => Ok(Self::Unknown),
            None if text == "command_line" => Ok(Self::CommandLine),
            None if text == "sandbox" => Ok(Self::Sandbox),
            None if text == "system" => Ok(Self::System),
            _ => Err(ParseActorError),
        }
    }
}

/// Something that was done, before it has an id and a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Noun and verb: `refresh_token.replayed`, `api_key.created`.
    pub kind: &'static str,
    /// Who did it.
    pub actor: Actor,
    /// Whose affair it is: the URN of a company, the id of a connection.
    pub subject: Option<String>,
    /// The OAuth client concerned.
    pub client: Option<String>,
    /// Where the request came from.
    pub origin: Origin,
    /// Short texts that are no secrets: ids, reasons, counts.
    pub data: BTreeMap<String, String>,
}

impl AuditEvent {
    /// An event of this type by this actor.
    pub fn new(kind: &'static str, actor: Actor) -> Self {
        Self { kind, actor, subject: None, client: None, origin: Origin::default(), data: BTreeMap::new() }
    }

    /// With whose affair it is.
    #[must_use]
    pub fn subject(mut self, subject: impl fmt::Display) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// With the OAuth client concerned.
    #[must_use]
    pub fn client(mut self, client: impl fmt::Display) -> Self {
        self.client = Some(client.to_string());
        self
    }

    /// With where it came from.
    #[must_use]
    pub fn origin(mut self, origin: &Origin) -> Self {
        self.origin = origin.clone();
        self
    }

    /// With a short text that is no secret.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.data.insert(name.to_owned(), value.to_string());
        self
    }
}
