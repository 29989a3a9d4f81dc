use base::testing::SeededEntropy;

use super::*;

fn verifier(text: &str) -> Result<Verifier, PkceFormatError> {
    Verifier::parse(Secret::new(text.to_owned()))
}

#[test]
fn the_example_of_rfc_7636_appendix_b() {
    let verifier = verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[test]
fn a_generated_verifier_meets_its_own_challenge_and_no_other() {
    let entropy = SeededEntropy::new(3);
    let (one, other) = (Verifier::generate(&entropy), Verifier::generate(&entropy));
    assert!((43..=128).contains(&one.secret().expose().len()));
    assert!(one.challenge().is_met_by(&one));
    assert!(!one.challenge().is_met_by(&other));
}

#[test]
fn lengths_and_characters_of_a_verifier() {
    assert!(verifier(&"a".repeat(42)).is_err());
    assert!(verifier(&"a".repeat(43)).is_ok());
    assert!(verifier(&"~".repeat(128)).is_ok());
    assert!(verifier(&"a".repeat(129)).is_err());
    assert!(verifier(&"a b".repeat(20)).is_err());
    assert!(verifier(&"é".repeat(43)).is_err());
}

#[test]
fn a_challenge_is_43_characters_of_base64url() {
    assert!(Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").is_ok());
    for text in [
        "",
        "abc",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
    ] {
        assert!(Challenge::parse(text).is_err(), "{text}");
    }
}
