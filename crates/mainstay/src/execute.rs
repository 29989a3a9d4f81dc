//! The short commands: the same code whether it runs in a process of its own or inside the server that holds the database.

pub(crate) mod connect;
pub(crate) mod platform;
