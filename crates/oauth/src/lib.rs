//! The OAuth 2.0 protocol, both directions, without I/O.
//!
//! The client side builds requests and reads answers (tolerantly: [`token_answer`]); the server side reads requests
//! (strictly: a repeated parameter is refused) and builds answers. Nothing here decides who may do what; that is the
//! work of `authserver` on one side and `refresh` and `connect` on the other.

pub mod authorization_request;
pub mod authorization_response;
pub mod bearer;
pub mod client_authentication;
pub mod client_registration;
pub mod error;
pub mod introspection;
pub mod metadata;
pub mod parameters;
pub mod pkce;
pub mod redirect_uri;
pub mod token_answer;
pub mod token_request;
pub mod token_text;

pub use client_authentication::{ClientAuthMethod, Credential, PresentedClient};
pub use client_registration::{ClientInformation, RegistrationRequest};
pub use error::{ErrorCode, Refused};
pub use parameters::Parameters;
pub use redirect_uri::RedirectUri;
