use std::time::Duration;

use authserver::{ClientState, SeedSecret};
use identity::NewAccount;

use super::{EmployeeIds, PlannedKey, PlannedUser, Seed, SeedCounts, Seeded, SeededKey, SeededSecret};
use crate::{ActError, ApiKeyOrigin, By, Employee, NewStandaloneKey, Platform, Subject, SubjectType};

impl Platform {
    /// Makes what a seed file asks for. Each step makes or brings up to date one thing and may be done again, so that a run that was
    /// interrupted is finished by the next one. Passwords and API keys that exist are left as they are.
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
            self.store.put_organisation(organisation).await?;
        }
        for company in &plan.companies {
            self.store.put_company(company).await?;
        }
        let mut employees = EmployeeIds::new();
        for (position, user) in plan.users.into_iter().enumerate() {
            self.seed_user(position, user, &mut employees).await?;
        }
        for client in plan.clients {
            let state = if client.approved { ClientState::Approved } else { ClientState::AwaitingReview };
            let public = client.spec.public;
            let id = client.spec.client_id.clone();
            let secret = client.secret.map_or(SeedSecret::Keep, SeedSecret::Set);
            self.server.upsert_client(client.spec, state, secret, by.actor.clone()).await?;
            // One that has none yet, although it needs one, gets one.
            let has_secret = self.server.client(&id).await?.is_some_and(|client| !client.secrets.is_empty());
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
    ) -> Result<(), ActError> {
        let email = user.email.to_string();
        let new = NewAccount { email: email.clone(), name: user.name.clone(), password: Some(user.password) };
        let account = self.identity.create_account(new).await?.into_account();
        let (first_name, last_name) = user.name.trim().split_once(' ').unwrap_or((user.name.trim(), ""));
        for (company, role, id) in user.roles {
            let employee = Employee {
                id,
                company,
                account: account.id,
                email: email.clone(),
                first_name: first_name.to_owned(),
                last_name: last_name.trim().to_owned(),
                role,
            };
            employees.insert((position, company), self.store.put_employee(&employee).await?);
        }
        Ok(self.store.set_platform_admin(account.id, user.platform_admin).await?)
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
