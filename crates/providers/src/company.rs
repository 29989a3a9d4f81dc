use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::template::{TemplateError, fill, join};

/// How the company behind a credential is found, named and placed in calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyRule {
    /// How the companies that a credential reaches are found.
    pub found_by: CompanySearch,
    /// A call that tells more about one of them; may be refused for want of a scope, and is then done without.
    pub details: Option<CompanyDetails>,
    /// Where the company is named in each call.
    pub placed_in: Placement,
}

/// How the companies that a credential reaches are found.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanySearch {
    /// The redirect back carries the one company's id in this parameter (QuickBooks `realmId`, facts 16.3).
    RedirectParameter(String),
    /// A call lists them; the person picks one.
    List(CompanyList),
    /// A call names the one company of the credential.
    Single(CompanyList),
}

/// A call whose JSON answer names companies. Pointers are those of RFC 6901.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyList {
    /// A call before this one whose answer fills variables of `path`; one call of `path` for each of its rows.
    pub within: Option<Within>,
    /// Path under the API base.
    pub path: String,
    /// Where the array of rows lies in the answer (`""` = the answer itself). For a single company: the object.
    #[serde(default)]
    pub items: String,
    /// The id in a row. A number is taken as its text.
    pub id: String,
    /// A text that the id begins with and that is taken off (`urn:pleo:company:`). A row without it is left out.
    pub id_prefix: Option<String>,
    /// The name in a row.
    pub name: Option<String>,
    /// The country in a row.
    pub country: Option<String>,
    /// The registration number in a row.
    pub registration_number: Option<String>,
    /// How the id that Mainstay keeps is made where the row's id alone is not enough; `{id}` and the variables of `within`.
    pub id_template: Option<String>,
    /// Further values of a row that later paths need.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// A call that must come first.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// Path under the API base.
    pub path: String,
    /// Where the array of rows lies in the answer.
    #[serde(default)]
    pub items: String,
    /// What is kept of each row: variable name and pointer.
    pub variables: BTreeMap<String, String>,
}

/// A call that tells more about one company.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyDetails {
    /// Path under the API base, with `{id}`.
    pub path: String,
    /// The name.
    pub name: String,
    /// The country.
    pub country: Option<String>,
    /// The registration number.
    pub registration_number: Option<String>,
}

/// Where the company is named in each call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// In this request header.
    Header(String),
    /// In front of each path under the API base; a template with `{id}` or other variables.
    PathPrefix(String),
    /// In this query parameter.
    Query(String),
    /// Nowhere: the credential says it.
    Implied,
}

/// A company as a provider names it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct FoundCompany {
    /// The id that Mainstay keeps and compares.
    pub id: String,
    /// The name, where the answer has one.
    pub name: Option<String>,
    /// The country, as the provider writes it.
    pub country: Option<String>,
    /// The registration number, as the provider writes it.
    pub registration_number: Option<String>,
    /// What templates need: `id` as the provider has it, and the rule's variables.
    pub variables: BTreeMap<String, String>,
}

/// An answer that does not name companies in the way the catalogue says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadCompanyError {
    /// Nothing, or something else than rows, at the pointer.
    #[error("the answer has no {wanted} at {pointer:?}")]
    Missing {
        /// What was looked for.
        wanted: &'static str,
        /// Where.
        pointer: String,
    },
    /// A template that asks for more than the row holds.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

fn text_at(row: &Value, pointer: &str) -> Option<String> {
    match row.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn rows<'a>(answer: &'a Value, pointer: &str) -> Result<&'a [Value], ReadCompanyError> {
    answer
        .pointer(pointer)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| ReadCompanyError::Missing { wanted: "list", pointer: pointer.to_owned() })
}

impl Within {
    /// The variables of each row of the answer.
    pub fn read(&self, answer: &Value) -> Result<Vec<BTreeMap<String, String>>, ReadCompanyError> {
        rows(answer, &self.items)?
            .iter()
            .map(|row| {
                self.variables
                    .iter()
                    .map(|(name, pointer)| {
                        let value = text_at(row, pointer).ok_or_else(|| ReadCompanyError::Missing {
                            wanted: "value",
                            pointer: pointer.clone(),
                        })?;
                        Ok((name.clone(), value))
                    })
                    .collect()
            })
            .collect()
    }
}

impl CompanyList {
    /// The path to call, with what [`Within::read`] found filled in.
    pub fn path_with(&self, outer: &BTreeMap<String, String>) -> Result<String, TemplateError> {
        fill(&self.path, outer)
    }

    /// The companies in an answer that is a list.
    pub fn read_list(
        &self,
        answer: &Value,
        outer: &BTreeMap<String, String>,
    ) -> Result<Vec<FoundCompany>, ReadCompanyError> {
        rows(answer, &self.items)?.iter().filter_map(|row| self.read_row(row, outer).transpose()).collect()
    }

    /// The one company in an answer that names one.
    pub fn read_single(
        &self,
        answer: &Value,
        outer: &BTreeMap<String, String>,
    ) -> Result<FoundCompany, ReadCompanyError> {
        let missing =
            || ReadCompanyError::Missing { wanted: "company", pointer: format!("{}{}", self.items, self.id) };
        self.read_row(answer.pointer(&self.items).ok_or_else(missing)?, outer)?.ok_or_else(missing)
    }

    /// `None` for a row whose id lacks the prefix: it is something else than a company.
    fn read_row(
        &self,
        row: &Value,
        outer: &BTreeMap<String, String>,
    ) -> Result<Option<FoundCompany>, ReadCompanyError> {
        let full = text_at(row, &self.id)
            .ok_or_else(|| ReadCompanyError::Missing { wanted: "id", pointer: self.id.clone() })?;
        let Some(id) = full.strip_prefix(self.id_prefix.as_deref().unwrap_or_default()) else {
            return Ok(None);
        };
        let mut variables = outer.clone();
        for (name, pointer) in &self.variables {
            let value = text_at(row, pointer)
                .ok_or_else(|| ReadCompanyError::Missing { wanted: "value", pointer: pointer.clone() })?;
            variables.insert(name.clone(), value);
        }
        variables.insert("id".to_owned(), id.to_owned());
        let at = |pointer: &Option<String>| pointer.as_deref().and_then(|pointer| text_at(row, pointer));
        Ok(Some(FoundCompany {
            id: self
                .id_template
                .as_deref()
                .map_or_else(|| Ok(id.to_owned()), |template| join(template, &variables))?,
            name: at(&self.name),
            country: at(&self.country),
            registration_number: at(&self.registration_number),
            variables,
        }))
    }
}

impl CompanyDetails {
    /// Puts what `answer` tells into `company`; what it does not tell stays as it was.
    pub fn read_into(&self, answer: &Value, company: &mut FoundCompany) {
        let at = |pointer: &Option<String>| pointer.as_deref().and_then(|pointer| text_at(answer, pointer));
        company.name = text_at(answer, &self.name).or(company.name.take());
        company.country = at(&self.country).or(company.country.take());
        company.registration_number = at(&self.registration_number).or(company.registration_number.take());
    }
}

impl FoundCompany {
    /// A company of which only the id is known, as a redirect parameter gives it.
    pub fn from_id(id: impl Into<String>) -> Self {
        let id = id.into();
        let variables = BTreeMap::from([("id".to_owned(), id.clone())]);
        Self { id, name: None, country: None, registration_number: None, variables }
    }
}
