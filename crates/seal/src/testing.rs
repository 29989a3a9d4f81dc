//! Keys and sealers from a seed, and a store in memory, for tests.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base::{Entropy, EntropyExt as _, Secret, StoreError};

use crate::{KeyRing, KeyStore, Keys, LocalKeyWrap, MacKey, MacKeyId, Purpose, Sealed, Sealer, StoredKey};

/// A sealer over a new ring of one key.
pub fn sealer(entropy: &Arc<dyn Entropy>) -> Arc<Sealer> {
    let ring = KeyRing::generate(&**entropy);
    Arc::new(Sealer::new(Arc::new(LocalKeyWrap::new(ring)), Arc::clone(entropy)))
}

/// A key for each purpose, without a store.
pub fn keys(entropy: &dyn Entropy) -> Arc<Keys> {
    let key = || Arc::new(MacKey::new(MacKeyId::from_random(entropy.bytes()), &Secret::new(entropy.bytes())));
    Arc::new(Keys::from_opened(Purpose::ALL.map(|purpose| (purpose, vec![key()])).into()))
}

/// The table `keys`, in memory.
#[derive(Debug, Default)]
pub struct MemoryKeyStore(Mutex<Vec<StoredKey>>);

#[async_trait]
impl KeyStore for MemoryKeyStore {
    async fn load_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        Ok(self.0.lock().expect("no test panics in here").clone())
    }

    async fn insert_key_if_absent(&self, key: &StoredKey) -> Result<bool, StoreError> {
        let mut rows = self.0.lock().expect("no test panics in here");
        let taken = rows.iter().any(|row| row.purpose == key.purpose && row.version == key.version);
        if !taken {
            rows.push(key.clone());
        }
        Ok(!taken)
    }

    async fn replace_sealed_key(
        &self,
        id: &MacKeyId,
        from: &Sealed,
        to: &Sealed,
    ) -> Result<bool, StoreError> {
        let mut rows = self.0.lock().expect("no test panics in here");
        let row = rows.iter_mut().find(|row| row.id == *id && row.sealed_key == *from);
        Ok(row.map(|row| row.sealed_key = to.clone()).is_some())
    }
}
