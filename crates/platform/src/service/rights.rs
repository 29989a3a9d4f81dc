//! What a person may decide about.

use std::collections::{BTreeMap, BTreeSet};

use base::StoreError;
use identity::AccountId;

use crate::{Company, CompanyId, Membership, OrganisationId, Platform, Subject};

/// What a person may give access to, and take away from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rights {
    /// Companies in which they are admin or bookkeeper, by name, without suspended ones.
    pub(crate) companies: Vec<Membership>,
    /// Organisations in whose every company they are that, the suspended ones included: what an organisation credential reaches is all of
    /// them, and those that are suspended now once they are resumed.
    pub(crate) organisations: Vec<(OrganisationId, String)>,
    /// The other organisations of those companies: what is given for one of them reaches the companies, and others decide about it.
    pub(crate) organisations_beyond: Vec<(OrganisationId, String)>,
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

    /// The companies of an organisation, as far as they may decide about them.
    pub(crate) fn companies_of(&self, organisation: OrganisationId) -> Vec<Company> {
        let companies = self.companies.iter().map(|membership| &membership.company);
        companies.filter(|company| company.organisation == organisation).cloned().collect()
    }

    /// Everything that reaches their companies, with its name: companies first, what they may not decide about last.
    pub(crate) fn subjects(&self) -> Vec<(Subject, String)> {
        let companies = self
            .companies
            .iter()
            .map(|membership| (Subject::Company(membership.company.id), membership.company.name.clone()));
        let organisations = self
            .organisations
            .iter()
            .chain(&self.organisations_beyond)
            .map(|(id, name)| (Subject::Organisation(*id), name.clone()));
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
        companies.retain(|membership| membership.role.may_consent());
        let decided: BTreeSet<CompanyId> = companies.iter().map(|membership| membership.company.id).collect();
        companies.retain(|membership| !membership.company.is_suspended());
        let named: BTreeMap<OrganisationId, String> = companies
            .iter()
            .map(|membership| (membership.company.organisation, membership.organisation_name.clone()))
            .collect();
        let (mut organisations, mut organisations_beyond) = (Vec::new(), Vec::new());
        for (id, name) in named {
            let all = self.store.companies_of(id).await?;
            if all.iter().all(|company| decided.contains(&company.id)) {
                organisations.push((id, name));
            } else {
                organisations_beyond.push((id, name));
            }
        }
        Ok(Rights { companies, organisations, organisations_beyond })
    }
}
