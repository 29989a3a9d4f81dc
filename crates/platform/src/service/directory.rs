use crate::error::{NO_COMPANY, NO_EMPLOYEE};
use crate::store::{EmployeeFilter, Reach};
use crate::{
    ApiError, Caller, Company, CompanyId, Employee, EmployeeId, OrganisationId, Page, PageQuery, Platform,
    Subject,
};

impl Platform {
    /// The company a call is about. A company credential may leave it out; an organisation credential must name one of its
    /// companies (facts 18.47). Another company is 403, an unknown one 404 (facts 18.46).
    pub(crate) async fn company_in_reach(
        &self,
        caller: &Caller,
        named: Option<CompanyId>,
    ) -> Result<Company, ApiError> {
        let id = named.or(caller.company()).ok_or_else(|| {
            ApiError::parameter("this credential is for an organisation: say which company with company_id")
        })?;
        let company = self.store.company(id).await?.ok_or(NO_COMPANY)?;
        let reached = match caller.subject {
            Subject::Company(own) => own == company.id,
            Subject::Organisation(own) => own == company.organisation,
        };
        if reached && !company.is_suspended() { Ok(company) } else { Err(ApiError::ForeignCompany) }
    }

    /// `GET /v1/companies`.
    pub async fn list_companies(
        &self,
        caller: &Caller,
        organisation: Option<OrganisationId>,
        page: &PageQuery,
    ) -> Result<Page<Company>, ApiError> {
        caller.require("companies:read")?;
        if let Some(wanted) = organisation {
            let own = match caller.subject {
                Subject::Organisation(id) => Some(id),
                Subject::Company(id) => self.store.company(id).await?.map(|company| company.organisation),
            };
            if own != Some(wanted) {
                return Err(ApiError::ForeignCompany);
            }
        }
        Ok(self.store.companies(Reach::from(caller.subject), page).await?)
    }

    /// `GET /v1/companies/{id}`.
    pub async fn get_company(&self, caller: &Caller, id: CompanyId) -> Result<Company, ApiError> {
        caller.require("companies:read")?;
        self.company_in_reach(caller, Some(id)).await
    }

    /// `GET /v2/employees`; without a company, all that are in reach (facts 9).
    pub async fn list_employees(
        &self,
        caller: &Caller,
        company: Option<CompanyId>,
        email: Option<String>,
        page: &PageQuery,
    ) -> Result<Page<Employee>, ApiError> {
        caller.require("users:read")?;
        let reach = match company {
            Some(id) => Reach::Company(self.company_in_reach(caller, Some(id)).await?.id),
            None => Reach::from(caller.subject),
        };
        Ok(self.store.employees(&EmployeeFilter { reach, email }, page).await?)
    }

    /// `GET /v2/employees/{id}`.
    pub async fn get_employee(&self, caller: &Caller, id: EmployeeId) -> Result<Employee, ApiError> {
        caller.require("users:read")?;
        let employee = self.store.employee(id).await?.ok_or(NO_EMPLOYEE)?;
        self.company_in_reach(caller, Some(employee.company)).await?;
        Ok(employee)
    }
}
