//! The only reader of environment variables. Everything else gets this snapshot.

use std::collections::BTreeMap;
use std::fmt;

use crate::failure::Failure;

/// The `MAINSTAY_…` variables as they were at the start.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl fmt::Debug for Environment {
    /// The names alone: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// Reads the process's environment once.
    pub(crate) fn read() -> Result<Self, Failure> {
        let mut variables = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with("MAINSTAY_")) else { continue };
            let value = value.into_string().map_err(|_| {
                Failure::usage(
                    format!("the environment variable {name} cannot be read"),
                    "its value is not UTF-8",
                    format!("set {name} again, or unset it"),
                )
            })?;
            variables.insert(name.to_owned(), value);
        }
        Ok(Self(variables))
    }

    /// A snapshot made by hand, for tests.
    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// The value of `name`, whose empty text counts as not set (as `VAR= command` is commonly meant).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The names of all variables that are set.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
