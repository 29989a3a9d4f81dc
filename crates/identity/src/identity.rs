use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use audit::Ledger;
use base::{Clock, Entropy, StoreError};
use seal::Keys;

use crate::account::{Account, InvalidEmail};
use crate::password::{Busy, Cost, Hasher};
use crate::store::Store;
use crate::throttle::Limits;

mod accounts;
mod recorded;
mod sessions;
mod sign_in;

/// What may be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A session that is not used for so long ends.
    pub session_idle: Duration,
    /// A session ends after so long however much it is used.
    pub session_absolute: Duration,
    /// What one guess at a password costs.
    pub password_cost: Cost,
    /// The fewest characters of a new password.
    pub minimum_password_characters: usize,
    /// The rules for attempts; nothing where `rate_limits = "off"`.
    pub limits: Option<Limits>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_idle: Duration::from_hours(12),
            session_absolute: Duration::from_hours(14 * 24),
            password_cost: Cost::DEFAULT,
            minimum_password_characters: 8,
            limits: Some(Limits::default()),
        }
    }
}

/// The longest password, in bytes: far beyond any person's, short enough to be no burden.
const LONGEST_PASSWORD: usize = 1024;

/// Why nobody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Unknown address, wrong password or disabled account; nobody is told which.
    #[error("this address and password do not fit together")]
    Refused,
    /// Too many failures for this account or from this source.
    #[error("too many attempts; the next one is possible in {} s", retry_after.as_secs())]
    TooManyAttempts {
        /// How long to wait; whole seconds, at least one.
        retry_after: Duration,
    },
    /// Too many people are signing in at this moment; again in some seconds.
    #[error("too many sign-ins at once; try again in a few seconds")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account was not made or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The address is none.
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    /// The password is too short.
    #[error("the password has fewer than {minimum} characters")]
    PasswordTooShort {
        /// The fewest characters.
        minimum: usize,
    },
    /// The password is too long.
    #[error("the password has more than {LONGEST_PASSWORD} bytes")]
    PasswordTooLong,
    /// There is no such account.
    #[error("there is no such account")]
    NoSuchAccount,
    /// Too many passwords are being hashed at this moment.
    #[error("too many sign-ins at once; try again in a few seconds")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of an account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It was made.
    New(Account),
    /// There was one with this address, which was left as it is.
    Existing(Account),
}

impl Created {
    /// The account, new or not.
    pub fn into_account(self) -> Account {
        match self {
            Self::New(account) | Self::Existing(account) => account,
        }
    }
}

/// The people of one side.
pub struct Identity {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keys: Arc<Keys>,
    hasher: Hasher,
    settings: Settings,
    ledger: Option<Arc<Ledger>>,
}

impl Identity {
    /// The people kept in `store`.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        keys: Arc<Keys>,
        settings: Settings,
    ) -> Self {
        let hasher = Hasher::new(settings.password_cost, Arc::clone(&entropy));
        Self { store, clock, entropy, keys, hasher, settings, ledger: None }
    }

    /// Removes what is over: to be called now and then. How many rows went.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let limits = self.settings.limits.unwrap_or_default();
        let longest = |rule: crate::Rule| rule.forget_after.max(rule.longest_delay);
        let attempts_before = now - longest(limits.account).max(longest(limits.source));
        self.store.sweep(now, now - self.settings.session_idle, attempts_before).await
    }
}

impl Identity {
    /// Ends every session there is: in a restored backup, those are back that were ended since. How many there were.
    pub async fn end_all_sessions(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let all_seen_before = now + Duration::from_hours(24 * 365);
        self.store.sweep(now, all_seen_before, base::Timestamp::from_millis(0)).await
    }
}

impl From<Busy> for SignInError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl From<Busy> for AccountError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("settings", &self.settings).finish_non_exhaustive()
    }
}
