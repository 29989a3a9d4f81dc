//! Flags over environment over file: which source says what, before it is understood.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use base::{Scope, Secret};
use providers::Overrides;

use super::keys::{KEYS, Key, PROVIDER_KEYS, nearest, variable};
use super::values::{Refusal, safe_url};
use super::{DatabaseUrl, beside};
use crate::environment::Environment;
use crate::failure::Failure;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// An option on the command line.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// The configuration file.
    File(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "the option {name}"),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// What the command line said: the configuration file, and a value by key.
#[derive(Clone, Default)]
pub(crate) struct Flags {
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
    /// Values by key; a list has several.
    pub(crate) values: BTreeMap<&'static str, Vec<String>>,
    /// `--sandbox-token-file` and its like, by key.
    pub(crate) files: BTreeMap<&'static str, PathBuf>,
}

/// All values with their sources, the strongest source of each key.
#[derive(Clone, Default)]
pub(crate) struct Layers {
    values: BTreeMap<&'static str, (Vec<String>, Source)>,
    providers: BTreeMap<String, BTreeMap<String, String>>,
    file: Option<PathBuf>,
}

impl fmt::Debug for Layers {
    /// Keys and sources alone: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.values.iter().map(|(key, (_, source))| (key, source))).finish()
    }
}

impl Layers {
    /// Reads the file, then the environment over it, then the flags over both.
    pub(crate) fn read(flags: &Flags, environment: &Environment) -> Result<Self, Failure> {
        let mut layers = Self::default();
        if let Some(path) =
            flags.config.clone().or_else(|| environment.get("MAINSTAY_CONFIG").map(PathBuf::from))
        {
            layers.read_file(&path)?;
        }
        layers.read_environment(environment)?;
        for (name, values) in &flags.values {
            layers.values.insert(name, (values.clone(), Source::Flag(flag(name))));
        }
        for (name, path) in &flags.files {
            let value = secret_from_file(path, &format!("{}-file", flag(name)))?;
            layers.values.insert(name, (vec![value], Source::Flag(format!("{}-file", flag(name)))));
        }
        Ok(layers)
    }

    fn read_file(&mut self, path: &Path) -> Result<(), Failure> {
        let broken = |why: String| {
            Failure::new(
                format!("the configuration file {} cannot be used", path.display()),
                why,
                "correct the file; `mainstay config check --config FILE` tries it without starting anything",
            )
        };
        let text = fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
        // Only the message and the line: toml's own excerpt could show a secret.
        let table: toml::Table = toml::from_str(&text).map_err(|error: toml::de::Error| {
            let line =
                error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            broken(format!("line {line}: {}", error.message()))
        })?;
        self.file = Some(path.to_owned());
        for (name, value) in table {
            if name == "providers" {
                self.providers = provider_tables(&value).map_err(broken)?;
                continue;
            }
            let (key, from_file) = known(&name).ok_or_else(|| broken(unknown_key(&name)))?;
            let mut texts = texts(&value).ok_or_else(|| {
                broken(format!("`{name}` is a table; it takes a text, a number, a switch or a list"))
            })?;
            if from_file {
                let [path] = &mut *texts else { return Err(broken(format!("`{name}` takes one path"))) };
                *path = secret_from_file(&beside(self.file.as_deref(), path), &name)?;
            }
            if self.values.insert(key.name, (texts, Source::File(path.to_owned()))).is_some() {
                return Err(broken(format!("`{0}` and `{0}_file` are both given", key.name)));
            }
        }
        Ok(())
    }

    fn read_environment(&mut self, environment: &Environment) -> Result<(), Failure> {
        for name in environment.names() {
            if is_foreign(name) {
                continue;
            }
            let lower = name.trim_start_matches("MAINSTAY_").to_lowercase();
            let Some((key, from_file)) = known(&lower).filter(|(key, _)| !key.table) else {
                let near = nearest(&lower, KEYS.iter().filter(|key| !key.table).map(|key| key.name));
                return Err(Failure::usage(
                    format!("the environment variable {name} means nothing to mainstay"),
                    near.map_or_else(
                        || "there is no such setting".to_owned(),
                        |near| format!("perhaps {} was meant", variable(near)),
                    ),
                    format!("unset {name}, or correct its name; `mainstay config show` lists all settings"),
                ));
            };
            let Some(value) = environment.get(name) else { continue };
            if from_file && environment.get(&variable(key.name)).is_some() {
                return Err(Failure::usage(
                    format!("{} and {name} are both set", variable(key.name)),
                    "one secret has two sources",
                    "unset one of them",
                ));
            }
            let value = if from_file { secret_from_file(Path::new(value), name)? } else { value.to_owned() };
            self.values.insert(key.name, (vec![value], Source::Variable(name.to_owned())));
        }
        Ok(())
    }

