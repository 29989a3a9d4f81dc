//! Addresses of administrators' pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a segment of a path keeps as it is (RFC 3986 section 2.3).
const SEGMENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The page about one thing. Ids of clients may hold any character.
pub(in crate::platform) fn of(base: &str, list: &str, id: &str) -> String {
    format!("{base}{list}/{}", utf8_percent_encode(id, &SEGMENT))
}

/// A list with these parameters; empty ones are left out.
pub(in crate::platform) fn list(base: &str, path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { format!("{base}{path}") } else { format!("{base}{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_with_any_character_make_one_segment() {
        assert_eq!(
            of("/x", "/admin/clients", "special:id/é ?"),
            "/x/admin/clients/special%3Aid%2F%C3%A9%20%3F"
        );
    }

    #[test]
    fn empty_parameters_are_left_out() {
        assert_eq!(list("", "/admin/users", &[("text", ""), ("after", "a b")]), "/admin/users?after=a+b");
        assert_eq!(list("/x", "/admin/users", &[("text", "")]), "/x/admin/users");
    }
}
