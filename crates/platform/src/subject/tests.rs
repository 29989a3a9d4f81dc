use super::*;

#[test]
fn a_urn_reads_back() {
    for urn in [
        "urn:pleo:company:3f0d2a6e-3d0f-4a73-9b6a-0e6f2f0c9b11",
        "urn:pleo:organisation:3f0d2a6e-3d0f-4a73-9b6a-0e6f2f0c9b11",
    ] {
        assert_eq!(urn.parse::<Subject>().unwrap().to_string(), urn);
    }
}

#[test]
fn anything_else_is_refused() {
    for text in [
        "",
        "urn:pleo:company:",
        "urn:pleo:user:3f0d2a6e-3d0f-4a73-9b6a-0e6f2f0c9b11",
        "3f0d2a6e-3d0f-4a73-9b6a-0e6f2f0c9b11",
    ] {
        assert_eq!(text.parse::<Subject>(), Err(ParseSubjectError), "{text}");
    }
}
