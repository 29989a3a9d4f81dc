use std::sync::Arc;

use base::testing::{ManualClock, SeededEntropy};

use super::*;
use crate::testing::{MemoryKeyStore, sealer};
use crate::{KeyRing, LocalKeyWrap};

struct World {
    store: MemoryKeyStore,
    sealer: Arc<Sealer>,
    clock: ManualClock,
    entropy: Arc<dyn Entropy>,
}

impl World {
    fn new() -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        Self {
            store: MemoryKeyStore::default(),
            sealer: sealer(&entropy),
            clock: ManualClock::new(),
            entropy,
        }
    }

    async fn load(&self) -> Result<Keys, KeysError> {
        Keys::load_or_create(&self.store, &self.sealer, &self.clock, &*self.entropy).await
    }
}

#[tokio::test]
async fn a_new_database_gets_a_key_for_each_purpose_and_keeps_them() {
    let world = World::new();
    assert!(!Keys::exist(&world.store).await.unwrap());
    let first = world.load().await.unwrap();
    assert!(Keys::exist(&world.store).await.unwrap());
    let again = world.load().await.unwrap();
    for purpose in Purpose::ALL {
        let key = first.current(purpose);
        assert_eq!(key.mac("x", &[]), again.current(purpose).mac("x", &[]), "{purpose:?}");
        assert!(again.by_id(purpose, key.id()).is_some());
        for other in Purpose::ALL.into_iter().filter(|other| *other != purpose) {
            assert_ne!(key.mac("x", &[]), first.current(other).mac("x", &[]));
            assert!(again.by_id(other, key.id()).is_none(), "a key serves one purpose");
        }
    }
    assert_eq!(world.store.load_keys().await.unwrap().len(), 1 + Purpose::ALL.len());
    assert_eq!(first.fingerprint(b"s"), again.fingerprint(b"s"));
}

#[tokio::test]
async fn two_that_start_at_once_end_up_with_the_same_keys() {
    let world = World::new();
    let (a, b) = tokio::join!(world.load(), world.load());
    let (a, b) = (a.unwrap(), b.unwrap());
    for purpose in Purpose::ALL {
        assert_eq!(a.current(purpose).id(), b.current(purpose).id());
    }
}

#[tokio::test]
async fn a_row_that_came_in_between_wins() {
    let world = World::new();
    let id = MacKeyId::from_random([9; 6]);
    let row = StoredKey {
        sealed_key: world.sealer.seal(&place(&id, 1), &[9; 32]),
        id: id.clone(),
        purpose: "lookup".to_owned(),
        version: 1,
        created_at: world.clock.now(),
    };
    assert!(world.store.insert_key_if_absent(&row).await.unwrap());
    assert_eq!(world.load().await.unwrap().current(Purpose::Lookup).id(), &id);
}

#[tokio::test]
async fn a_foreign_key_file_is_found_out() {
    let world = World::new();
    world.load().await.unwrap();
    let rows = world.store.load_keys().await.unwrap();
    let foreign = sealer(&world.entropy);
    let error =
        Keys::load_or_create(&world.store, &foreign, &world.clock, &*world.entropy).await.unwrap_err();
    let needed = world.sealer.key_wrap().primary();
    let held = foreign.key_wrap().primary().to_string();
    assert_eq!(error, KeysError::ForeignKeyRing { needed, held });
    assert_eq!(world.store.load_keys().await.unwrap(), rows, "nothing was written");
}

#[tokio::test]
async fn a_swapped_or_damaged_row_is_found_out() {
    let world = World::new();
    world.load().await.unwrap();
    let rows = world.store.load_keys().await.unwrap();
    let (a, b) = (&rows[1], &rows[2]);
    assert!(world.store.replace_sealed_key(&a.id, &a.sealed_key, &b.sealed_key).await.unwrap());
    assert_eq!(
        world.load().await.unwrap_err(),
        KeysError::Damaged { id: a.id.clone(), cause: OpenError::Refused }
    );
}

