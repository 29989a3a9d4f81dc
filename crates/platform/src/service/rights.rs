//! What a person may decide about.

use std::collections::BTreeMap;

use base::StoreError;
use identity::AccountId;

use crate::{Company, Membership, OrganisationId, Platform, Subject};

/// What a person may give access to, and take away from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rights {
    /// Companies in which they are admin or bookkeeper, by name, without suspended ones.
    pub(crate) companies: Vec<Membership>,
    /// Organisations in whose every company they are that: what an organisation credential reaches is all of them.
    pub(crate) organisations: Vec<(OrganisationId, String)>,
}

impl Rights {
    /// Whether they may decide about `subject`.
    pub(crate) fn cover(&self, subject: Subject) -> bool {
        match subject {
            Subject::Company(id) => self.companies.iter().any(|membership| membership.company.id == id),
            Subject::Organisation(id) => {
                self.organisations.iter().any(|(organisation, _)| *organisation == id)
            }
        }
    }

    /// The company, if they may decide about it.
    pub(crate) fn company(&self, subject: Subject) -> Option<&Company> {
        let companies = self.companies.iter().map(|membership| &membership.company);
        companies.into_iter().find(|company| Subject::Company(company.id) == subject)
    }

    /// Everything they may decide about, with its name: companies first.
    pub(crate) fn subjects(&self) -> Vec<(Subject, String)> {
        let companies = self
            .companies
            .iter()
            .map(|membership| (Subject::Company(membership.company.id), membership.company.name.clone()));
        let organisations =
            self.organisations.iter().map(|(id, name)| (Subject::Organisation(*id), name.clone()));
        companies.chain(organisations).collect()
    }
}

impl Platform {
    /// The companies a person has a role in, whatever the role, by name.
    pub async fn memberships(&self, account: AccountId) -> Result<Vec<Membership>, StoreError> {
        self.store.memberships(account).await
    }

    /// What a person may decide about.
    pub(crate) async fn rights(&self, account: AccountId) -> Result<Rights, StoreError> {
        let mut companies = self.store.memberships(account).await?;
        companies.retain(|membership| membership.role.may_consent() && !membership.company.is_suspended());
        let named: BTreeMap<OrganisationId, String> = companies
            .iter()
            .map(|membership| (membership.company.organisation, membership.organisation_name.clone()))
            .collect();
        let mut organisations = Vec::new();
        for (id, name) in named {
            let all = self.store.companies_of(id).await?;
            let covered =
                |company: &Company| companies.iter().any(|membership| membership.company.id == company.id);
            if all.iter().filter(|company| !company.is_suspended()).all(covered) {
                organisations.push((id, name));
            }
        }
        Ok(Rights { companies, organisations })
    }
}
