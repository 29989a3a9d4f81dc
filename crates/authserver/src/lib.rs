//! The authorization server as an engine: clients, codes, authorisations, tokens, rotation policy, introspection,
//! revocation. It knows no Pleo, no HTML and no web framework; whoever embeds it says who the subject is, shows the
//! pages, and gives the ports ([`Store`], [`Faults`], [`Journal`]).
//!
//! An *authorisation* is one consent and the family of tokens that follows from it. It is one row, and each step of its
//! life is one conditional write: grant, exchange, rotation, end.

mod answer;
mod authorisation;
mod client;
mod client_memory;
mod faults;
mod journal;
mod keyed_hash;
mod metadata;
mod outcome;
mod present_access;
mod registration;
mod rotation;
mod rules;
mod server;
mod settings;
mod store;
mod throttle;
mod token_kinds;

pub use answer::{
    Ending, Rendered, disturbed, introspection_response, managed_client_response, refusal_response,
    registration_refusal_response, removed_client_response, render, revocation_response, token_response,
};
pub use authorisation::{
    ActiveTokens, Authorisation, AuthorisationId, AuthorisationState, EarlierTokens, EndReason, IssuedAccess,
    IssuedRefresh, PendingCode, Predecessor,
};
pub use client::{
    Client, ClientId, ClientSecret, ClientSecretId, ClientSpec, ClientState, PkceRule, Presentation,
    SeedSecret,
};
pub use faults::{Endpoint, Fault, FaultPoint, Faults, Moment, NoFaults};
pub use journal::{Journal, JournalAnswer, JournalEntry, NoJournal};
pub use keyed_hash::KeyedHash;
pub use metadata::{
    ENDPOINTS, EndpointDescription, REGISTRATION_PATH, describe, resource_metadata, server_metadata,
};
pub use outcome::{
    AccessContext, AccessRefusal, AuthorizationRefusal, ClientError, Consent, EndpointError, Granted,
    PageReason, Reply, TokenSuccess, ValidatedRequest,
};
pub use present_access::PresentAccess;
pub use registration::{
    ClientMetadata, ClientSelection, InitialAccessToken, InitialAccessTokenId, NewClient,
    NewInitialAccessToken, NewRegistration, RegisterOutcome, Registered, RegisteredClient, Registration,
    RegistrationAccess, RegistrationChange, Registrations, Review,
};
pub use rotation::{ReplayRule, RotationPolicy, RotationRules};
pub use rules::{ClientProblem, ClientProblems, ClientRules};
pub use server::{AuthorizationServer, Decided, Generated, ManagedClient, Ports, RegistrationRefusal};
pub use settings::Settings;
pub use store::{
    AuthorisationFilter, EndSelection, Exchange, LoadedAuthorisation, Rotate, Store, WriteOutcome,
};
pub use token_kinds::{
    AccessToken, AuthorizationCode, InitialAccess, KeyedTokenCheck, RefreshToken, RegistrationAccessText,
};
