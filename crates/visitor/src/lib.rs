//! A small browser for walks through the pages, and a person in front of it.
//!
//! It does only what a person's browser does, so that a walk goes through the same doors. The demo's story and the tests that end
//! real processes walk with it.

mod browser;
mod person;

pub use browser::{Browser, Form, Machine, Seen, Unexpected, place};
pub use person::{Door, Person, Places, Walked};
