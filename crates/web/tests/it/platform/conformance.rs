//! What the platform is held to, number by number: the lists, the tests for each number, and the document made from both.

mod document;
mod elsewhere;
mod lists;
mod log_lines;
mod open;
mod world;

mod administration;
mod api_keys;
mod audit_log;
mod authorization;
mod consent;
mod exchange;
mod limits;
mod metadata;
mod refresh;
mod refresh_races;
mod refused_acts;
mod registration;
mod resource_server;
mod revocation;
mod standard_clients;

use lists::Number;
pub(super) use world::audited;

/// A test with the numbers it is for.
pub(super) struct Case {
    numbers: &'static [Number],
    /// What holds, as the document has it.
    holds: &'static str,
    test: &'static str,
    module: &'static str,
    /// The test itself: an `async fn` that is no test has another type.
    _run: fn(),
}

/// The table of a file's tests: `name: [A 1, Facts 33] "what holds";`.
macro_rules! cases {
    ($($name:ident: [$($list:ident $number:literal),+] $holds:literal;)+) => {
        pub(super) const CASES: &[super::Case] = &[$(super::Case {
            numbers: &[$((super::lists::List::$list, $number)),+],
            holds: $holds,
            test: stringify!($name),
            module: module_path!(),
            _run: $name,
        }),+];
    };
}
use cases;

/// All tests there are.
fn all_cases() -> impl Iterator<Item = &'static Case> {
    [
        administration::CASES,
        metadata::CASES,
        authorization::CASES,
        consent::CASES,
        exchange::CASES,
        refresh::CASES,
        refresh_races::CASES,
        refused_acts::CASES,
        registration::CASES,
        revocation::CASES,
        resource_server::CASES,
        api_keys::CASES,
        audit_log::CASES,
        limits::CASES,
        standard_clients::CASES,
    ]
    .into_iter()
    .flatten()
}
