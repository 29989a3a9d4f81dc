use std::sync::Arc;

use seal::Keys;
use serde_json::{Map, Value};

/// Puts keyed fingerprints in the place of secrets, by the name under which a value stands.
#[derive(Debug, Clone)]
pub struct Redaction(Arc<Keys>);

impl Redaction {
    /// Fingerprints by the keys of this side.
    pub fn new(keys: Arc<Keys>) -> Self {
        Self(keys)
    }

    /// The fingerprint of a secret.
    pub fn fingerprint(&self, secret: &str) -> String {
        self.0.fingerprint(secret.as_bytes())
    }

    /// Name-value pairs as they may be shown. A name that comes twice becomes a list.
    pub fn pairs<'a>(&self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
        let mut shown = Map::new();
        for (name, value) in pairs {
            let value = Value::String(if is_secret(name) || name == "code" {
                self.fingerprint(value)
            } else {
                value.to_owned()
            });
            match shown.get_mut(name) {
                None => {
                    shown.insert(name.to_owned(), value);
                }
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        shown
    }

    /// JSON as it may be shown.
    pub fn json(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| {
                        let shown = match value {
                            Value::String(text) if is_secret(name) => Value::String(self.fingerprint(text)),
                            other => self.json(other),
                        };
                        (name.clone(), shown)
                    })
                    .collect(),
            ),
            Value::Array(values) => Value::Array(values.iter().map(|value| self.json(value)).collect()),
            other => other.clone(),
        }
    }
}

/// Whether what stands under this name is a secret. `code` is one beside a redirect or an exchange, but a plain value in the
/// APIs, so it is not decided here.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "token_type" | "token_type_hint" | "token_endpoint" => false,
        "code_verifier" | "api_key" | "apikey" | "key" | "csrf" => true,
        other => ["token", "secret", "password"].iter().any(|part| other.contains(part)),
    }
}

#[cfg(test)]
mod tests;
