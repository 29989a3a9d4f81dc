//! From the file to what will be written, with every reference resolved.

use std::collections::{BTreeMap, BTreeSet};

use base::{Id, IdKind, Scope, Secret, Timestamp};
use identity::Email;
use toml::Spanned;
use uuid::Uuid;

use super::SeedError;
use super::clients::{self, PlannedClient};
use super::file::{ApiKeyEntry, CompanyEntry, ExpenseEntry, SeedFile, UserEntry};
use crate::{
    ApiKeyId, Company, CompanyId, EXPENSE_KINDS, EmployeeId, Expense, Organisation, OrganisationId, Role,
    SubjectType, describe,
};

/// Everything that a good file says.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) organisations: Vec<Organisation>,
    pub(crate) companies: Vec<Company>,
    pub(crate) users: Vec<PlannedUser>,
    pub(crate) clients: Vec<PlannedClient>,
    pub(crate) api_keys: Vec<PlannedKey>,
    /// With the position of the user who spent, if it names one.
    pub(crate) expenses: Vec<(Expense, Option<usize>)>,
}

/// A person with their places.
#[derive(Debug)]
pub(crate) struct PlannedUser {
    pub(crate) email: Email,
    pub(crate) name: String,
    pub(crate) password: Secret<String>,
    /// The employee's id where the place does not exist yet.
    pub(crate) roles: Vec<(CompanyId, Role, EmployeeId)>,
    pub(crate) platform_admin: bool,
}

/// An API key that there should be.
#[derive(Debug)]
pub(crate) struct PlannedKey {
    pub(crate) id: ApiKeyId,
    pub(crate) company: CompanyId,
    pub(crate) client_id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) scope: Scope,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) access: SubjectType,
}

/// Turns places in the text into lines.
pub(super) struct Lines<'a>(&'a str);

impl Lines<'_> {
    /// An error about the value at this place.
    pub(super) fn error<T>(&self, at: &Spanned<T>, message: impl Into<String>) -> SeedError {
        self.error_at(at.span().start, message)
    }

    fn error_at(&self, offset: usize, message: impl Into<String>) -> SeedError {
        let before = self.0.get(..offset).unwrap_or(self.0);
        SeedError { line: before.matches('\n').count() + 1, message: message.into() }
    }
}

/// The id of what the file gives none: the same for the same name, so that a second run finds it again.
fn derived<K: IdKind>(kind: &str, name: &[&str]) -> Id<K> {
    // A length before each part keeps two different lists of parts apart.
    let parts = name.iter().map(|part| format!("\n{}\n{part}", part.len()));
    let text: String = std::iter::once(kind.to_owned()).chain(parts).collect();
    Id::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes()))
}

/// What of the file may be referred to, by id and by name.
struct Names<T> {
    what: &'static str,
    by_id: BTreeMap<String, T>,
    by_name: BTreeMap<String, Vec<T>>,
}

impl<T: Copy> Names<T> {
    fn new(what: &'static str) -> Self {
        Self { what, by_id: BTreeMap::new(), by_name: BTreeMap::new() }
    }

    fn add(&mut self, id: String, name: &str, value: T) -> bool {
        self.by_name.entry(name.to_owned()).or_default().push(value);
        self.by_id.insert(id, value).is_none()
    }

    fn find(&self, lines: &Lines<'_>, key: &str, text: &Spanned<String>) -> Result<T, SeedError> {
        let wanted = text.get_ref();
        if let Some(found) = self.by_id.get(wanted) {
            return Ok(*found);
        }
        match self.by_name.get(wanted).map(Vec::as_slice) {
            Some([found]) => Ok(*found),
            Some([_, _, ..]) => Err(lines.error(
                text,
                format!("{key}: there is more than one {} called \"{wanted}\"; give its id", self.what),
            )),
            _ => Err(lines.error(text, format!("{key}: the file has no {} \"{wanted}\"", self.what))),
        }
    }
}

/// What the rest of the file may refer to.
struct Known {
    companies: Names<CompanyId>,
    /// By address: position, and the companies with a role.
    users: BTreeMap<Email, (usize, BTreeSet<CompanyId>)>,
    /// By client id: whether it is installed with a key.
    clients: BTreeMap<String, bool>,
}

