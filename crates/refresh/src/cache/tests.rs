use base::Secret;

use super::*;
use crate::CredentialKind;

const STALENESS: Duration = Duration::from_secs(1);

fn id() -> GrantId {
    GrantId::from_uuid(uuid::Uuid::from_u128(1))
}

fn lent(generation: u64) -> Lent {
    Lent {
        grant: id(),
        access_token: Secret::new(format!("token-{generation}")),
        kind: CredentialKind::OAuth,
        generation,
        expires_at: None,
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn an_entry_is_fresh_only_within_the_staleness_bound_of_a_look() {
    let cache = Cache::default();
    cache.put(&lent(1), Some(at(1000)), at(0));
    assert!(
        matches!(cache.get(id(), at(0), Duration::ZERO, STALENESS), Cached::Unconfirmed(_)),
        "nobody has looked yet"
    );
    cache.followed(Duration::from_secs(5));
    assert!(matches!(cache.get(id(), at(0), Duration::from_millis(5999), STALENESS), Cached::Fresh(_)));
    assert!(matches!(cache.get(id(), at(0), Duration::from_secs(6), STALENESS), Cached::Unconfirmed(_)));
}

#[test]
fn a_due_entry_is_not_served() {
    let cache = Cache::default();
    cache.followed(Duration::ZERO);
    cache.put(&lent(1), Some(at(1000)), at(0));
    assert!(matches!(cache.get(id(), at(999), Duration::ZERO, STALENESS), Cached::Fresh(_)));
    assert!(matches!(cache.get(id(), at(1000), Duration::ZERO, STALENESS), Cached::Absent));
}

#[test]
fn an_older_generation_replaces_nothing() {
    let cache = Cache::default();
    cache.followed(Duration::ZERO);
    cache.put(&lent(2), None, at(0));
    cache.put(&lent(1), None, at(0));
    cache.drop_older(id(), 2);
    assert!(
        matches!(cache.get(id(), at(0), Duration::ZERO, STALENESS), Cached::Fresh(lent) if lent.generation == 2)
    );
    cache.drop_older(id(), 3);
    assert!(matches!(cache.get(id(), at(0), Duration::ZERO, STALENESS), Cached::Absent));
}

#[test]
fn the_sweep_tells_who_was_lent_and_forgets_what_is_due() {
    let cache = Cache::default();
    cache.put(&lent(1), Some(at(1000)), at(10));
    cache.get(id(), at(500), Duration::ZERO, STALENESS);
    assert_eq!(cache.sweep(at(600), at(400)), vec![(id(), at(500))]);
    assert!(!matches!(cache.get(id(), at(400), Duration::ZERO, STALENESS), Cached::Absent), "not due yet");
    assert_eq!(cache.sweep(at(1000), at(600)), vec![]);
    assert!(matches!(cache.get(id(), at(600), Duration::ZERO, STALENESS), Cached::Absent));
}

#[test]
fn lending_again_what_is_due_counts_as_use() {
    let cache = Cache::default();
    cache.put(&lent(1), Some(at(1000)), at(10));
    // Due, but the provider is out of order: the same generation comes from the store.
    cache.put(&lent(1), Some(at(1000)), at(2000));
    assert_eq!(cache.sweep(at(2000), at(1500)), vec![(id(), at(2000))]);
}

#[test]
fn what_is_dropped_or_cleared_is_gone_whatever_it_holds() {
    let cache = Cache::default();
    cache.put(&lent(9), None, at(0));
    cache.drop_entry(id());
    assert!(matches!(cache.get(id(), at(0), Duration::ZERO, STALENESS), Cached::Absent));
    cache.put(&lent(9), None, at(0));
    cache.clear();
    assert!(matches!(cache.get(id(), at(0), Duration::ZERO, STALENESS), Cached::Absent));
}
