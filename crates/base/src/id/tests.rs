use super::*;
use crate::testing::{ManualClock, SeededEntropy};

struct Thing;
impl IdKind for Thing {
    const PREFIX: &'static str = "thg_";
}
struct Bare;
impl IdKind for Bare {
    const PREFIX: &'static str = "";
}

#[test]
fn ids_show_their_kind_and_read_back() {
    let (clock, entropy) = (ManualClock::new(), SeededEntropy::new(1));
    let id = Id::<Thing>::new(&clock, &entropy);
    assert!(id.to_string().starts_with("thg_"));
    assert_eq!(id.to_string().parse::<Id<Thing>>().unwrap(), id);
    assert!(id.to_string().parse::<Id<Bare>>().is_err());
}

#[test]
fn only_one_spelling_is_accepted() {
    let id = "0190a5b8-7c2e-7000-8000-0000000000aa".parse::<Id<Bare>>().unwrap();
    for other in [
        "0190A5B8-7C2E-7000-8000-0000000000AA",
        "0190a5b87c2e700080000000000000aa",
        "{0190a5b8-7c2e-7000-8000-0000000000aa}",
        " 0190a5b8-7c2e-7000-8000-0000000000aa",
        "",
    ] {
        assert!(other.parse::<Id<Bare>>().is_err(), "{other:?} names {id} a second way");
    }
}

#[test]
fn later_ids_sort_later() {
    let (clock, entropy) = (ManualClock::new(), SeededEntropy::new(2));
    let earlier = Id::<Thing>::new(&clock, &entropy);
    clock.advance(std::time::Duration::from_millis(2));
    assert!(earlier < Id::<Thing>::new(&clock, &entropy));
}