/// Reads and checks the whole file.
pub(super) fn plan(text: &str) -> Result<Plan, SeedError> {
    let lines = Lines(text);
    let file: SeedFile = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        // Not the rendered error: that quotes the line, which may hold a password.
        lines.error_at(offset, error.message().replace('\n', "; "))
    })?;
    let mut plan = Plan::default();
    let mut organisations: Names<OrganisationId> = Names::new("organisation");
    for entry in &file.organisations {
        let organisation = entry.get_ref();
        let id = organisation.id.unwrap_or_else(|| derived("organisation", &[&organisation.name]));
        if !organisations.add(id.to_string(), &organisation.name, id) {
            return Err(lines.error(
                entry,
                format!("[[organisations]] id: {id} stands there twice; give each its own id"),
            ));
        }
        plan.organisations.push(Organisation { id, name: organisation.name.clone() });
    }
    let mut known =
        Known { companies: Names::new("company"), users: BTreeMap::new(), clients: BTreeMap::new() };
    for entry in &file.companies {
        let company = company(&lines, entry.get_ref(), &organisations)?;
        if !known.companies.add(company.id.to_string(), &company.name, company.id) {
            return Err(lines.error(
                entry,
                format!("[[companies]] id: {} stands there twice; give each its own id", company.id),
            ));
        }
        plan.companies.push(company);
    }
    for entry in &file.users {
        let user = user(&lines, entry.get_ref(), &known)?;
        let places = user.roles.iter().map(|(company, _, _)| *company).collect();
        if known.users.insert(user.email.clone(), (plan.users.len(), places)).is_some() {
            return Err(lines.error(entry, format!("[[users]] email: {} stands there twice", user.email)));
        }
        plan.users.push(user);
    }
    for entry in &file.clients {
        let client = clients::plan(&lines, entry)?;
        let id = client.spec.client_id.as_str().to_owned();
        if known.clients.insert(id.clone(), entry.get_ref().integrated_api_keys).is_some() {
            return Err(lines.error(entry, format!("[[clients]] client_id: {id} stands there twice")));
        }
        plan.clients.push(client);
    }
    for entry in &file.api_keys {
        plan.api_keys.push(api_key(&lines, entry, &known)?);
    }
    for (position, entry) in file.expenses.iter().enumerate() {
        plan.expenses.push(expense(&lines, entry.get_ref(), position, &known)?);
    }
    Ok(plan)
}

fn company(
    lines: &Lines<'_>,
    entry: &CompanyEntry,
    organisations: &Names<OrganisationId>,
) -> Result<Company, SeedError> {
    let organisation = organisations.find(lines, "[[companies]] organisation", &entry.organisation)?;
    let country = entry.country.get_ref();
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(lines.error(&entry.country, "[[companies]] country: two capital letters, such as \"NL\""));
    }
    let number = entry.registration_number.clone();
    let named = || {
        derived("company", &[&organisation.to_string(), &entry.name, number.as_deref().unwrap_or_default()])
    };
    Ok(Company {
        id: entry.id.unwrap_or_else(named),
        organisation,
        name: entry.name.clone(),
        country: country.clone(),
        registration_number: number,
        standalone_api_keys: entry.standalone_api_keys,
        suspended_at: None,
    })
}

fn user(lines: &Lines<'_>, entry: &UserEntry, known: &Known) -> Result<PlannedUser, SeedError> {
    let email: Email = entry
        .email
        .get_ref()
        .parse()
        .map_err(|_| lines.error(&entry.email, "[[users]] email: this is not an e-mail address"))?;
    if entry.password.expose().chars().count() < 8 {
        return Err(
            lines.error(&entry.email, format!("[[users]] password of {email}: at least 8 characters"))
        );
    }
    let mut own_id = match &entry.id {
        None => None,
        Some(id) => Some(
            id.get_ref()
                .parse::<EmployeeId>()
                .map_err(|_| lines.error(id, "[[users]] id: not a UUID in lower case"))?,
        ),
    };
    let mut roles: Vec<(CompanyId, Role, EmployeeId)> = Vec::new();
    for role in &entry.roles {
        let company = known.companies.find(lines, "[[users]] roles.company", &role.company)?;
        if roles.iter().any(|(other, _, _)| *other == company) {
            return Err(lines.error(&role.company, format!("[[users]] roles of {email}: one role a company")));
        }
        // A person has an employee's id in each company; the one that is given is for the first.
        let id =
            own_id.take().unwrap_or_else(|| derived("employee", &[&company.to_string(), email.as_str()]));
        roles.push((company, role.role, id));
    }
    let (name, password) = (entry.name.clone(), entry.password.clone());
    Ok(PlannedUser { email, name, password, roles, platform_admin: entry.platform_admin })
}

