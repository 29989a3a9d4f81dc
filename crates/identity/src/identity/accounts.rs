//! Making accounts and changing them.

use audit::AuditRecord;
use base::{Secret, StoreError};

use super::{AccountError, Created, Identity, LONGEST_PASSWORD};
use crate::account::{Account, AccountId, AccountSelection, Email, NewAccount, StoredAccount};
use crate::password::PasswordHash;

impl Identity {
    /// Makes an account. One that exists with this address is left as it is, so that a seed can be run twice.
    pub async fn create_account(&self, new: NewAccount) -> Result<Created, AccountError> {
        let email: Email = new.email.parse()?;
        if let Some(stored) = self.store.account_by_email(&email).await? {
            return Ok(Created::Existing(stored.account));
        }
        let password_hash = match &new.password {
            Some(password) => Some(self.hash_new(password).await?),
            None => None,
        };
        let name = if new.name.trim().is_empty() { email.to_string() } else { new.name.trim().to_owned() };
        let id = AccountId::new(&*self.clock, &*self.entropy);
        let account = Account { id, email, name, disabled_at: None, created_at: self.clock.now() };
        if self.store.insert_account(&StoredAccount { account: account.clone(), password_hash }).await? {
            return Ok(Created::New(account));
        }
        // Another process was quicker.
        let existing = self.store.account_by_email(&account.email).await?;
        existing.map(|stored| Created::Existing(stored.account)).ok_or(AccountError::NoSuchAccount)
    }

    /// Sets a password and ends the account's sessions. What the person has consented to stays.
    pub async fn set_password(
        &self,
        account: AccountId,
        password: &Secret<String>,
        audit: Vec<AuditRecord>,
    ) -> Result<(), AccountError> {
        let hash = self.hash_new(password).await?;
        let done = self.store.set_password(account, &hash, audit).await?;
        done.then_some(()).ok_or(AccountError::NoSuchAccount)
    }

    /// Disables the account and ends its sessions. What else must end is the caller's to end.
    pub async fn disable(&self, account: AccountId, audit: Vec<AuditRecord>) -> Result<(), AccountError> {
        let done = self.store.set_disabled(account, Some(self.clock.now()), audit).await?;
        done.then_some(()).ok_or(AccountError::NoSuchAccount)
    }

    /// Lets a disabled account sign in again.
    pub async fn enable(&self, account: AccountId, audit: Vec<AuditRecord>) -> Result<(), AccountError> {
        let done = self.store.set_disabled(account, None, audit).await?;
        done.then_some(()).ok_or(AccountError::NoSuchAccount)
    }

    /// The account with this id.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.store.account(id).await?.map(|stored| stored.account))
    }

    /// The account with this address, however it is spelt.
    pub async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let Ok(email) = email.parse::<Email>() else { return Ok(None) };
        Ok(self.store.account_by_email(&email).await?.map(|stored| stored.account))
    }

    /// At most `limit` accounts of a selection in the order of their addresses, those after `after`; where `text` is not empty, those alone whose
    /// address or name holds it, whatever the case.
    pub async fn list_accounts(
        &self,
        text: &str,
        selection: AccountSelection,
        after: Option<&Email>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        self.store.list_accounts(text.trim(), selection, after, limit).await
    }

    async fn hash_new(&self, password: &Secret<String>) -> Result<PasswordHash, AccountError> {
        let minimum = self.settings.minimum_password_characters.max(1);
        if password.expose().chars().count() < minimum {
            return Err(AccountError::PasswordTooShort { minimum });
        }
        if password.expose().len() > LONGEST_PASSWORD {
            return Err(AccountError::PasswordTooLong);
        }
        Ok(self.hasher.hash(password).await?)
    }
}
