use std::sync::Arc;

use base::testing::SeededEntropy;
use proptest::prelude::*;

use super::*;
use crate::{KeyRing, LocalKeyWrap};

fn entropy(seed: u64) -> Arc<dyn Entropy> {
    Arc::new(SeededEntropy::new(seed))
}

fn sealer_over(ring: KeyRing, seed: u64) -> Sealer {
    Sealer::new(Arc::new(LocalKeyWrap::new(ring)), entropy(seed))
}

fn sealer(seed: u64) -> Sealer {
    sealer_over(KeyRing::generate(&*entropy(seed)), seed + 1000)
}

fn place() -> Place {
    Place::new("grants", "gra_1", "refresh_token", 7)
}

#[test]
fn what_was_sealed_opens_in_its_place() {
    let sealer = sealer(1);
    let sealed = sealer.seal(&place(), b"a refresh token");
    assert_eq!(sealer.open(&place(), &sealed).unwrap().expose(), b"a refresh token");
    assert_eq!(sealer.open_text(&place(), &sealed).unwrap().expose(), "a refresh token");
    let stored = Sealed::from_bytes(sealed.as_bytes().to_vec());
    assert_eq!(sealer.open(&place(), &stored).unwrap().expose(), b"a refresh token");
}

#[test]
fn it_opens_in_no_other_place() {
    let sealer = sealer(2);
    let sealed = sealer.seal(&place(), b"secret");
    for other in [
        Place::new("grant", "gra_1", "refresh_token", 7),
        Place::new("grants", "gra_2", "refresh_token", 7),
        Place::new("grants", "gra_1", "access_token", 7),
        Place::new("grants", "gra_1", "refresh_token", 6),
        Place::new("grants", "gra_1", "refresh_token", 8),
        // The same letters, cut elsewhere.
        Place::new("grantsg", "ra_1", "refresh_token", 7),
        Place::new("grants", "gra_1r", "efresh_token", 7),
    ] {
        assert_eq!(sealer.open(&other, &sealed).unwrap_err(), OpenError::Refused, "{other:?}");
    }
}

#[test]
fn no_byte_can_be_changed_added_or_taken_away() {
    let sealer = sealer(3);
    let sealed = sealer.seal(&place(), b"secret");
    let bytes = sealed.as_bytes();
    for i in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.to_vec();
            damaged[i] ^= flip;
            assert!(sealer.open(&place(), &Sealed::from_bytes(damaged)).is_err(), "byte {i} with {flip:#x}");
        }
        assert!(sealer.open(&place(), &Sealed::from_bytes(bytes[..i].to_vec())).is_err(), "cut at {i}");
    }
    let longer = [bytes, b"x"].concat();
    assert_eq!(sealer.open(&place(), &Sealed::from_bytes(longer)).unwrap_err(), OpenError::Refused);
}

#[test]
fn each_cause_has_its_own_name() {
    let sealer = sealer(4);
    let sealed = sealer.seal(&place(), b"secret");
    let mut newer = sealed.as_bytes().to_vec();
    newer[0] = 2;
    assert_eq!(sealer.open(&place(), &Sealed::from_bytes(newer)).unwrap_err(), OpenError::UnknownFormat(2));
    assert_eq!(sealer.open(&place(), &Sealed::from_bytes(Vec::new())).unwrap_err(), OpenError::Malformed);
    assert_eq!(
        sealer.open(&place(), &Sealed::from_bytes(b"\x01secret".to_vec())).unwrap_err(),
        OpenError::Malformed
    );
    let other = self::sealer(5);
    assert_eq!(other.open(&place(), &sealed).unwrap_err(), OpenError::UnknownKey(sealed.key_id().unwrap()));
}

#[test]
fn a_ring_with_the_same_id_and_another_key_does_not_open_it() {
    let sealer = sealer(6);
    let id = sealer.key_wrap().primary();
    let sealed = sealer.seal(&place(), b"secret");
    let impostor = KeyRing::from_keys(id.clone(), vec![(id, Secret::new([7; 32]))]).unwrap();
    assert_eq!(sealer_over(impostor, 6).open(&place(), &sealed).unwrap_err(), OpenError::Refused);
}

