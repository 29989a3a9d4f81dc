use super::*;

#[test]
fn what_is_unknown_is_shown_and_counts_as_change() {
    let explained = explain(&"vendors:read cards:write".parse().unwrap());
    assert_eq!(explained.see, ["Suppliers"]);
    assert_eq!(explained.change, ["Whatever “cards:write” allows"]);
}

#[test]
fn two_spellings_of_one_right_are_one_line() {
    let explained = explain(&"tag-group:read tag-groups:read".parse().unwrap());
    assert_eq!(explained.see.len(), 1);
}
