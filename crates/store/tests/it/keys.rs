//! [`seal::KeyStore`] on each database.

use std::sync::Arc;

use base::testing::{ManualClock, SeededEntropy};
use base::{Entropy, Timestamp};
use seal::{KeyStore, Keys, Purpose, Sealed, StoredKey};
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "keys", Side::Connect;
        keys_are_made_once_and_come_back,
        a_purpose_has_one_key_of_a_version,
        a_sealed_key_is_replaced_where_it_still_is_the_same,
    );
}

async fn keys_are_made_once_and_come_back(database: Database) {
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
    let sealer = seal::testing::sealer(&entropy);
    let clock = ManualClock::new();
    assert_eq!(Keys::exist(&database).await, Ok(false));
    let (first, second) = tokio::join!(
        Keys::load_or_create(&database, &sealer, &clock, &*entropy),
        Keys::load_or_create(&database, &sealer, &clock, &*entropy)
    );
    let keys = [
        first.unwrap(),
        second.unwrap(),
        Keys::load_or_create(&database, &sealer, &clock, &*entropy).await.unwrap(),
    ];
    for purpose in Purpose::ALL {
        let macs = keys.each_ref().map(|keys| keys.current(purpose).mac("test", &[]));
        assert_eq!((macs[0], macs[1]), (macs[1], macs[2]), "{purpose:?}");
    }
    assert_eq!(Keys::exist(&database).await, Ok(true));
    let foreign = seal::testing::sealer(&entropy);
    Keys::load_or_create(&database, &foreign, &clock, &*entropy).await.unwrap_err();
}

fn row(id: &str, purpose: &str, version: u32) -> StoredKey {
    StoredKey {
        id: id.parse().unwrap(),
        purpose: purpose.to_owned(),
        version,
        sealed_key: Sealed::from_bytes(vec![0, 255, 1]),
        created_at: Timestamp::from_millis(1_700_000_000_123),
    }
}

async fn a_purpose_has_one_key_of_a_version(database: Database) {
    let first = row("mac_000000000001", "lookup", 1);
    assert_eq!(database.insert_key_if_absent(&first).await, Ok(true));
    assert_eq!(database.insert_key_if_absent(&row("mac_000000000002", "lookup", 1)).await, Ok(false));
    let others = [row("mac_000000000003", "cookie", 1), row("mac_000000000004", "lookup", 2)];
    for other in &others {
        assert_eq!(database.insert_key_if_absent(other).await, Ok(true));
    }
    let [cookie, second] = others;
    assert_eq!(database.load_keys().await, Ok(vec![cookie, first, second]));
}

async fn a_sealed_key_is_replaced_where_it_still_is_the_same(database: Database) {
    let mut row = row("mac_000000000001", "lookup", 1);
    database.insert_key_if_absent(&row).await.unwrap();
    let (old, new) = (row.sealed_key.clone(), Sealed::from_bytes(vec![7; 100]));
    assert_eq!(database.replace_sealed_key(&row.id, &new, &new).await, Ok(false));
    assert_eq!(database.replace_sealed_key(&row.id, &old, &new).await, Ok(true));
    assert_eq!(database.replace_sealed_key(&row.id, &old, &new).await, Ok(false));
    row.sealed_key = new;
    assert_eq!(database.load_keys().await, Ok(vec![row]));
}
