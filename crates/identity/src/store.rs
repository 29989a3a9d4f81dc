use async_trait::async_trait;
use audit::AuditRecord;
use base::{StoreError, Timestamp};

use crate::account::{Account, AccountId, AccountSelection, Email, StoredAccount};
use crate::password::PasswordHash;
use crate::session::{SessionId, StoredSession};
use crate::throttle::{Admission, Attempt};

/// Where the accounts and sessions of one side are kept. Each method is one transaction.
#[async_trait]
pub trait Store: Send + Sync {
    /// Adds the account unless its address is taken: whether it was added.
    async fn insert_account(&self, account: &StoredAccount) -> Result<bool, StoreError>;

    /// The account with this address.
    async fn account_by_email(&self, email: &Email) -> Result<Option<StoredAccount>, StoreError>;

    /// The account with this id.
    async fn account(&self, id: AccountId) -> Result<Option<StoredAccount>, StoreError>;

    /// At most `limit` accounts of a selection in the order of their addresses, those after `after`; where `text` is not empty, those alone whose
    /// address or name holds it, whatever the case.
    async fn list_accounts(
        &self,
        text: &str,
        selection: AccountSelection,
        after: Option<&Email>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError>;

    /// Sets the password and ends the account's sessions, together: whether there is such an account. Only then are the records
    /// appended, as in the other methods that take some.
    async fn set_password(
        &self,
        id: AccountId,
        hash: &PasswordHash,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError>;

    /// Replaces a hash by another one of the same password, if it still is `from`: whether it was. Sessions go on.
    async fn replace_password_hash(
        &self,
        id: AccountId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Disables the account (keeping the earlier time if it is disabled already) and ends its sessions, or enables it:
    /// whether there is such an account.
    async fn set_disabled(
        &self,
        id: AccountId,
        disabled_at: Option<Timestamp>,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError>;

    /// Counts an attempt for its source and its account, unless one of them is blocked.
    async fn begin_attempt(&self, attempt: &Attempt) -> Result<Admission, StoreError>;

    /// Takes an attempt back that succeeded: the account's count is cleared, the source's is lowered by one.
    async fn forgive_attempt(&self, attempt: &Attempt) -> Result<(), StoreError>;

    /// Adds the session, if the account is still enabled and its password hash still the one that was checked: whether it was
    /// added. Serialised with [`Store::set_password`] and [`Store::set_disabled`], so that neither leaves a session behind.
    async fn insert_session(
        &self,
        session: &StoredSession,
        checked: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// The session with this token hash, and its account. Whether it is still good is the caller's to say.
    async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<(StoredSession, Account)>, StoreError>;

    /// Notes a use; an earlier time than the one noted changes nothing.
    async fn touch_session(&self, id: SessionId, seen_at: Timestamp) -> Result<(), StoreError>;

    /// Ends the session with this token hash: whether there was one.
    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<bool, StoreError>;

    /// The sessions of the account, newest first, whether they are still good or not.
    async fn sessions_of(&self, account: AccountId) -> Result<Vec<StoredSession>, StoreError>;

    /// Ends all sessions of the account; how many there were.
    async fn delete_sessions_of(
        &self,
        account: AccountId,
        audit: Vec<AuditRecord>,
    ) -> Result<usize, StoreError>;

    /// Removes sessions that ended before `now` or were last seen before `seen_before`, and counts of attempts whose last one was
    /// before `attempts_before`. How many rows went.
    async fn sweep(
        &self,
        now: Timestamp,
        seen_before: Timestamp,
        attempts_before: Timestamp,
    ) -> Result<usize, StoreError>;
}
