use base::testing::SeededEntropy;

use super::*;

#[test]
fn a_ring_always_holds_its_primary_key() {
    let entropy = SeededEntropy::new(1);
    let mut ring = KeyRing::generate(&entropy);
    let first = ring.primary().clone();
    let second = ring.add(&entropy);
    assert_eq!(ring.primary(), &first, "a new key only unwraps");
    assert_eq!(ring.remove(&first), Err(KeyRingError::Primary(first.clone())));
    ring.make_primary(&second).unwrap();
    ring.remove(&first).unwrap();
    assert_eq!(ring.remove(&first), Err(KeyRingError::UnknownKey(first.clone())));
    assert_eq!(ring.make_primary(&first), Err(KeyRingError::UnknownKey(first.clone())));
    assert_eq!(ring.ids().collect::<Vec<_>>(), [&second]);

    let key = || Secret::new([1; 32]);
    assert_eq!(
        KeyRing::from_keys(first.clone(), vec![(second.clone(), key())]).unwrap_err(),
        KeyRingError::UnknownKey(first)
    );
    assert_eq!(
        KeyRing::from_keys(second.clone(), vec![(second.clone(), key()), (second.clone(), key())])
            .unwrap_err(),
        KeyRingError::Duplicate(second)
    );
}

#[test]
fn ids_have_one_spelling() {
    for text in ["kek_0123456789abcdef", "vault-transit_1", "a"] {
        assert_eq!(text.parse::<KeyId>().unwrap().as_str(), text);
    }
    for text in ["", "KEK", "a b", "a\n", "é", &"a".repeat(65)] {
        assert!(text.parse::<KeyId>().is_err(), "{text:?}");
    }
}

#[test]
fn debug_shows_ids_alone() {
    let ring =
        KeyRing::from_keys("k".parse().unwrap(), vec![("k".parse().unwrap(), Secret::new([0xab; 32]))])
            .unwrap();
    assert_eq!(format!("{ring:?}"), "KeyRing { primary: k, ids: [k], .. }");
}
