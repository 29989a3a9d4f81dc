//! What this room asks of a database. Each method is one transaction.

mod exports;
mod installations;
mod keys;
mod tenants;

pub use exports::{CreateJob, EventOutcome, Exports, ItemChange, ItemsOutcome, JobFilter, JobStep};
pub use installations::Installations;
pub use keys::ApiKeys;
pub use tenants::{EmployeeFilter, Reach, Standing, Tenants};

/// All of it.
pub trait Store: Tenants + ApiKeys + Installations + Exports {}

impl<T: Tenants + ApiKeys + Installations + Exports> Store for T {}
