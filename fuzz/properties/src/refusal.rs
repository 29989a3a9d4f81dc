use oauth::Refused;

/// A refusal that is decided from a request alone: never the server's fault, and of characters that an answer may hold
/// (RFC 6749 section 5.2).
pub(crate) fn check(refused: &Refused) {
    let status = refused.status();
    assert!((400..500).contains(&status), "{refused} is answered {status}");
    let allowed = |c| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~');
    assert!(refused.description.chars().all(allowed), "{:?}", refused.description);
    assert!(!refused.code.as_str().is_empty() && refused.code.as_str().chars().all(allowed));
}
