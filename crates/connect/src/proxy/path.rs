use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode;
use providers::{CompanySearch, Placement, Revocation, RevocationCall, fill};
use refresh::ProviderAccess;
use url::form_urlencoded;

use crate::Company;

/// Why a path is refused. It must not be able to leave the provider's API base, or the company's part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `.` or `..` as a segment, in any encoding.
    #[error("the path has a dot segment")]
    DotSegment,
    /// `//`, in any encoding.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// A backslash, in any encoding.
    #[error("the path has a backslash")]
    Backslash,
    /// A control character, a broken percent-encoding, or nothing that a URL can hold.
    #[error("the path is not well-formed")]
    NotAPath,
    /// The query names another company than the connection's.
    #[error("the query names another company than that of the connection")]
    OtherCompany,
    /// A change to the list of companies itself, which other connections draw on.
    #[error("it changes which companies the sign-in reaches, and those are not this connection's alone")]
    CompanyList,
}

/// How often a path is decoded to find what a lenient server might make of it.
const LAYERS: usize = 4;

/// Refuses to change what lists the companies of a sign-in: at Xero `DELETE /connections/{id}` would take another connection's company
/// away, whichever company the headers name. Reading it harms nobody.
pub(super) fn may_be_changed(
    access: &ProviderAccess,
    method: &Method,
    path_and_query: &str,
) -> Result<(), PathError> {
    let rule = &access.provider.company;
    let (CompanySearch::List(list), Placement::Header(_) | Placement::Query(_)) =
        (&rule.found_by, &rule.placed_in)
    else {
        return Ok(());
    };
    if !method.is_safe() && lies_below(path_and_query, &list.path) {
        return Err(PathError::CompanyList);
    }
    Ok(())
}

/// Whether it is the provider's own call to end access: at Pleo `DELETE /v1/installations/me` ends every token of the company (facts 11).
pub(super) fn ends_access(access: &ProviderAccess, method: &Method, path_and_query: &str) -> bool {
    let Some(Revocation { call: RevocationCall::Delete(path), .. }) = &access.provider.revocation else {
        return false;
    };
    *method == Method::DELETE && lies_below(path_and_query, path)
}

/// Whether a lenient server may take a path for one at or below `parent`.
fn lies_below(path: &str, parent: &str) -> bool {
    let plain = |text: &str| {
        let mut bytes = text.split('?').next().unwrap_or_default().as_bytes().to_vec();
        for _ in 0..LAYERS {
            bytes = percent_decode(&bytes).collect();
        }
        String::from_utf8_lossy(&bytes).to_ascii_lowercase()
    };
    let (path, parent) = (plain(path), plain(parent));
    let mut names = path.split('/').filter(|name| !name.is_empty());
    parent
        .split('/')
        .filter(|name| !name.is_empty())
        .all(|name| names.next().is_some_and(|asked| asked.split(';').next() == Some(name)))
}

/// The address to call: API base, the company's part where the path carries it, and the caller's path, its encoding kept.
pub(super) fn target(
    access: &ProviderAccess,
    company: &Company,
    path_and_query: &str,
) -> Result<String, PathError> {
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    check(path)?;
    let base = access.endpoints.api_url.as_str().trim_end_matches('/');
    let prefix = match &access.provider.company.placed_in {
        Placement::PathPrefix(template) => {
            fill(template, &company.variables).map_err(|_| PathError::NotAPath)?
        }
        _ => String::new(),
    };
    let mut target = format!("{base}{prefix}");
    if !path.is_empty() && path != "/" {
        target.push_str(path);
    }
    let query = match &access.provider.company.placed_in {
        Placement::Query(name) => Some(with_company(query, name, &company.id)?),
        _ => query.map(ToOwned::to_owned),
    };
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        target.push('?');
        target.push_str(&query);
    }
    Ok(target)
}

fn check(path: &str) -> Result<(), PathError> {
    if !path.is_empty() && !path.starts_with('/') {
        return Err(PathError::NotAPath);
    }
    let mut layer: Cow<'_, [u8]> = Cow::Borrowed(path.as_bytes());
    for depth in 0..LAYERS {
        check_layer(&layer, depth)?;
        let decoded: Vec<u8> = percent_decode(&layer).collect();
        if decoded == *layer {
            return Ok(());
        }
        layer = Cow::Owned(decoded);
    }
    check_layer(&layer, LAYERS)
}

fn check_layer(path: &[u8], depth: usize) -> Result<(), PathError> {
    if path.contains(&b'\\') {
        return Err(PathError::Backslash);
    }
    if path.iter().any(u8::is_ascii_control) || (depth == 0 && !is_well_encoded(path)) {
        return Err(PathError::NotAPath);
    }
    let segments: Vec<_> = path.strip_prefix(b"/").unwrap_or(path).split(|byte| *byte == b'/').collect();
    for (index, segment) in segments.iter().enumerate() {
        // What follows a semicolon is a parameter to some servers, which then take `..;x` for `..`.
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        if name == b"." || name == b".." {
            return Err(PathError::DotSegment);
        }
        // A slash at the very end is not an empty segment.
        if segment.is_empty() && index + 1 < segments.len() {
            return Err(PathError::EmptySegment);
        }
    }
    Ok(())
}

fn is_well_encoded(path: &[u8]) -> bool {
    path.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => path.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        b' ' | b'#' | b'?' => false,
        byte => byte.is_ascii(),
    })
}

/// The query with the company in it. The caller may name it, too, but no other. Named twice it would depend on the provider which of
/// the two counts, so each naming has to be the connection's.
fn with_company(query: Option<&str>, name: &str, id: &str) -> Result<String, PathError> {
    let query = query.unwrap_or_default();
    let mut named = false;
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        // Some servers read names without regard to case.
        if key.eq_ignore_ascii_case(name) {
            if key != name || value != id {
                return Err(PathError::OtherCompany);
            }
            named = true;
        }
    }
    if named {
        return Ok(query.to_owned());
    }
    let own: String = form_urlencoded::Serializer::new(String::new()).append_pair(name, id).finish();
    Ok(if query.is_empty() { own } else { format!("{query}&{own}") })
}

#[cfg(test)]
mod tests;
