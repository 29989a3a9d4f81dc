//! The short commands: the same code whether it runs in a process of its own or inside the server that holds the database.

mod clients;
pub(crate) mod connect;
mod generate;
mod people;
pub(crate) mod platform;
mod records;
mod restored;
