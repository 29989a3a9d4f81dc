//! What every reader of requests promises for any bytes that anybody may send.
//!
//! A property takes bytes and panics if its promise is broken for them. `fuzz/fuzz_targets` gives each of them to the fuzzer; the
//! tests of this crate replay what the fuzzer has found worth keeping (`fuzz/corpus`), so that a promise once broken stays kept.

mod authorization_request;
mod form;
mod house;
mod oauth_endpoints;
mod pages;
mod redirect_uri;
mod refusal;
mod registration;
mod resource_api;
mod seed_file;
mod texts;
mod token_request;

pub use authorization_request::authorization_request;
pub use form::form;
pub use oauth_endpoints::oauth_endpoints;
pub use pages::pages;
pub use redirect_uri::redirect_uri;
pub use registration::registration;
pub use resource_api::resource_api;
pub use seed_file::seed_file;
pub use texts::texts;
pub use token_request::token_request;

/// A property.
pub type Property = fn(&[u8]);

/// All of them, by the name of their target and of the folder of their corpus.
pub const ALL: &[(&str, Property)] = &[
    ("authorization_request", authorization_request),
    ("form", form),
    ("oauth_endpoints", oauth_endpoints),
    ("pages", pages),
    ("redirect_uri", redirect_uri),
    ("registration", registration),
    ("resource_api", resource_api),
    ("seed_file", seed_file),
    ("texts", texts),
    ("token_request", token_request),
];

/// The bytes as text; what is none is of no interest to a reader of text.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// The first line, and what follows it.
fn two_parts(data: &[u8]) -> Option<(&str, &str)> {
    text(data)?.split_once('\n')
}
