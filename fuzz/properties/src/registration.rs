use std::collections::BTreeMap;

use oauth::{ErrorCode, RegistrationRequest};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::refusal;

/// The body of a registration (RFC 7591). What is taken is one JSON object that names no member twice which is read, and is read as it
/// stands there; no text that a database could choke on comes through.
pub fn registration(data: &[u8]) {
    let request = match RegistrationRequest::parse(data) {
        Ok(request) => request,
        Err(refused) => {
            refusal::check(&refused);
            let known = [ErrorCode::InvalidClientMetadata, ErrorCode::InvalidRedirectUri];
            return assert!(known.contains(&refused.code), "{refused}");
        }
    };
    let members: Members = serde_json::from_slice(data).expect("what is taken is a JSON object");
    for name in READ {
        let often = members.0.get(name).map_or(0, Vec::len);
        assert!(often <= 1, "{name} stands there {often} times and is taken");
    }
    let sent = |name: &str| {
        let text = members.0.get(name)?.first()?.as_str()?;
        (!text.is_empty()).then_some(text)
    };
    let texts = [
        ("client_name", &request.client_name),
        ("client_uri", &request.client_uri),
        ("logo_uri", &request.logo_uri),
        ("scope", &request.scope),
        ("tos_uri", &request.tos_uri),
        ("policy_uri", &request.policy_uri),
        ("initiation_uri", &request.initiation_uri),
        ("settings_uri", &request.settings_uri),
        ("subject_type", &request.subject_type),
        ("client_id", &request.client_id),
    ];
    for (name, read) in texts {
        assert_eq!(read.as_deref(), sent(name), "{name}");
        assert!(!read.as_deref().is_some_and(|text| text.contains('\0')), "a NUL came through in {name}");
    }
    for (name, read) in [("redirect_uris", &request.redirect_uris), ("contacts", &request.contacts)] {
        let sent = members.0.get(name).and_then(|values| values.first()).and_then(Value::as_array);
        let sent: Vec<&str> = sent.into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(read.iter().map(String::as_str).collect::<Vec<_>>(), sent, "{name}");
        assert!(!read.iter().any(|text| text.contains('\0')), "a NUL came through in {name}");
    }
    let method = sent("token_endpoint_auth_method").unwrap_or("client_secret_basic");
    assert_eq!(request.auth_method.0.as_str(), method);
}

/// What the reader knows, as far as it is looked at here.
const READ: [&str; 16] = [
    "redirect_uris",
    "token_endpoint_auth_method",
    "grant_types",
    "response_types",
    "client_name",
    "client_uri",
    "logo_uri",
    "scope",
    "contacts",
    "tos_uri",
    "policy_uri",
    "initiation_uri",
    "settings_uri",
    "subject_type",
    "client_id",
    "client_secret",
];

/// An object with all values of each member that is read.
struct Members(BTreeMap<String, Vec<Value>>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::<String, Vec<Value>>::new();
                while let Some(name) = map.next_key::<String>()? {
                    // What is not read may hold any JSON, also a number that no machine has.
                    if READ.contains(&name.as_str()) {
                        members.entry(name).or_default().push(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}
