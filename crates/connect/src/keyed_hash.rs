use seal::{MacKey, MacKeyId};

/// What is kept of a machine-made secret: its MAC and the id of the key that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedHash {
    /// The key.
    pub key: MacKeyId,
    /// The MAC.
    pub mac: [u8; 32],
}

impl KeyedHash {
    /// The hash of `secret`, made for `context`.
    pub fn of(key: &MacKey, context: &str, secret: &[u8]) -> Self {
        Self { key: key.id().clone(), mac: key.mac(context, &[secret]) }
    }

    /// Whether it is the hash of `secret`; `key` must be the one that [`KeyedHash::key`] names.
    pub fn matches(&self, key: &MacKey, context: &str, secret: &[u8]) -> bool {
        *key.id() == self.key && key.verify(context, &[secret], &self.mac)
    }
}
