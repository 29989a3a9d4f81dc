//! The catalogue: what is true of Pleo and of each accounting system, as data files, read into types and checked.
//!
//! Nothing here talks to anybody. `connect` and `refresh` ask a [`Provider`] how its tokens rotate, how a company is found
//! and where it is placed in a call; a user's own file may replace a built-in one ([`Catalogue::with_files`]).

mod catalogue;
mod company;
mod endpoints;
mod id;
mod limits;
mod oauth_rules;
mod provider;
mod rotation;
mod template;
mod validate;

pub use catalogue::{Catalogue, CatalogueError};
pub use company::{
    CompanyDetails, CompanyList, CompanyRule, CompanySearch, FoundCompany, Placement, ReadCompanyError,
    Within,
};
pub use endpoints::{EndpointError, Endpoints, Environment, Overrides};
pub use id::{ProviderId, ProviderIdError};
pub use limits::{LimitScope, RateLimit};
pub use oauth_rules::{ClientAuthentication, OAuthRules, Revocation, RevocationCall, RevocationReach};
pub use provider::{ApiKeyRule, GrantPer, KeyPart, Provider, Side};
pub use rotation::{NewRefreshToken, OldRefreshToken, Question, Rotation};
pub use template::{TemplateError, fill};
