//! What those who administer the platform do: at the command line, and on the pages under `/admin`.

use audit::AuditRecord;
use base::{Secret, StoreError};
use identity::{Account, AccountId};

use crate::{ActError, By, CompanyId, Platform, Subject};

impl Platform {
    /// Whether somebody may administer the platform itself.
    pub async fn is_platform_admin(&self, account: AccountId) -> Result<bool, StoreError> {
        self.store.is_platform_admin(account).await
    }

    /// Disables a user: they are signed out, and what they consented to ends; how many authorisations that were. API keys stay,
    /// since they belong to the company.
    pub async fn disable_user(&self, by: &By, email: &str) -> Result<u64, ActError> {
        let account = self.user(email).await?;
        self.identity.disable(account.id, self.told_of(&account, "user.disabled", by)).await?;
        Ok(self.server.end_given_by(&account.id.to_string(), by.actor.clone(), &by.origin).await?)
    }

    /// Lets a user sign in again. What ended stays ended; what a process that died while it disabled them has left is ended first.
    pub async fn enable_user(&self, by: &By, email: &str) -> Result<(), ActError> {
        let account = self.user(email).await?;
        if account.disabled_at.is_some() {
            self.server.end_given_by(&account.id.to_string(), by.actor.clone(), &by.origin).await?;
        }
        Ok(self.identity.enable(account.id, self.told_of(&account, "user.enabled", by)).await?)
    }

    /// Sets a user's password; their sessions end, and nothing else.
    pub async fn set_password(
        &self,
        by: &By,
        email: &str,
        password: &Secret<String>,
    ) -> Result<(), ActError> {
        let account = self.user(email).await?;
        let told = self.told_of(&account, "user.password_changed", by);
        Ok(self.identity.set_password(account.id, password, told).await?)
    }

    /// Ends every session of a user; how many there were. What they consented to goes on.
    pub async fn sign_out_everywhere(&self, by: &By, account: &Account) -> Result<usize, ActError> {
        let told = self.told_of(account, "user.signed_out_everywhere", by);
        Ok(self.identity.sign_out_everywhere(account.id, told).await?)
    }

    async fn user(&self, email: &str) -> Result<Account, ActError> {
        let account = self.identity.account_by_email(email).await?;
        account.ok_or_else(|| ActError::NotFound { what: format!("user {email}") })
    }

    fn told_of(&self, account: &Account, kind: &'static str, by: &By) -> Vec<AuditRecord> {
        let event = audit::AuditEvent::new(kind, by.actor.clone()).subject(account.id).origin(&by.origin);
        vec![self.auditor.record(event)]
    }

    /// Suspends a company: nothing of it can be reached until it is resumed, and nothing is lost.
    pub async fn suspend_company(&self, by: &By, id: CompanyId) -> Result<(), ActError> {
        self.set_suspended(by, id, true).await
    }

    /// Lets a suspended company go on.
    pub async fn resume_company(&self, by: &By, id: CompanyId) -> Result<(), ActError> {
        self.set_suspended(by, id, false).await
    }

    /// Each step may be done again. The company comes first, so that no consent for it is given once the tokens have stopped, and it
    /// goes on only when they do.
    async fn set_suspended(&self, by: &By, id: CompanyId, suspended: bool) -> Result<(), ActError> {
        if !self.store.suspend_company(id, suspended.then(|| self.clock.now())).await? {
            return Err(ActError::NotFound { what: format!("company {id}") });
        }
        let subject = Subject::Company(id).to_string();
        self.server.set_subject_suspended(&subject, suspended, by.actor.clone(), &by.origin).await?;
        Ok(())
    }
}
