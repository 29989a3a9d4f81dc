use std::time::Duration;

use audit::Actor;
use authserver::{ClientState, SeedSecret};
use identity::NewAccount;
use oauth::RedirectUri;

use super::{APPLICATION, Standin};
use crate::seed::{Seed, SeedClient, SeedError, SeedUser, Seeded};
use crate::store::{Application, Company};

impl Standin {
    /// Fills the stand-in. Run twice, it changes nothing the second time.
    pub async fn seed(&self, seed: &Seed) -> Result<Seeded, SeedError> {
        seed.check()?;
        for company in &seed.companies {
            let company = Company {
                id: company.id.clone(),
                name: company.name.clone(),
                country: company.country.clone(),
                registration_number: company.registration_number.clone(),
            };
            self.ports.store.put_company(&company).await?;
        }
        let mut seeded = Seeded::default();
        for user in &seed.users {
            let id = self.seed_user(user).await?;
            seeded.accounts.insert(user.email.clone(), id.to_string());
        }
        for client in &seed.clients {
            if self.system.token_path.is_none() {
                self.seed_application(client).await?;
            } else {
                self.seed_client(client).await?;
            }
        }
        Ok(seeded)
    }

    async fn seed_user(&self, user: &SeedUser) -> Result<identity::AccountId, SeedError> {
        let new = NewAccount {
            email: user.email.clone(),
            name: user.name.clone(),
            password: Some(user.password.clone()),
        };
        let created = self.ports.identity.create_account(new).await;
        let account =
            created.map_err(|cause| SeedError::Account { email: user.email.clone(), cause })?.into_account();
        for company in &user.companies {
            self.ports.store.add_member(account.id, company).await?;
        }
        Ok(account.id)
    }

    async fn seed_client(&self, client: &SeedClient) -> Result<(), SeedError> {
        let redirect_uris = client
            .redirect_uris
            .iter()
            .map(|uri| {
                RedirectUri::register(uri).map_err(|cause| SeedError::RedirectUri {
                    client_id: client.client_id.clone(),
                    uri: uri.clone(),
                    cause,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut spec = self.system.client_spec(&client.client_id, &client.name, redirect_uris);
        if let Some(seconds) = client.access_token_seconds {
            spec.access_token_lifetime = Duration::from_secs(seconds);
        }
        if let Some(seconds) = client.refresh_idle_seconds {
            spec.refresh_idle = Duration::from_secs(seconds);
        }
        let secret = client.client_secret.clone().map_or(SeedSecret::Keep, SeedSecret::Set);
        self.ports.server.upsert_client(spec, ClientState::Approved, secret, Actor::CommandLine).await?;
        Ok(())
    }

    async fn seed_application(&self, client: &SeedClient) -> Result<(), SeedError> {
        let secret = client
            .client_secret
            .as_ref()
            .ok_or_else(|| SeedError::SecretMissing(client.client_id.clone()))?;
        let application = Application {
            client_id: client.client_id.clone(),
            name: client.name.clone(),
            secret_hash: self.token_hash(APPLICATION, secret.expose()),
            redirect_uris: client.redirect_uris.clone(),
        };
        Ok(self.ports.store.put_application(&application).await?)
    }
}
