use async_trait::async_trait;
use audit::AuditRecord;
use base::{StoreError, Timestamp};
use identity::AccountId;

use crate::{
    Company, CompanyId, Employee, EmployeeId, Membership, Organisation, OrganisationId, Page, PageQuery,
    Subject,
};

/// Organisations, companies, people's places in them.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// Makes or changes an organisation; the record is appended if it was not there as it is.
    async fn put_organisation(
        &self,
        organisation: &Organisation,
        audit: AuditRecord,
    ) -> Result<(), StoreError>;

    /// Makes or changes a company; `suspended_at` is only set by [`Tenants::suspend_company`]. The record is appended if it was not
    /// there as it is.
    async fn put_company(&self, company: &Company, audit: AuditRecord) -> Result<(), StoreError>;

    /// Makes or changes a user's place in a company. An existing one keeps its id, which is what is returned. The record is appended
    /// if the role is another than before.
    async fn put_employee(&self, employee: &Employee, audit: AuditRecord) -> Result<EmployeeId, StoreError>;

    /// Takes a user's place in a company away. `false`: they had none.
    async fn remove_employee(
        &self,
        company: CompanyId,
        account: AccountId,
        audit: AuditRecord,
    ) -> Result<bool, StoreError>;

    /// Says whether somebody may administer the platform itself; the record is appended if it was otherwise before.
    async fn set_platform_admin(
        &self,
        account: AccountId,
        admin: bool,
        audit: AuditRecord,
    ) -> Result<(), StoreError>;

    /// Whether somebody may administer the platform itself.
    async fn is_platform_admin(&self, account: AccountId) -> Result<bool, StoreError>;

    /// An organisation.
    async fn organisation(&self, id: OrganisationId) -> Result<Option<Organisation>, StoreError>;

    /// A company.
    async fn company(&self, id: CompanyId) -> Result<Option<Company>, StoreError>;

    /// Suspends a company (`Some`; one that is suspended keeps its time) or lets it go on. `false`: there is no such company.
    async fn suspend_company(&self, id: CompanyId, since: Option<Timestamp>) -> Result<bool, StoreError>;

    /// The companies a user has a role in, by name.
    async fn memberships(&self, user: AccountId) -> Result<Vec<Membership>, StoreError>;

    /// All companies of an organisation, by name.
    async fn companies_of(&self, organisation: OrganisationId) -> Result<Vec<Company>, StoreError>;

    /// A page of the companies in reach.
    async fn companies(&self, reach: Reach, page: &PageQuery) -> Result<Page<Company>, StoreError>;

    /// A page of employees.
    async fn employees(
        &self,
        filter: &EmployeeFilter,
        page: &PageQuery,
    ) -> Result<Page<Employee>, StoreError>;

    /// An employee.
    async fn employee(&self, id: EmployeeId) -> Result<Option<Employee>, StoreError>;

    /// Whether what a subject stands for is there and not suspended: asked for each API call, in one read.
    async fn standing(&self, subject: Subject) -> Result<Standing, StoreError>;
}

/// Which companies a credential reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One company.
    Company(CompanyId),
    /// Those of an organisation that are not suspended.
    Organisation(OrganisationId),
}

impl From<Subject> for Reach {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Company(id) => Self::Company(id),
            Subject::Organisation(id) => Self::Organisation(id),
        }
    }
}

/// Which employees are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmployeeFilter {
    /// In which companies.
    pub reach: Reach,
    /// With this address, whatever its case.
    pub email: Option<String>,
}

/// How a subject stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Good.
    Good,
    /// Suspended.
    Suspended,
    /// Not there (any more).
    Gone,
}
