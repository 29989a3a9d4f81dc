//! The conformance suite: each case against SQLite, PostgreSQL and memory; and what is particular to each of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod suite;

mod durability;
mod engine;
mod memory_engine;
mod postgres_engine;
mod recorded_changes;
mod schema;
mod single_statements;
mod sqlite_engine;

// One line a room.
mod accesses;
mod audit;
mod audit_tampering;
mod authserver;
mod authserver_races;
mod client_usage;
mod connect;
mod continuity;
mod identity;
mod introspection;
mod keys;
mod platform;
mod refresh;
mod registrations;
mod sandbox;

use std::process::ExitCode;

use suite::Suite;

fn main() -> ExitCode {
    if let Some(code) = durability::child() {
        return code;
    }
    let mut suite = Suite::new();
    engine::cases(&mut suite);
    recorded_changes::cases(&mut suite);
    sqlite_engine::cases(&mut suite);
    postgres_engine::cases(&mut suite);
    single_statements::cases(&mut suite);
    memory_engine::cases(&mut suite);
    durability::cases(&mut suite);
    schema::cases(&mut suite);
    // One line a room.
    accesses::cases(&mut suite);
    audit::cases(&mut suite);
    audit_tampering::cases(&mut suite);
    authserver::cases(&mut suite);
    client_usage::cases(&mut suite);
    connect::cases(&mut suite);
    continuity::cases(&mut suite);
    authserver_races::cases(&mut suite);
    identity::cases(&mut suite);
    introspection::cases(&mut suite);
    keys::cases(&mut suite);
    platform::cases(&mut suite);
    sandbox::cases(&mut suite);
    refresh::cases(&mut suite);
    registrations::cases(&mut suite);
    suite.run()
}
