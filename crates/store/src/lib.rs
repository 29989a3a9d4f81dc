//! The only SQL. The ports belong to the rooms that use them; here they are implemented for SQLite, PostgreSQL and memory.
//!
//! A port's method is one transaction: a closure given to [`Database::run_tx`] (or [`Database::read`]), which is named,
//! measured, and may run again. What is asked all the time is one statement, without a closure: [`Database::look_up`] and
//! [`Database::change_and_record`]. Statements are the same for all databases: `$1` placeholders, RETURNING, ON CONFLICT, conditional
//! UPDATE; ids TEXT, times BIGINT in milliseconds, booleans BIGINT 0 or 1, sealed values BYTEA, JSON as TEXT.
//!
//! What the databases do differently, and how to write for both:
//!
//! - PostgreSQL runs at READ COMMITTED: correctness rests on the condition in the statement that writes
//!   (`… WHERE id = $1 AND generation = $2`), never on what was read before.
//! - `sum(…)` of BIGINT is NUMERIC on PostgreSQL: write `CAST(sum(…) AS BIGINT)`. `count(*)` is BIGINT on both.
//! - PostgreSQL must be able to tell a parameter's type: `$1 IS NULL` alone is not enough, `CAST($1 AS TEXT) IS NULL` is.
//! - A failed statement ends the transaction (see [`Tx`]).
//! - Text sorts by its bytes on both.

mod database;
mod location;
mod memory;
mod migrations;
mod migrator;
mod open_error;
mod postgres;
mod recorded_change;
mod row;
mod settings;
mod sql;
mod sqlite;
mod tx;
mod value;

// One line a room; its file holds `impl room::Store for Database`.
mod audit;
mod authserver;
mod connect;
mod continuity;
mod identity;
mod keys;
mod platform;
mod refresh;
mod sandbox;

pub use database::Database;
pub use location::{Location, LocationError};
pub use memory::{Fault, FaultHook, Snapshot};
pub use migrations::{Migration, migrations_of};
pub use open_error::OpenError;
pub use recorded_change::RecordedChange;
pub use row::{Column, Columns, Row};
pub use settings::{Settings, Side};
pub use tx::Tx;
pub use value::{FromValue, ToValue, Value};
