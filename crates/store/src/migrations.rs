//! The schema, side by side, in the order in which it is applied. Numbers are the same on every database.
//!
//! A text that a release has applied is never edited: its checksum is kept, and a changed one is refused. What has to change is
//! a further entry with the next number.

use crate::Side;

/// A step of a side's schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its place in the order, from 1 without gaps.
    pub number: i64,
    /// What it brings.
    pub name: &'static str,
    /// The text, written with TEXT, BIGINT and BYTEA.
    pub sql: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal),+ $(,)?) => {
        &[$(Migration { number: $number, name: $name, sql: include_str!(concat!("../migrations/", $name, ".sql")) }),+]
    };
}

const CONNECT: &[Migration] = migrations![
    1 "server",
    2 "keys",
    3 "identity",
    4 "audit",
    5 "refresh",
    6 "connect",
];

const PLATFORM: &[Migration] = migrations![
    1 "server",
    2 "keys",
    3 "identity",
    4 "audit",
    5 "authserver",
    6 "platform",
];

const SANDBOX: &[Migration] = migrations![
    1 "server",
    2 "keys",
    3 "identity",
    4 "audit",
    5 "authserver",
    6 "sandbox",
];

/// The schema of a side.
pub const fn migrations_of(side: Side) -> &'static [Migration] {
    match side {
        Side::Connect => CONNECT,
        Side::Platform => PLATFORM,
        Side::Sandbox => SANDBOX,
    }
}
