use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use base::{Clock, Entropy, EntropyExt as _, Secret, StoreError, Timestamp};

use crate::key_ring::KeyId;
use crate::mac_key::{MacKey, MacKeyId};
use crate::place::Place;
use crate::sealed::Sealed;
use crate::sealer::{OpenError, Sealer};

/// What a [`MacKey`] is for. One key never serves two purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Hashes by which rows of secrets (tokens, codes, sessions) are found and compared.
    Lookup,
    /// The check inside the texts of tokens made here: a mistyped or invented one is refused before any store is read.
    TokenCheck,
    /// Values bound to a browser: cookies, CSRF values, `state`.
    Cookie,
    /// Fingerprints of secrets in logs and journals.
    Fingerprint,
    /// The chain of the audit log.
    Audit,
    /// Links that people open.
    Link,
    /// Cursors of lists.
    Cursor,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Lookup,
        Self::TokenCheck,
        Self::Cookie,
        Self::Fingerprint,
        Self::Audit,
        Self::Link,
        Self::Cursor,
    ];

    /// The name in the table `keys`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::TokenCheck => "token_check",
            Self::Cookie => "cookie",
            Self::Fingerprint => "fingerprint",
            Self::Audit => "audit",
            Self::Link => "link",
            Self::Cursor => "cursor",
        }
    }
}

/// The row by which a foreign key file is found out before it does any harm.
const KEY_CHECK: &str = "key_check";

/// A row of the table `keys`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The key's id, which rows made with it carry.
    pub id: MacKeyId,
    /// A [`Purpose::name`], `key_check`, or the name of a purpose that a newer version knows.
    pub purpose: String,
    /// Counts the keys of a purpose from 1; the highest is the current one. Unique with the purpose.
    pub version: u32,
    /// The 32 bytes of the key, sealed for table `keys`, this id, column `sealed_key`, this version.
    pub sealed_key: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
}

impl StoredKey {
    fn place(&self) -> Place {
        place(&self.id, self.version)
    }
}

fn place(id: &MacKeyId, version: u32) -> Place {
    Place::new("keys", id, "sealed_key", version.into())
}

/// Where the sealed keys of one side are kept.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// All rows, by purpose and version.
    async fn load_keys(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Adds the row unless its purpose has one of that version already: false then. So two processes that start at once
    /// agree on one key.
    async fn insert_key_if_absent(&self, key: &StoredKey) -> Result<bool, StoreError>;

    /// Replaces the sealed key of the row `id` by `to` if it still is `from`: whether it was.
    async fn replace_sealed_key(&self, id: &MacKeyId, from: &Sealed, to: &Sealed)
    -> Result<bool, StoreError>;
}

