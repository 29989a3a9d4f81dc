use std::time::Duration;

use audit::AuditEvent;
use authserver::{ClientState, SeedSecret};
use identity::{Account, Created, NewAccount};

use super::{EmployeeIds, PlannedKey, PlannedUser, Seed, SeedCounts, Seeded, SeededKey, SeededSecret};
use crate::{ActError, ApiKeyOrigin, By, Employee, NewStandaloneKey, Platform, Subject, SubjectType};

impl Platform {
    /// Makes what a seed file asks for. Each step makes or brings up to date one thing and may be done again, so that a run that was
    /// interrupted is finished by the next one. Passwords, API keys and client secrets that exist are left as they are.
    pub async fn seed(&self, seed: Seed, by: &By) -> Result<Seeded, ActError> {
        let plan = seed.0;
        let mut seeded = Seeded {
            counts: SeedCounts {
                organisations: plan.organisations.len(),
                companies: plan.companies.len(),
                users: plan.users.len(),
                clients: plan.clients.len(),
                api_keys: plan.api_keys.len(),
                expenses: plan.expenses.len(),
            },
            ..Seeded::default()
        };
        for organisation in &plan.organisations {
            let subject = Subject::Organisation(organisation.id);
            let audit =
                self.audited("organisation.seeded", by, subject, None, &[("name", &organisation.name)]);
            self.store.put_organisation(organisation, audit).await?;
        }
        for company in &plan.companies {
            let subject = Subject::Company(company.id);
            let audit = self.audited("company.seeded", by, subject, None, &[("name", &company.name)]);
            self.store.put_company(company, audit).await?;
        }
        let mut employees = EmployeeIds::new();
        for (position, user) in plan.users.into_iter().enumerate() {
            self.seed_user(position, user, &mut employees, by).await?;
        }
        for client in plan.clients {
            let state = if client.approved { ClientState::Approved } else { ClientState::AwaitingReview };
            let public = client.spec.public;
            let id = client.spec.client_id.clone();
            let wanted = client.secret.clone().map_or(SeedSecret::Keep, SeedSecret::First);
            self.server.upsert_client(client.spec, state, wanted, by.actor.clone()).await?;
            let there = self.server.client(&id).await?;
            if let (Some(there), Some(secret)) = (&there, &client.secret)
                && !self.server.has_secret(there, secret)
            {
                seeded.secrets_left_alone.push(id.as_str().to_owned());
            }
            // One that has none yet, although it needs one, gets one.
            let has_secret = there.is_some_and(|client| !client.secrets.is_empty());
            if !public && !has_secret {
                let (actor, none) = (by.actor.clone(), Duration::ZERO);
                let client_secret =
                    self.server.rotate_client_secret(&id, false, none, actor, &by.origin).await?;
                seeded.client_secrets.push(SeededSecret { client_id: id.as_str().to_owned(), client_secret });
            }
        }
        for key in plan.api_keys {
            seeded.api_keys.extend(self.seed_key(key, by).await?);
        }
        for (mut expense, spender) in plan.expenses {
            expense.employee =
                spender.and_then(|position| employees.get(&(position, expense.company)).copied());
            self.store.put_expense(&expense).await?;
        }
        Ok(seeded)
    }

    async fn seed_user(
        &self,
        position: usize,
        user: PlannedUser,
        employees: &mut EmployeeIds,
        by: &By,
    ) -> Result<(), ActError> {
        let new = NewAccount {
            email: user.email.to_string(),
            name: user.name.clone(),
            password: Some(user.password),
        };
        let created = self.identity.create_account(new).await?;
        if let (Created::New(account), Some(ledger)) = (&created, &self.ledger) {
            let event = AuditEvent::new("user.created", by.actor.clone()).subject(account.id);
            ledger.done(event.origin(&by.origin)).await;
        }
        // The file's name, which an account that was there before may not have.
        let account = Account { name: user.name, ..created.into_account() };
        for (company, role, id) in user.roles {
            let employee = Employee::of(&account, id, company, role);
            employees.insert((position, company), self.put_employee(&employee, by).await?);
        }
        let kind = if user.platform_admin { "platform_admin.granted" } else { "platform_admin.withdrawn" };
        let event = AuditEvent::new(kind, by.actor.clone()).subject(account.id).origin(&by.origin);
        let audit = self.auditor.record(event);
        Ok(self.store.set_platform_admin(account.id, user.platform_admin, audit).await?)
    }

    /// The key, if it was not there: one of that name, or of that client, for that company.
    async fn seed_key(&self, key: PlannedKey, by: &By) -> Result<Option<SeededKey>, ActError> {
        let Some(company) = self.store.company(key.company).await? else { return Ok(None) };
        let subject = match key.access {
            SubjectType::Company => Subject::Company(company.id),
            SubjectType::Organisation => Subject::Organisation(company.organisation),
        };
        let there = self.store.api_keys(Some(subject)).await?.into_iter().any(|other| match &other.origin {
            ApiKeyOrigin::Integrated { client_id } => key.client_id.as_ref() == Some(client_id),
            ApiKeyOrigin::Standalone { name } => key.name.as_ref() == Some(name),
        });
        if there {
            return Ok(None);
        }
        let created = match (&key.client_id, key.name) {
            (Some(client_id), _) => {
                self.create_integrated_key_unattended(
                    by,
                    &client_id.as_str().into(),
                    key.company,
                    Some(key.id),
                )
                .await?
            }
            (None, name) => {
                let new = NewStandaloneKey {
                    company: key.company,
                    name: name.unwrap_or_default(),
                    expires_at: key.expires_at,
                    access: key.access,
                    scope: key.scope,
                };
                self.create_standalone_key_unattended(by, new, Some(key.id)).await?
            }
        };
        let label = match created.key.origin {
            ApiKeyOrigin::Integrated { client_id } => client_id,
            ApiKeyOrigin::Standalone { name } => name,
        };
        Ok(Some(SeededKey { id: created.key.id, label, key: created.text }))
    }
}
