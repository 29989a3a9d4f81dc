//! What [`Platform`](crate::Platform) does, one file a part.

mod administration;
mod api_keys;
mod apps;
mod authenticate;
mod consent;
mod directory;
mod exports;
mod installations;
mod rights;

pub use api_keys::{NewStandaloneKey, StandaloneAccess};
pub use apps::ConnectedApp;
pub use consent::{ConsentChoice, Decision};
pub use exports::NewExportJob;
pub use installations::NewInstallation;
