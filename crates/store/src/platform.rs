//! [`platform::Store`] on all databases.

mod exports;
mod installations;
mod items;
mod keys;
mod logos;
mod overview;
mod page;
mod tenants;
