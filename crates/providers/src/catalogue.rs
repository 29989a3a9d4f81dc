use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::validate::validate;
use crate::{Provider, ProviderId};

const BUILT_IN: [(&str, &str); 9] = [
    ("pleo", include_str!("../data/pleo.toml")),
    ("xero", include_str!("../data/xero.toml")),
    ("quickbooks", include_str!("../data/quickbooks.toml")),
    ("business-central", include_str!("../data/business-central.toml")),
    ("fortnox", include_str!("../data/fortnox.toml")),
    ("e-conomic", include_str!("../data/e-conomic.toml")),
    ("sage", include_str!("../data/sage.toml")),
    ("exact-online", include_str!("../data/exact-online.toml")),
    ("visma", include_str!("../data/visma.toml")),
];

/// All providers that are known.
#[derive(Debug, Clone)]
pub struct Catalogue(BTreeMap<ProviderId, Provider>);

/// A catalogue file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file or directory cannot be read.
    #[error("the provider file {file} cannot be read: {cause}; check that it exists and is readable")]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// No TOML, an unknown key, or a value of another kind than wanted.
    #[error("the provider file {file} is not right: {cause}")]
    Parse {
        /// The file.
        file: PathBuf,
        /// Line, key and cause.
        cause: Box<toml::de::Error>,
    },
    /// Values that do not fit each other.
    #[error("the provider file {file} is not right at `{key}`: {cause}")]
    Invalid {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl Catalogue {
    /// The built-in providers.
    ///
    /// Panics if a built-in file is wrong; a test reads each of them.
    pub fn built_in() -> Self {
        Self(
            BUILT_IN
                .iter()
                .map(|(id, text)| {
                    let file = PathBuf::from(format!("{id}.toml"));
                    parse(&file, text).map(|provider| (provider.id.clone(), provider))
                })
                .collect::<Result<_, _>>()
                .expect("the built-in provider files are right"),
        )
    }

    /// The built-in providers and those in `directory/*.toml`, which replace built-in ones of the same id. A directory that
    /// is not there counts as empty.
    pub fn with_files(directory: &Path) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::built_in();
        let read_error = |file: &Path| {
            let file = file.to_owned();
            move |cause| CatalogueError::Read { file, cause }
        };
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(catalogue),
            Err(cause) => return Err(read_error(directory)(cause)),
        };
        let mut files = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(read_error(directory))?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(&file).map_err(read_error(&file))?;
            let provider = parse(&file, &text)?;
            catalogue.0.insert(provider.id.clone(), provider);
        }
        Ok(catalogue)
    }

    /// The provider of this id.
    pub fn get(&self, id: &ProviderId) -> Option<&Provider> {
        self.0.get(id)
    }

    /// All providers, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.values()
    }
}

/// Reads and checks one file; its name without `.toml` must be the id in it.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Provider, CatalogueError> {
    let provider: Provider = toml::from_str(text)
        .map_err(|cause| CatalogueError::Parse { file: file.to_owned(), cause: Box::new(cause) })?;
    let invalid = |key: String, cause: String| CatalogueError::Invalid { file: file.to_owned(), key, cause };
    if file.file_stem().is_none_or(|stem| stem != provider.id.as_str()) {
        return Err(invalid(
            "id".to_owned(),
            format!("a file for {:?} is named `{}.toml`", provider.id, provider.id),
        ));
    }
    validate(&provider).map_err(|(key, cause)| invalid(key, cause))?;
    Ok(provider)
}

#[cfg(test)]
mod tests;
