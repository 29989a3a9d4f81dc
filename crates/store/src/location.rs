use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use base::Secret;

/// Where a database is: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE?OPTIONS`.
#[derive(Clone)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the URL as given, as it can hold a password.
    Postgres(Secret<String>),
}

/// A text that names no database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Neither form.
    #[error("a database is written as `sqlite:PATH` or `postgres://USER@HOST/DATABASE`")]
    Form,
    /// `sqlite:` and nothing after it.
    #[error("`sqlite:` is followed by the path of a file")]
    NoPath,
    /// The driver cannot read the URL.
    #[error("the PostgreSQL URL cannot be read: {0}")]
    Postgres(String),
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err(LocationError::NoPath)
            } else {
                Ok(Self::Sqlite(PathBuf::from(path)))
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            crate::postgres::check_url(text).map_err(LocationError::Postgres)?;
            return Ok(Self::Postgres(Secret::new(text.to_owned())));
        }
        Err(LocationError::Form)
    }
}

impl fmt::Display for Location {
    /// Without user, password and options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.expose().split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                write!(f, "postgres://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
