//! Encryption at rest: the only crate that opens a ciphertext.
//!
//! A value is sealed under a data key of its own, which is wrapped by a key-encryption key of a [`KeyRing`] that lies
//! outside the database. The associated data of a value is its [`Place`] (table, row, column, generation), so that a
//! ciphertext moved elsewhere, or back in time, does not open.
//!
//! Keys for look-ups, cookies, fingerprints and checks ([`MacKey`]) are themselves sealed in the database ([`Keys`]).

mod key_file;
mod key_ring;
mod key_wrap;
mod keys;
mod mac_key;
mod place;
mod sealed;
mod sealer;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use key_file::KeyFileError;
pub use key_ring::{KeyId, KeyRing, KeyRingError};
pub use key_wrap::{DataKey, KeyWrap, LocalKeyWrap, UnwrapError, WrappedKey};
pub use keys::{KeyStore, Keys, KeysError, Purpose, StoredKey};
pub use mac_key::{MacKey, MacKeyId};
pub use place::Place;
pub use sealed::Sealed;
pub use sealer::{OpenError, PreparedSeal, Sealer};