fn api_key(lines: &Lines<'_>, at: &Spanned<ApiKeyEntry>, known: &Known) -> Result<PlannedKey, SeedError> {
    let entry = at.get_ref();
    let company = known.companies.find(lines, "[[api_keys]] company", &entry.company)?;
    let label = match (&entry.client_id, &entry.name) {
        (Some(client_id), None) => {
            match known.clients.get(client_id.get_ref()) {
                Some(true) => {}
                Some(false) => {
                    return Err(lines.error(
                        client_id,
                        "[[api_keys]] client_id: that client has no integrated_api_keys = true",
                    ));
                }
                None => {
                    return Err(lines.error(client_id, "[[api_keys]] client_id: the file has no such client"));
                }
            }
            if !entry.scopes.is_empty()
                || entry.expires_at.is_some()
                || entry.access_level != SubjectType::Company
            {
                return Err(lines.error(at, "[[api_keys]]: an integrated key has the scopes of its client, no expiry, and one company"));
            }
            client_id.get_ref().clone()
        }
        (None, Some(name)) => {
            if entry.scopes.is_empty() {
                return Err(lines.error(at, "[[api_keys]] scopes: a standalone key needs at least one"));
            }
            if let Some(scope) = entry.scopes.iter().find(|scope| describe(scope).is_none()) {
                return Err(lines.error(at, format!("[[api_keys]] scopes: there is no scope \"{scope}\"")));
            }
            name.clone()
        }
        _ => {
            return Err(
                lines.error(at, "[[api_keys]]: give either client_id (integrated) or name (standalone)")
            );
        }
    };
    Ok(PlannedKey {
        id: entry.id.unwrap_or_else(|| derived("API key", &[&company.to_string(), &label])),
        company,
        client_id: entry.client_id.as_ref().map(|id| id.get_ref().clone()),
        name: entry.name.clone(),
        scope: entry.scopes.clone(),
        expires_at: entry.expires_at,
        access: entry.access_level,
    })
}

fn expense(
    lines: &Lines<'_>,
    entry: &ExpenseEntry,
    position: usize,
    known: &Known,
) -> Result<(Expense, Option<usize>), SeedError> {
    let company = known.companies.find(lines, "[[expenses]] company", &entry.company)?;
    let kind = entry.kind.get_ref();
    if !EXPENSE_KINDS.contains(&kind.as_str()) {
        return Err(
            lines.error(&entry.kind, format!("[[expenses]] kind: one of {}", EXPENSE_KINDS.join(", ")))
        );
    }
    let currency = entry.currency.get_ref();
    if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(
            lines.error(&entry.currency, "[[expenses]] currency: three capital letters, such as \"EUR\"")
        );
    }
    let spender = match &entry.employee {
        None => None,
        Some(text) => {
            let found = text.get_ref().parse::<Email>().ok().and_then(|email| known.users.get(&email));
            let Some((position, places)) = found else {
                return Err(
                    lines.error(text, "[[expenses]] employee: the file has no user with this e-mail address")
                );
            };
            if !places.contains(&company) {
                return Err(lines.error(text, "[[expenses]] employee: that user has no role in this company"));
            }
            Some(*position)
        }
    };
    let expense = Expense {
        id: entry.id.unwrap_or_else(|| derived("expense", &[&company.to_string(), &position.to_string()])),
        company,
        employee: None,
        kind: kind.clone(),
        amount_minor: entry.amount_minor,
        currency: currency.clone(),
        date: entry.date.clone(),
        note: entry.note.clone(),
        missing_contra_account: entry.missing_contra_account,
    };
    Ok((expense, spender))
}
