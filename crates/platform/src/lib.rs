//! Pleo's side, on the engine of [`authserver`]: organisations, companies, consent, API keys, installations, and what the resource
//! APIs answer. Knows no HTML and no HTTP server; `web::platform` puts it on the wire.
//!
//! Numbers of facts in the documentation refer to the list of what Pleo documents that this side is built from.

mod act_error;
mod api_key;
mod application;
mod caller;
mod error;
mod export;
mod ids;
mod installation;
mod limits;
mod logo;
mod page;
mod permissions;
mod platform;
mod seed;
mod service;
mod store;
mod subject;
mod tenancy;

pub use act_error::ActError;
pub use api_key::{ApiKey, ApiKeyOrigin, ApiKeyText, CreatedApiKey, StoredApiKey};
pub use application::Application;
pub use caller::{AuthMethod, Caller, Presented};
pub use error::ApiError;
pub use export::{
    EXPENSE_KINDS, Expense, ExportJob, ExportJobItem, FailureReason, ItemReport, ItemStatus, ItemUpdate,
    JOB_LIFE, JobEvent, JobStatus, MAX_ITEM_UPDATES, UnknownExportWord,
};
pub use ids::{ApiKeyId, CompanyId, EmployeeId, ExpenseId, ExportJobId, InstallationId, OrganisationId};
pub use installation::{Installation, InstallationChange, InstallationErrorCode, InstallationStatus};
pub use limits::ApiLimits;
pub use logo::{Logo, LogoError, LogoKind, LogoState, StoredLogo, read_logo};
pub use page::{DEFAULT_LIMIT, MAX_LIMIT, Page, PageQuery, Position, cursor_of, id_of};
pub use permissions::{Explained, PERMISSIONS, Permission, PermissionKind, describe, explain, explain_for};
pub use platform::{By, Environment, Platform, client_rules, server_settings};
pub use seed::{Seed, SeedCounts, SeedError, Seeded, SeededKey, SeededSecret};
pub use service::{
    ClientDetails, CompanyView, ConnectedApp, ConsentChoice, Consented, Decision, NewApplication,
    NewExportJob, NewInstallation, NewStandaloneKey, OwnKeys, PersonView, StandaloneAccess, logo_path,
};
pub use store::{
    ApiKeys, ClientUsage, CompanySelection, Counts, CreateJob, EmployeeFilter, EventOutcome, Exports,
    Installations, ItemChange, ItemsOutcome, JobFilter, JobStep, ListedCompany, Logos, Overview, Reach,
    Standing, Store, Tally, Tenants, TokenAccess,
};
pub use subject::{ParseSubjectError, Subject, SubjectType};
pub use tenancy::{Company, Employee, Membership, Organisation, ParseRoleError, Role};
