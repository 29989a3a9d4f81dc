//! What [`Platform`](crate::Platform) does, one file a part.

mod administration;
mod admission;
mod api_keys;
mod apps;
mod authenticate;
mod clients;
mod consent;
mod directory;
mod exports;
mod installations;
mod logos;
mod overview;
mod refused_acts;
mod rights;
mod roles;

pub use api_keys::{NewStandaloneKey, OwnKeys, StandaloneAccess};
pub use apps::ConnectedApp;
pub use clients::{ClientDetails, NewApplication};
pub use consent::{ConsentChoice, Decision};
pub use exports::NewExportJob;
pub use installations::NewInstallation;
pub use logos::logo_path;
pub use overview::{CompanyView, Consented, PersonView};