    /// Where a key's value comes from, if it was given.
    pub(crate) fn source(&self, key: &str) -> Option<&Source> {
        self.values.get(key).map(|(_, source)| source)
    }

    /// The given texts of a key.
    pub(super) fn given(&self, key: &str) -> Option<&[String]> {
        self.values.get(key).map(|(values, _)| values.as_slice())
    }

    /// The overrides by provider as they stand in the file.
    pub(super) fn given_providers(&self) -> &BTreeMap<String, BTreeMap<String, String>> {
        &self.providers
    }

    /// How a person names a key: by the option or variable they used.
    pub(super) fn name_of(&self, key: &str) -> String {
        match self.source(key) {
            Some(Source::Flag(name)) => format!("the option {name}"),
            Some(Source::Variable(name)) => format!("the variable {name}"),
            Some(Source::File(path)) => format!("`{key}` in {}", path.display()),
            None => format!("`{key}`"),
        }
    }

    fn refused(&self, key: &str, why: &str) -> Failure {
        let what = format!("{} is not accepted", self.name_of(key));
        let remedy = "correct it; `mainstay config check` tries a configuration without starting anything";
        match self.source(key) {
            Some(Source::File(_)) => Failure::new(what, why, remedy),
            _ => Failure::usage(what, why, remedy),
        }
    }

    /// A single value.
    pub(super) fn parse<T>(
        &self,
        key: &str,
        understand: fn(&str) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Failure> {
        match self.given(key) {
            None => Ok(None),
            Some([value]) => understand(value).map(Some).map_err(|why| self.refused(key, &why)),
            Some(_) => Err(self.refused(key, "it takes one value and no list")),
        }
    }

    /// A list; in a variable or option it is separated by commas.
    pub(super) fn parse_list<T>(
        &self,
        key: &str,
        understand: fn(&str) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Failure> {
        let values = self.given(key).unwrap_or_default();
        values
            .iter()
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(|value| understand(value).map_err(|why| self.refused(key, &format!("`{value}`: {why}"))))
            .collect()
    }

    /// A path; one from the file is relative to the file.
    pub(super) fn parse_path(&self, key: &str) -> Result<Option<PathBuf>, Failure> {
        let file =
            matches!(self.source(key), Some(Source::File(_))).then_some(self.file.as_deref()).flatten();
        Ok(self.parse(key, |text| Ok(text.to_owned()))?.map(|path| beside(file, &path)))
    }

    /// The database address.
    pub(super) fn parse_database(&self) -> Result<DatabaseUrl, Failure> {
        let key = "database";
        let Some(text) = self.parse(key, |text| Ok(text.to_owned()))? else {
            return Ok(DatabaseUrl::InDataDirectory);
        };
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(DatabaseUrl::Postgres(Secret::new(text)));
        }
        let Some(path) = text.strip_prefix("sqlite:") else {
            return Err(self.refused(key, "it starts neither with `sqlite:` nor with `postgres://`"));
        };
        // `sqlite:///var/lib/x.db` is a common way to write an absolute path.
        let path = path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path);
        let file =
            matches!(self.source(key), Some(Source::File(_))).then_some(self.file.as_deref()).flatten();
        Ok(if path.is_empty() {
            DatabaseUrl::InDataDirectory
        } else {
            DatabaseUrl::Sqlite(beside(file, path))
        })
    }

    /// A secret.
    pub(super) fn secret(&self, key: &str) -> Result<Option<Secret<String>>, Failure> {
        match self.parse(key, |text| Ok(text.to_owned()))? {
            Some(value) if value.len() < 16 => {
                Err(self.refused(key, "it is shorter than 16 characters and could be guessed"))
            }
            value => Ok(value.map(Secret::new)),
        }
    }

