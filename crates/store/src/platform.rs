//! [`platform::Store`] on all databases.

mod exports;
mod installations;
mod items;
mod keys;
mod page;
mod tenants;
