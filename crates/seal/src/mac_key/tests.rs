use proptest::prelude::*;

use super::*;

fn key(byte: u8) -> MacKey {
    MacKey::new(MacKeyId::from_random([byte; 6]), &Secret::new([byte; 32]))
}

#[test]
fn a_mac_is_of_one_key_one_context_and_these_parts() {
    let mac = key(1).mac("code", &[b"ab", b"c"]);
    assert!(key(1).verify("code", &[b"ab", b"c"], &mac));
    assert!(!key(2).verify("code", &[b"ab", b"c"], &mac));
    assert!(!key(1).verify("token", &[b"ab", b"c"], &mac));
    for parts in [&[b"a".as_slice(), b"bc"] as &[&[u8]], &[b"abc"], &[b"ab", b"c", b""], &[b"c", b"ab"], &[]]
    {
        assert!(!key(1).verify("code", parts, &mac), "{parts:?}");
    }
}

#[test]
fn it_is_hmac_sha_256_over_counted_parts() {
    let mut input = Vec::new();
    for part in [b"context".as_slice(), b"part"] {
        input.extend_from_slice(&(part.len() as u64).to_be_bytes());
        input.extend_from_slice(part);
    }
    let expected = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[3; 32]), &input);
    assert_eq!(key(3).mac("context", &[b"part"]), expected.as_ref());
}

#[test]
fn a_shortened_mac_is_accepted_down_to_eight_bytes() {
    let mac = key(1).mac("check", &[b"x"]);
    for length in 0..=32 {
        assert_eq!(key(1).verify("check", &[b"x"], &mac[..length]), length >= 8, "{length}");
    }
    assert!(!key(1).verify("check", &[b"x"], &[mac.as_slice(), &[0]].concat()));
}

#[test]
fn fingerprints_are_16_hex_characters_and_differ() {
    let (a, b) = (key(1).fingerprint(b"a"), key(1).fingerprint(b"b"));
    assert!(a != b && a.len() == 16 && a.bytes().all(|b| b.is_ascii_hexdigit()), "{a} {b}");
    assert_ne!(a, key(2).fingerprint(b"a"), "without the key nobody can try guesses against it");
    assert_eq!(a, key(1).fingerprint(b"a"));
}

#[test]
fn ids_have_one_spelling() {
    let id = MacKeyId::from_random([0xab; 6]);
    assert_eq!(id.as_str(), "mac_abababababab");
    assert_eq!(id.as_str().parse::<MacKeyId>().unwrap(), id);
    for text in ["mac_ABABABABABAB", "mac_abababababa", "abababababab", "mac_abababababag", ""] {
        assert!(text.parse::<MacKeyId>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_flipped_bit_is_accepted(part: Vec<u8>, bit in 0_usize..256) {
        let mut mac = key(1).mac("context", &[&part]);
        mac[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!key(1).verify("context", &[&part], &mac));
    }
}
