//! The integration's side: connecting a Pleo company with an accounting company, lending credentials out, sending calls
//! through, and asking a person to sign in again only when nothing else can help.
//!
//! A connection has two ends, each drawing on a grant that the refresh authority keeps. The pair, its settings and its history
//! outlive every credential (facts 17.69, 17.72).

mod access;
mod announce;
mod api_token;
mod call;
mod clients;
mod connection;
mod connections;
mod directory;
mod disconnect;
mod end;
mod event;
mod feed;
mod following;
mod ids;
mod keyed_hash;
mod lending;
mod link;
mod memory;
mod news;
mod oauth_client;
pub mod proxy;
mod role;
mod service;
mod session;
mod store;
mod swap;
mod texts;
mod visitors;
mod walk;
pub mod words;

pub use access::{AccessError, Caller, NewApiToken};
pub use api_token::{API_TOKEN_PREFIX, ApiToken};
pub use call::CallError;
pub use clients::SetClientError;
pub use connection::{
    Company, Connection, EndState, Environment, GrantFacts, ParseStateError, Reason, Side, Stage, StateKind,
};
pub use connections::{ConfirmError, FoundConnection, SettingsError};
pub use directory::Directory;
pub use disconnect::{DisconnectError, Disconnected};
pub use end::{End, ParseEndError};
pub use event::{Event, EventType, NumberedEvent, ParseEventTypeError};
pub use ids::{
    ApiTokenId, ApiTokenKind, ClientSecretId, ClientSecretKind, ConnectSessionId, ConnectSessionKind,
    ConnectionId, ConnectionKind, EventId, EventKind, OAuthClientId, OAuthClientKind,
};
pub use keyed_hash::KeyedHash;
pub use lending::{LentToken, Rejected, Unusable};
pub use link::{Link, LinkError, LinkRequest, ReauthoriseError, ReauthoriseLink};
pub use oauth_client::{ClientSecret, OAuthClient};
pub use role::{Need, ParseRoleError, Role};
pub use service::{Connect, Parts, Settings};
pub use session::{
    Away, ConnectSession, Finished, Flow, FlowError, Method, Notice, ParseMethodError, Party, Purpose,
};
pub use store::{
    Advanced, ConnectionFilter, GrantNews, GrantNewsItem, NewConnection, NewSide, Paired, Pairing, Step,
    Store, Swap, Swapped, Told, ToldAfter,
};
pub use swap::ReplaceKeyError;
pub use walk::{CallbackError, Next, Walk, WalkError};
