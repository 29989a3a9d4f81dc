use super::*;

#[test]
fn what_is_unknown_is_shown_and_counts_as_change() {
    let explained = explain(&"vendors:read cards:write".parse().unwrap());
    assert_eq!(explained.see, ["Suppliers"]);
    assert_eq!(explained.change, ["Whatever “cards:write” allows"]);
}

#[test]
fn over_an_organisation_each_company_is_meant() {
    let scope = "companies:read users:read vendors:read".parse().unwrap();
    let one = explain(&scope).see;
    let many = explain_for(&scope, SubjectType::Organisation).see;
    assert_eq!(many.iter().filter(|line| line.contains("each company")).count(), 2);
    assert!(!one.iter().any(|line| line.contains("each company")), "{one:?}");
    assert_eq!(one.last(), many.last(), "what sounds the same for one and for many");
}

#[test]
fn two_spellings_of_one_right_are_one_line() {
    let explained = explain(&"tag-group:read tag-groups:read".parse().unwrap());
    assert_eq!(explained.see.len(), 1);
}
