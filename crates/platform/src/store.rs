//! What this room asks of a database. Each method is one transaction.

mod exports;
mod installations;
mod keys;
mod logos;
mod overview;
mod tenants;

pub use exports::{CreateJob, EventOutcome, Exports, ItemChange, ItemsOutcome, JobFilter, JobStep};
pub use installations::Installations;
pub use keys::ApiKeys;
pub use logos::Logos;
pub use overview::{ClientUsage, CompanySelection, Counts, ListedCompany, Overview, Tally, TokenAccess};
pub use tenants::{EmployeeFilter, Reach, Standing, Tenants};

/// All of it, and the audit log of this side to read.
pub trait Store: Tenants + ApiKeys + Installations + Exports + Logos + Overview + audit::Store {}

impl<T: Tenants + ApiKeys + Installations + Exports + Logos + Overview + audit::Store> Store for T {}