/// Why the keys could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The key file is of another database.
    #[error(
        "the key file does not belong to this database, which was sealed under the key {needed} while the file holds {held}: \
         put the right key file in place, or use the database it belongs to"
    )]
    ForeignKeyRing {
        /// The key-encryption key that the database needs.
        needed: KeyId,
        /// The ids that the file holds, separated by commas.
        held: String,
    },
    /// A row does not open although its key-encryption key is there.
    #[error(
        "the key {id} in the database does not open: {cause}; the database is damaged, restore it from a backup"
    )]
    Damaged {
        /// The row.
        id: MacKeyId,
        /// Why.
        cause: OpenError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The opened keys of each purpose, newest first.
pub(crate) type KeysByPurpose = BTreeMap<Purpose, Vec<Arc<MacKey>>>;

/// The keys of one side, opened: by purpose, newest first.
#[derive(Debug)]
pub struct Keys {
    by_purpose: RwLock<Arc<KeysByPurpose>>,
    /// What the keys of credentials are separated for; None where they are used as they are.
    separation: Option<String>,
}

impl Keys {
    /// Loads all keys, after making those that are missing. In a database with rows, the first thing tried is whether the
    /// key ring is the right one.
    pub async fn load_or_create(
        store: &dyn KeyStore,
        sealer: &Sealer,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeysError> {
        let mut rows = store.load_keys().await?;
        let mut opened = open_all(sealer, &rows)?;
        let wanted: Vec<_> = std::iter::once(KEY_CHECK)
            .chain(Purpose::ALL.map(Purpose::name))
            .filter(|name| !has(&rows, name))
            .collect();
        if !wanted.is_empty() {
            for purpose in wanted {
                let id = MacKeyId::from_random(entropy.bytes());
                let key = Secret::new(entropy.bytes::<32>());
                let sealed_key = sealer.seal(&place(&id, 1), key.expose());
                let (purpose, created_at) = (purpose.to_owned(), clock.now());
                store
                    .insert_key_if_absent(&StoredKey { id, purpose, version: 1, sealed_key, created_at })
                    .await?;
            }
            // Another process may have been quicker with some of them; what the store holds now is what counts.
            rows = store.load_keys().await?;
            opened = open_all(sealer, &rows)?;
        }
        Ok(Self::from_opened(opened))
    }

    pub(crate) fn from_opened(opened: KeysByPurpose) -> Self {
        Self { by_purpose: RwLock::new(Arc::new(opened)), separation: None }
    }

    /// The same keys, with those that credentials rest on (hashes, checks, cookies, links) separated for `label`: a
    /// credential made under another label, or under none, is refused, although the database and its keys are the same.
    /// What is no credential (the audit log, fingerprints, cursors) stays readable.
    #[must_use]
    pub fn separated(self, label: &str) -> Self {
        let opened = Arc::clone(&self.by_purpose.read().unwrap_or_else(PoisonError::into_inner));
        let separated = separate((*opened).clone(), Some(label));
        Self { by_purpose: RwLock::new(Arc::new(separated)), separation: Some(label.to_owned()) }
    }

    /// Whether a database holds keys, which tells whether it is empty for [`crate::KeyRing::open_or_create`].
    pub async fn exist(store: &dyn KeyStore) -> Result<bool, StoreError> {
        Ok(!store.load_keys().await?.is_empty())
    }

    /// Takes in what another process has added.
    pub async fn reload(&self, store: &dyn KeyStore, sealer: &Sealer) -> Result<(), KeysError> {
        let opened = separate(open_all(sealer, &store.load_keys().await?)?, self.separation.as_deref());
        *self.by_purpose.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(opened);
        Ok(())
    }

    /// Wraps every row's data key by the primary key-encryption key of today. Returns how many rows were changed.
    pub async fn rewrap(store: &dyn KeyStore, sealer: &Sealer) -> Result<usize, KeysError> {
        let mut changed = 0;
        for row in store.load_keys().await? {
            let rewrapped =
                sealer.rewrap(&row.sealed_key).map_err(|error| not_opened(sealer, &row, error))?;
            if rewrapped != row.sealed_key
                && store.replace_sealed_key(&row.id, &row.sealed_key, &rewrapped).await?
            {
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// The key with which new values are made.
    pub fn current(&self, purpose: Purpose) -> Arc<MacKey> {
        self.find(purpose, |_| true).expect("loading makes a key for each purpose")
    }

    /// The key of that id, if it serves this purpose.
    pub fn by_id(&self, purpose: Purpose, id: &MacKeyId) -> Option<Arc<MacKey>> {
        self.find(purpose, |key| key.id() == id)
    }

    /// The first key of the purpose that is wanted, the current one being asked first.
    pub fn find(&self, purpose: Purpose, is_wanted: impl Fn(&MacKey) -> bool) -> Option<Arc<MacKey>> {
        let keys = Arc::clone(&self.by_purpose.read().unwrap_or_else(PoisonError::into_inner));
        keys.get(&purpose)?.iter().find(|key| is_wanted(key)).cloned()
    }

    /// All keys of the purpose, the current one first: for values that do not say with which key they were made.
    pub fn all(&self, purpose: Purpose) -> Vec<Arc<MacKey>> {
        let keys = Arc::clone(&self.by_purpose.read().unwrap_or_else(PoisonError::into_inner));
        keys.get(&purpose).cloned().unwrap_or_default()
    }

    /// What may be logged of a secret; see [`MacKey::fingerprint`].
    pub fn fingerprint(&self, secret: &[u8]) -> String {
        self.current(Purpose::Fingerprint).fingerprint(secret)
    }
}

fn separate(mut keys: KeysByPurpose, label: Option<&str>) -> KeysByPurpose {
    let Some(label) = label else { return keys };
    for purpose in [Purpose::Lookup, Purpose::TokenCheck, Purpose::Cookie, Purpose::Link] {
        for key in keys.entry(purpose).or_default() {
            *key = Arc::new(key.separated(label));
        }
    }
    keys
}

fn has(rows: &[StoredKey], purpose: &str) -> bool {
    rows.iter().any(|row| row.purpose == purpose)
}

fn open_all(sealer: &Sealer, rows: &[StoredKey]) -> Result<KeysByPurpose, KeysError> {
    for row in rows.iter().filter(|row| row.purpose == KEY_CHECK) {
        open_row(sealer, row)?;
    }
    let mut opened = BTreeMap::new();
    for purpose in Purpose::ALL {
        let mut mine: Vec<_> = rows.iter().filter(|row| row.purpose == purpose.name()).collect();
        mine.sort_by_key(|row| std::cmp::Reverse(row.version));
        let keys = mine.into_iter().map(|row| open_row(sealer, row)).collect::<Result<Vec<_>, _>>()?;
        opened.insert(purpose, keys);
    }
    Ok(opened)
}

fn open_row(sealer: &Sealer, row: &StoredKey) -> Result<Arc<MacKey>, KeysError> {
    let opened =
        sealer.open(&row.place(), &row.sealed_key).map_err(|error| not_opened(sealer, row, error))?;
    let bytes: [u8; 32] =
        opened.expose().as_slice().try_into().map_err(|_| not_opened(sealer, row, OpenError::Malformed))?;
    Ok(Arc::new(MacKey::new(row.id.clone(), &Secret::new(bytes))))
}

fn not_opened(sealer: &Sealer, row: &StoredKey, error: OpenError) -> KeysError {
    match error {
        OpenError::UnknownKey(needed) => {
            let held: Vec<_> = sealer.key_wrap().key_ids().iter().map(ToString::to_string).collect();
            KeysError::ForeignKeyRing { needed, held: held.join(", ") }
        }
        cause => KeysError::Damaged { id: row.id.clone(), cause },
    }
}

#[cfg(test)]
mod tests;