    /// The `[providers.<id>]` tables.
    pub(super) fn providers(&self) -> Result<BTreeMap<String, Overrides>, Failure> {
        self.providers.iter().map(|(id, table)| Ok((id.clone(), self.provider(id, table)?))).collect()
    }

    fn provider(&self, id: &str, table: &BTreeMap<String, String>) -> Result<Overrides, Failure> {
        let refused = |key: &str, why: String| {
            let file = self.file.as_deref().unwrap_or(Path::new("the configuration"));
            Failure::new(
                format!("`{key}` of [providers.{id}] in {} is not accepted", file.display()),
                why,
                "correct it; `mainstay config check` tries a configuration without starting anything",
            )
        };
        let url = |key: &str| {
            table.get(key).map(|text| safe_url(text).map_err(|why| refused(key, why))).transpose()
        };
        let scopes = table
            .get("scopes")
            .map(|text| text.parse::<Scope>().map_err(|error| refused("scopes", error.to_string())));
        Ok(Overrides {
            environment: table.get("environment").cloned(),
            base_url: url("base_url")?,
            authorize_url: url("authorize_url")?,
            token_url: url("token_url")?,
            api_url: url("api_url")?,
            introspect_url: url("introspect_url")?,
            revoke_url: url("revoke_url")?,
            scopes: scopes.transpose()?,
        })
    }
}

/// Variables that begin like ours and are not: those of the test-suite, and those that Kubernetes sets in every pod of a
/// namespace that has a service called `mainstay`.
fn is_foreign(name: &str) -> bool {
    name == "MAINSTAY_CONFIG"
        || name == "MAINSTAY_PORT"
        || ["MAINSTAY_TEST_", "MAINSTAY_SERVICE_", "MAINSTAY_PORT_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn flag(name: &str) -> String {
    format!("--{}", name.replace('_', "-"))
}

/// The key of a name in a file, and whether the name is its `_file` form.
fn known(name: &str) -> Option<(&'static Key, bool)> {
    let find = |name: &str| KEYS.iter().find(|key| key.name == name);
    find(name)
        .map(|key| (key, false))
        .or_else(|| find(name.strip_suffix("_file")?).filter(|key| key.secret).map(|key| (key, true)))
}

fn unknown_key(name: &str) -> String {
    match nearest(name, KEYS.iter().map(|key| key.name)) {
        Some(near) => format!("there is no key `{name}`; perhaps `{near}` was meant"),
        None => format!(
            "there is no key `{name}`; the keys are {}",
            KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn texts(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Boolean(switch) => Some(vec![switch.to_string()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Array(values) => {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        }
        _ => None,
    }
}

fn provider_tables(value: &toml::Value) -> Result<BTreeMap<String, BTreeMap<String, String>>, String> {
    let tables = value.as_table().ok_or("`providers` is no table; write `[providers.<id>]`")?;
    let mut providers = BTreeMap::new();
    for (id, table) in tables {
        let table = table
            .as_table()
            .ok_or_else(|| format!("`providers.{id}` is no table; write `[providers.{id}]`"))?;
        let mut keys = BTreeMap::new();
        for (name, value) in table {
            if !PROVIDER_KEYS.contains(&name.as_str()) {
                let near = nearest(name, PROVIDER_KEYS.iter().copied());
                let hint = near.map_or_else(
                    || format!("the keys are {}", PROVIDER_KEYS.join(", ")),
                    |near| format!("perhaps `{near}` was meant"),
                );
                return Err(format!("there is no key `{name}` in [providers.{id}]; {hint}"));
            }
            // Scopes may be a list.
            let text =
                texts(value).ok_or_else(|| format!("`{name}` of [providers.{id}] is no text"))?.join(" ");
            keys.insert(name.clone(), text);
        }
        providers.insert(id.clone(), keys);
    }
    Ok(providers)
}

/// A secret from a file: without the line end that editors add.
pub(crate) fn secret_from_file(path: &Path, named_by: &str) -> Result<String, Failure> {
    let remedy = "name a file that this user can read and that holds the secret alone";
    let what = || format!("the file that {named_by} names cannot be read ({})", path.display());
    let text = fs::read_to_string(path).map_err(|error| Failure::new(what(), error, remedy))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(Failure::new(what(), "it is empty", remedy));
    }
    Ok(secret.to_owned())
}