#[test]
fn the_same_value_never_looks_the_same_twice() {
    let sealer = sealer(7);
    let (a, b) = (sealer.seal(&place(), b"secret"), sealer.seal(&place(), b"secret"));
    let (a, b) = (a.parts().unwrap(), b.parts().unwrap());
    assert!(a.wrapped != b.wrapped && a.nonce != b.nonce && a.ciphertext != b.ciphertext);
}

#[test]
fn the_clear_text_is_not_in_the_ciphertext_nor_in_debug() {
    let sealer = sealer(8);
    let sealed = sealer.seal(&place(), b"a-very-visible-secret");
    assert!(!sealed.as_bytes().windows(7).any(|window| window == b"visible"));
    let shown = format!("{sealed:?} {:?} {sealer:?}", sealer.prepare());
    assert!(shown.starts_with("Sealed(") && !shown.contains("visible"), "{shown}");
}

#[test]
fn a_prepared_seal_serves_a_value_that_comes_later() {
    let sealer = sealer(9);
    let prepared = sealer.prepare();
    let sealed = prepared.seal(&place(), b"came later");
    assert_eq!(sealer.open(&place(), &sealed).unwrap().expose(), b"came later");
}

#[test]
fn rewrapping_changes_the_wrapping_alone() {
    let entropy = entropy(10);
    let mut ring = KeyRing::generate(&*entropy);
    let first = ring.primary().clone();
    let old = sealer_over(ring.clone(), 11).seal(&place(), b"secret");

    let second = ring.add(&*entropy);
    ring.make_primary(&second).unwrap();
    let both = sealer_over(ring.clone(), 12);
    let new = both.rewrap(&old).unwrap();
    assert_eq!((old.key_id(), new.key_id()), (Some(first.clone()), Some(second)));
    let (before, after) = (old.parts().unwrap(), new.parts().unwrap());
    assert_eq!((before.nonce, before.ciphertext), (after.nonce, after.ciphertext));
    assert_eq!(both.rewrap(&new).unwrap(), new, "nothing is left to do");

    ring.remove(&first).unwrap();
    let without_first = sealer_over(ring, 13);
    assert_eq!(without_first.open(&place(), &new).unwrap().expose(), b"secret");
    assert_eq!(without_first.open(&place(), &old).unwrap_err(), OpenError::UnknownKey(first));
}

#[test]
fn a_running_sealer_follows_a_new_ring() {
    let entropy = entropy(14);
    let mut ring = KeyRing::generate(&*entropy);
    let wrap = Arc::new(LocalKeyWrap::new(ring.clone()));
    let sealer = Sealer::new(Arc::clone(&wrap) as Arc<dyn KeyWrap>, Arc::clone(&entropy));
    let old = sealer.seal(&place(), b"old");
    let second = ring.add(&*entropy);
    ring.make_primary(&second).unwrap();
    wrap.replace(ring);
    assert_eq!(sealer.seal(&place(), b"new").key_id(), Some(second));
    assert_eq!(sealer.open(&place(), &old).unwrap().expose(), b"old");
}

#[test]
fn what_is_no_text_is_not_given_out_as_text() {
    let sealer = sealer(15);
    let sealed = sealer.seal(&place(), b"\xff\xfe");
    assert_eq!(sealer.open_text(&place(), &sealed).unwrap_err(), OpenError::Refused);
}

proptest! {
    #[test]
    fn any_value_comes_back(seed: u64, row in ".{0,40}", generation: u64, plain in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let sealer = sealer(seed >> 1);
        let place = Place::new("table", row, "column", generation);
        let sealed = sealer.seal(&place, &plain);
        let opened = sealer.open(&place, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &plain);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut versioned = bytes.clone();
        versioned.insert(0, 1);
        for bytes in [bytes, versioned] {
            prop_assert!(sealer(16).open(&place(), &Sealed::from_bytes(bytes)).is_err());
        }
    }

    #[test]
    fn two_places_never_share_their_associated_data(a in "[a-c]{0,4}", b in "[a-c]{0,4}", c in 0_u64..3, d in 0_u64..3) {
        let places = [Place::new("t", &a, "c", c), Place::new("t", &b, "c", d)];
        prop_assert_eq!(places[0] == places[1], places[0].associated_data() == places[1].associated_data());
    }
}
