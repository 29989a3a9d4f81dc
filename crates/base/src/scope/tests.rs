use super::*;

#[test]
fn order_and_repetition_do_not_matter() {
    let a: Scope = "export-jobs:write accounts:read export-jobs:write".parse().unwrap();
    let b: Scope = "accounts:read  export-jobs:write".parse().unwrap();
    assert_eq!(a, b);
    assert_eq!(a.to_string(), "accounts:read export-jobs:write");
}

#[test]
fn characters_outside_the_rfc_are_refused() {
    for text in ["a\tb", "a\"b", "a\\b", "räksmörgås", "a\nb"] {
        assert_eq!(text.parse::<Scope>(), Err(ScopeError::Character), "{text:?}");
    }
    assert!("".parse::<Scope>().unwrap().is_empty());
}

#[test]
fn set_operations() {
    let a: Scope = "a b".parse().unwrap();
    let b: Scope = "b c".parse().unwrap();
    assert_eq!(a.intersection(&b).to_string(), "b");
    assert_eq!(a.union(&b).to_string(), "a b c");
    assert_eq!(a.difference(&b).to_string(), "a");
    assert!(a.intersection(&b).is_subset(&a));
    assert!(!a.is_subset(&b));
    assert!(a.contains("a") && !a.contains("c"));
}
