use base::testing::SeededEntropy;

use super::*;

#[test]
fn a_hash_knows_its_secret_context_and_row_and_reads_back_from_text() {
    let keys = seal::testing::keys(&SeededEntropy::new(1));
    let hash = KeyedHash::make(&keys, "access token", b"row", b"secret");
    let again: KeyedHash = hash.to_string().parse().unwrap();
    assert_eq!(again, hash);
    assert!(again.matches(&keys, "access token", b"row", b"secret"));
    assert!(!again.matches(&keys, "refresh token", b"row", b"secret"));
    assert!(!again.matches(&keys, "access token", b"other", b"secret"));
    assert!(!again.matches(&keys, "access token", b"row", b"Secret"));
}

#[test]
fn a_hash_under_a_key_that_is_gone_matches_nothing() {
    let hash = KeyedHash::make(&seal::testing::keys(&SeededEntropy::new(1)), "c", b"r", b"s");
    assert!(!hash.matches(&seal::testing::keys(&SeededEntropy::new(2)), "c", b"r", b"s"));
}

#[test]
fn other_texts_are_refused() {
    for text in ["", "mac_000000000000", "mac_000000000000:00", "x:y", "mac_000000000000:zz"] {
        assert!(text.parse::<KeyedHash>().is_err(), "{text}");
    }
}