#[tokio::test]
async fn the_highest_version_is_current_and_older_ones_stay_known() {
    let world = World::new();
    let keys = world.load().await.unwrap();
    let old = keys.current(Purpose::Cookie);
    let id = MacKeyId::from_random([7; 6]);
    let row = StoredKey {
        sealed_key: world.sealer.seal(&place(&id, 2), &[7; 32]),
        id: id.clone(),
        purpose: "cookie".to_owned(),
        version: 2,
        created_at: world.clock.now(),
    };
    world.store.insert_key_if_absent(&row).await.unwrap();
    keys.reload(&world.store, &world.sealer).await.unwrap();
    assert_eq!(keys.current(Purpose::Cookie).id(), &id);
    assert_eq!(keys.by_id(Purpose::Cookie, old.id()).unwrap().mac("x", &[]), old.mac("x", &[]));
    assert_eq!(keys.all(Purpose::Cookie).iter().map(|key| key.id()).collect::<Vec<_>>(), [&id, old.id()]);
}

#[tokio::test]
async fn rows_of_a_newer_version_are_left_alone() {
    let world = World::new();
    let id = MacKeyId::from_random([5; 6]);
    let sealed_key = world.sealer.seal(&place(&id, 1), &[5; 32]);
    let purpose = "something newer".to_owned();
    let row = StoredKey { id, purpose, version: 1, sealed_key, created_at: world.clock.now() };
    world.store.insert_key_if_absent(&row).await.unwrap();
    world.load().await.unwrap();
}

#[tokio::test]
async fn rotation_of_the_ring_rewraps_every_row() {
    let world = World::new();
    let mut ring = KeyRing::generate(&*world.entropy);
    let old_primary = ring.primary().clone();
    let wrap = Arc::new(LocalKeyWrap::new(ring.clone()));
    let sealer = Sealer::new(Arc::clone(&wrap) as Arc<dyn crate::KeyWrap>, Arc::clone(&world.entropy));
    let before = Keys::load_or_create(&world.store, &sealer, &world.clock, &*world.entropy).await.unwrap();
    let second = ring.add(&*world.entropy);
    ring.make_primary(&second).unwrap();
    wrap.replace(ring.clone());
    assert_eq!(Keys::rewrap(&world.store, &sealer).await.unwrap(), 1 + Purpose::ALL.len());
    assert_eq!(Keys::rewrap(&world.store, &sealer).await.unwrap(), 0);
    ring.remove(&old_primary).unwrap();
    wrap.replace(ring);
    let after = Keys::load_or_create(&world.store, &sealer, &world.clock, &*world.entropy).await.unwrap();
    assert_eq!(before.fingerprint(b"s"), after.fingerprint(b"s"));
}

#[tokio::test]
async fn separated_keys_refuse_what_others_made_and_leave_the_rest_readable() {
    let world = World::new();
    let plain = world.load().await.unwrap();
    let one = world.load().await.unwrap().separated("one");
    let again = world.load().await.unwrap().separated("one");
    let two = world.load().await.unwrap().separated("two");
    let mac = |keys: &Keys, purpose| keys.current(purpose).mac("x", &[b"secret"]);
    for purpose in Purpose::ALL {
        assert_eq!(mac(&one, purpose), mac(&again, purpose), "{purpose:?}");
        assert_eq!(one.current(purpose).id(), plain.current(purpose).id());
        let of_credentials =
            matches!(purpose, Purpose::Lookup | Purpose::TokenCheck | Purpose::Cookie | Purpose::Link);
        assert_eq!(mac(&plain, purpose) != mac(&one, purpose), of_credentials, "{purpose:?}");
        assert_eq!(mac(&one, purpose) != mac(&two, purpose), of_credentials, "{purpose:?}");
    }
    one.reload(&world.store, &world.sealer).await.unwrap();
    assert_eq!(mac(&one, Purpose::Lookup), mac(&again, Purpose::Lookup), "also after a reload");
}
