use base::{Id, IdKind};

/// Kind of an [`OrganisationId`].
#[derive(Debug)]
pub enum OrganisationKind {}
impl IdKind for OrganisationKind {
    const PREFIX: &'static str = "";
}
/// A group of companies.
pub type OrganisationId = Id<OrganisationKind>;

/// Kind of a [`CompanyId`].
#[derive(Debug)]
pub enum CompanyKind {}
impl IdKind for CompanyKind {
    const PREFIX: &'static str = "";
}
/// One legal entity.
pub type CompanyId = Id<CompanyKind>;

/// Kind of an [`EmployeeId`].
#[derive(Debug)]
pub enum EmployeeKind {}
impl IdKind for EmployeeKind {
    const PREFIX: &'static str = "";
}
/// A person as an employee of one company. Whoever works for two companies has two of these.
pub type EmployeeId = Id<EmployeeKind>;

/// Kind of an [`ApiKeyId`].
#[derive(Debug)]
pub enum ApiKeyKind {}
impl IdKind for ApiKeyKind {
    const PREFIX: &'static str = "";
}
/// An API key's row; part of the key's text.
pub type ApiKeyId = Id<ApiKeyKind>;

/// Kind of an [`InstallationId`].
#[derive(Debug)]
pub enum InstallationKind {}
impl IdKind for InstallationKind {
    const PREFIX: &'static str = "";
}
/// The bond of one application and one subject.
pub type InstallationId = Id<InstallationKind>;

/// Kind of an [`ExportJobId`].
#[derive(Debug)]
pub enum ExportJobKind {}
impl IdKind for ExportJobKind {
    const PREFIX: &'static str = "";
}
/// One export of accounting entries (facts 12.1).
pub type ExportJobId = Id<ExportJobKind>;

/// Kind of an [`ExpenseId`].
#[derive(Debug)]
pub enum ExpenseKind {}
impl IdKind for ExpenseKind {
    const PREFIX: &'static str = "";
}
/// An expense; on the wire it is the `accountingEntryId`.
pub type ExpenseId = Id<ExpenseKind>;
