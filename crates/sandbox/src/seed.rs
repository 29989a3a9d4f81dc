use std::collections::BTreeMap;

use base::Secret;
use serde::Deserialize;

/// What a stand-in is filled with. Run twice, it changes nothing the second time.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    /// Companies.
    pub companies: Vec<SeedCompany>,
    /// People who may sign in.
    pub users: Vec<SeedUser>,
    /// Clients.
    pub clients: Vec<SeedClient>,
}

/// A company.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedCompany {
    /// Its id in this system.
    pub id: String,
    /// Its name.
    pub name: String,
    /// ISO 3166 code of its country.
    pub country: String,
    /// Its registration number.
    pub registration_number: Option<String>,
}

/// A person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// The address to sign in with.
    pub email: String,
    /// The password.
    pub password: Secret<String>,
    /// The name.
    #[serde(default)]
    pub name: String,
    /// Ids of the companies the person works in.
    pub companies: Vec<String>,
}

/// A client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedClient {
    /// Its id.
    pub client_id: String,
    /// Its secret; where it is absent, the one there is stays.
    pub client_secret: Option<Secret<String>>,
    /// The name people see.
    pub name: String,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// Life of its access tokens, where it is not the system's own.
    pub access_token_seconds: Option<u64>,
    /// Life of its unused refresh tokens, where it is not the system's own.
    pub refresh_idle_seconds: Option<u64>,
}

/// What a seeding did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seeded {
    /// The accounts' ids by address.
    pub accounts: BTreeMap<String, String>,
}

/// A seed that cannot be carried out. What was done before stays, and does no harm when the seed is run again.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A person works in a company that the seed does not have.
    #[error("the user {email} works in the company {company:?}, which is not among the seed's `companies`")]
    UnknownCompany {
        /// The person.
        email: String,
        /// The company.
        company: String,
    },
    /// Two entries of one id.
    #[error("the seed has two {what} {id:?}")]
    Twice {
        /// What kind.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// A redirect URI breaks a rule.
    #[error("the client {client_id} has the redirect URI {uri:?}: {cause}")]
    RedirectUri {
        /// The client.
        client_id: String,
        /// The URI.
        uri: String,
        /// Which rule.
        cause: oauth::redirect_uri::RedirectUriError,
    },
    /// An account could not be made.
    #[error("the user {email}: {cause}")]
    Account {
        /// The person.
        email: String,
        /// Why.
        cause: identity::AccountError,
    },
    /// A client without a secret in a system whose clients all have one.
    #[error("the client {0} needs a `client_secret` in this system")]
    SecretMissing(String),
    /// A client could not be made.
    #[error(transparent)]
    Client(#[from] authserver::ClientError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] base::StoreError),
}

impl Seed {
    /// Whether the seed's parts fit each other: checked before anything is done.
    pub(crate) fn check(&self) -> Result<(), SeedError> {
        fn twice<'a>(what: &'static str, ids: impl Iterator<Item = &'a str>) -> Result<(), SeedError> {
            let mut seen = std::collections::BTreeSet::new();
            match ids.into_iter().find(|id| !seen.insert(*id)) {
                Some(id) => Err(SeedError::Twice { what, id: id.to_owned() }),
                None => Ok(()),
            }
        }
        twice("companies", self.companies.iter().map(|company| company.id.as_str()))?;
        twice("users", self.users.iter().map(|user| user.email.as_str()))?;
        twice("clients", self.clients.iter().map(|client| client.client_id.as_str()))?;
        for user in &self.users {
            if let Some(company) =
                user.companies.iter().find(|id| !self.companies.iter().any(|company| company.id == **id))
            {
                return Err(SeedError::UnknownCompany {
                    email: user.email.clone(),
                    company: company.clone(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
