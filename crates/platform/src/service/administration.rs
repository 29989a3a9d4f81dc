use identity::Account;

use crate::{ActError, By, CompanyId, Platform, Subject};

impl Platform {
    /// Disables a user: they are signed out, and what they consented to ends. API keys stay, since they belong to the company.
    pub async fn disable_user(&self, by: &By, email: &str) -> Result<u64, ActError> {
        let account = self.user(email).await?;
        self.identity.disable(account.id).await?;
        Ok(self.server.end_given_by(&account.id.to_string(), by.actor.clone(), &by.origin).await?)
    }

    /// Lets a user sign in again. What ended stays ended.
    pub async fn enable_user(&self, email: &str) -> Result<(), ActError> {
        let account = self.user(email).await?;
        Ok(self.identity.enable(account.id).await?)
    }

    /// Sets a user's password; their sessions end, and nothing else.
    pub async fn set_password(&self, email: &str, password: &base::Secret<String>) -> Result<(), ActError> {
        let account = self.user(email).await?;
        Ok(self.identity.set_password(account.id, password).await?)
    }

    async fn user(&self, email: &str) -> Result<Account, ActError> {
        let account = self.identity.account_by_email(email).await?;
        account.ok_or_else(|| ActError::NotFound { what: format!("user {email}") })
    }

    /// Suspends a company: nothing of it can be reached until it is resumed, and nothing is lost.
    pub async fn suspend_company(&self, by: &By, id: CompanyId) -> Result<(), ActError> {
        self.set_suspended(by, id, true).await
    }

    /// Lets a suspended company go on.
    pub async fn resume_company(&self, by: &By, id: CompanyId) -> Result<(), ActError> {
        self.set_suspended(by, id, false).await
    }

    async fn set_suspended(&self, by: &By, id: CompanyId, suspended: bool) -> Result<(), ActError> {
        if !self.store.suspend_company(id, suspended.then(|| self.clock.now())).await? {
            return Err(ActError::NotFound { what: format!("company {id}") });
        }
        let subject = Subject::Company(id).to_string();
        self.server.set_subject_suspended(&subject, suspended, by.actor.clone(), &by.origin).await?;
        Ok(())
    }
}
