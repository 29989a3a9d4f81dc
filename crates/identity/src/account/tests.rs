use super::*;

#[test]
fn an_address_is_found_however_it_is_typed() {
    for text in ["anna@example.com", " Anna@Example.COM ", "ANNA@EXAMPLE.COM\n"] {
        assert_eq!(text.parse::<Email>().unwrap().as_str(), "anna@example.com", "{text:?}");
    }
    assert_eq!("Åsa@Exämple.se".parse::<Email>().unwrap().as_str(), "åsa@exämple.se");
}

#[test]
fn what_is_no_address_is_refused() {
    let long = format!("{}@example.com", "a".repeat(250));
    for text in
        ["", "anna", "@example.com", "anna@", "an na@example.com", "anna@exam\u{0}ple.com", "a\n@b", &long]
    {
        assert_eq!(text.parse::<Email>(), Err(InvalidEmail), "{text:?}");
    }
}
