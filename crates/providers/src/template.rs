use std::collections::BTreeMap;

/// A path template that cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner.
    #[error("the template {0:?} has a brace without its partner")]
    Brace(String),
    /// A variable without a value.
    #[error("the template {template:?} needs the value {name:?}, which is not known")]
    Unknown {
        /// The template.
        template: String,
        /// The variable.
        name: String,
    },
}

/// Fills `{name}` in a path. Values are percent-encoded as one path segment, so that an id can never add a segment.
pub fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(template.len() + 40);
    for part in parts(template)? {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Variable(name) => {
                let value = values.get(name).ok_or_else(|| TemplateError::Unknown {
                    template: template.to_owned(),
                    name: name.to_owned(),
                })?;
                encode_into(value, &mut filled);
            }
        }
    }
    Ok(filled)
}

/// Joins `{name}` without encoding: for ids made of several values, never for a URL.
pub(crate) fn join(template: &str, values: &BTreeMap<String, String>) -> Result<String, TemplateError> {
    let mut joined = String::new();
    for part in parts(template)? {
        match part {
            Part::Text(text) => joined.push_str(text),
            Part::Variable(name) => joined.push_str(values.get(name).ok_or_else(|| {
                TemplateError::Unknown { template: template.to_owned(), name: name.to_owned() }
            })?),
        }
    }
    Ok(joined)
}

/// The variables of a template, in order.
pub(crate) fn variables(template: &str) -> Result<Vec<&str>, TemplateError> {
    Ok(parts(template)?
        .into_iter()
        .filter_map(|part| if let Part::Variable(name) = part { Some(name) } else { None })
        .collect())
}

enum Part<'a> {
    Text(&'a str),
    Variable(&'a str),
}

fn parts(template: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    let broken = || TemplateError::Brace(template.to_owned());
    let mut found = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(open);
        found.push(Part::Text(before));
        let after = after.strip_prefix('{').ok_or_else(broken)?;
        let (name, after) = after.split_once('}').ok_or_else(broken)?;
        if name.is_empty() || name.contains('{') {
            return Err(broken());
        }
        found.push(Part::Variable(name));
        rest = after;
    }
    found.push(Part::Text(rest));
    Ok(found)
}

/// Unreserved characters (RFC 3986 section 2.3) stay; everything else is percent-encoded.
fn encode_into(value: &str, out: &mut String) {
    use std::fmt::Write as _;
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'~')
            || (byte == b'.' && value.bytes().any(|b| b != b'.'))
        {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}
