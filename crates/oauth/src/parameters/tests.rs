use proptest::prelude::*;

use super::*;

#[test]
fn plus_and_escapes_are_decoded_and_empty_values_count_as_left_out() {
    let parameters = Parameters::parse("a=x+y%2Bz&b=&c&&d=%C3%A9").unwrap();
    assert_eq!(parameters.one("a"), Ok(Some("x y+z")));
    assert_eq!(parameters.one("b"), Ok(None));
    assert_eq!(parameters.one_or_empty("b"), Ok(Some("")));
    assert_eq!(parameters.one("c"), Ok(None));
    assert_eq!(parameters.one("d"), Ok(Some("é")));
    assert_eq!(parameters.one("missing"), Ok(None));
}

#[test]
fn a_repeated_parameter_is_refused_also_when_one_is_empty_or_escaped() {
    for text in ["a=1&a=2", "a=1&a=", "a=&a=1", "a=1&%61=1"] {
        assert_eq!(Parameters::parse(text).unwrap().one("a"), Err(ParametersError::Repeated), "{text}");
    }
}

#[test]
fn what_is_not_utf_8_or_too_much_is_refused() {
    assert_eq!(Parameters::parse("a=%FF").unwrap_err(), ParametersError::NotUtf8);
    assert_eq!(Parameters::parse_bytes(b"a=\xFF").unwrap_err(), ParametersError::NotUtf8);
    assert_eq!(Parameters::parse(&"a".repeat(MAX_BYTES + 1)).unwrap_err(), ParametersError::TooLong);
    assert_eq!(Parameters::parse(&"a=1&".repeat(MAX_COUNT + 1)).unwrap_err(), ParametersError::TooLong);
}

#[test]
fn a_percent_sign_begins_an_encoded_byte_or_is_refused() {
    for text in ["a=%zz", "a=%", "a=%2", "a=%é1", "%zz=1", "a=b&c=50%&d=e", "a=%+1", "a=%%41"] {
        assert_eq!(Parameters::parse(text).unwrap_err(), ParametersError::Percent, "{text}");
    }
    assert_eq!(Parameters::parse("a=%2541%2b").unwrap().one("a"), Ok(Some("%41+")));
}

#[test]
fn debug_shows_names_and_no_values() {
    let shown = format!("{:?}", Parameters::parse("client_secret=hunter2").unwrap());
    assert!(shown.contains("client_secret") && !shown.contains("hunter2"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(pairs in prop::collection::vec(("[a-z]{1,8}[0-9]{3}", "[^\\x00\n]{0,40}"), 0..20)) {
        let mut text = String::new();
        for (name, value) in &pairs {
            push(&mut text, name, value);
        }
        let read = Parameters::parse(&text).unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        prop_assert_eq!(read, pairs);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        let _readable_or_not = Parameters::parse(&text);
    }
}

#[test]
fn a_nul_is_refused_in_names_and_values() {
    for text in ["a=%00", "a%00=b", "a=b&c=d%00e", "a=\0"] {
        assert_eq!(Parameters::parse(text).unwrap_err(), ParametersError::Nul, "{text:?}");
    }
}
