//! People of either side: accounts with a password, sessions in a browser, delays for guessers, and the values that bind a
//! form to the browser it was shown in.
//!
//! Roles and rights are not here: the platform and connect each know their own and hang them on an [`AccountId`].

mod account;
mod identity;
mod password;
mod session;
mod store;
mod throttle;

pub use account::{
    Account, AccountId, AccountKind, AccountSelection, Email, InvalidEmail, NewAccount, StoredAccount,
};
pub use identity::{AccountError, Created, Identity, Settings, SignInError};
pub use password::{Cost, PasswordHash, PasswordHashError};
pub use session::{PreSession, Session, SessionId, SessionKind, SessionSummary, SignedIn, StoredSession};
pub use store::Store;
pub use throttle::{Admission, Attempt, Limits, Rule};
