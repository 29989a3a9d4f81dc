//! The configuration as a person may see it.

use serde_json::{Map, Value, json};

use super::keys::KEYS;
use super::layers::Layers;
use super::values::without_password;

/// Each key with its value and where it comes from; secrets masked.
pub(crate) fn shown(layers: &Layers) -> Value {
    let mut settings = Map::new();
    for key in KEYS {
        // A fault point is nobody's setting: it is shown only where somebody has set it.
        if key.table || (key.name == "fault_point" && layers.given(key.name).is_none()) {
            continue;
        }
        let (value, source) = match layers.given(key.name) {
            None => (json!(key.default), "default".to_owned()),
            Some(values) => {
                let value = match values {
                    [value] if key.name == "database" && value.starts_with("postgres") => {
                        json!(without_password(value))
                    }
                    [value] if key.name == "database" => json!(value),
                    _ if key.secret => json!("***"),
                    [value] => json!(value),
                    values => json!(values),
                };
                (value, layers.source(key.name).map_or_else(String::new, ToString::to_string))
            }
        };
        settings.insert(key.name.to_owned(), json!({"value": value, "source": source}));
    }
    for (id, table) in layers.given_providers() {
        for (name, value) in table {
            settings.insert(format!("providers.{id}.{name}"), json!({"value": value, "source": "file"}));
        }
    }
    Value::Object(settings)
}
