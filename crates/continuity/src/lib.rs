//! Whether a database is still the one that was left.
//!
//! A restored backup brings back what was revoked, and tokens that were spent. Nothing inside the database can tell of it, so an
//! instance notes outside of it how far it was ([`Memory`]). Here are that memory, what a database that is [`Found`] shows against it,
//! and for the platform side the [`Keeper`]: it raises a counter of beats in the database, and holds the side back when the database
//! looks restored, until the operator has said which one is right. The connect side goes on with each grant that is proven alive
//! (rule 14 of the refresh authority).

mod doubt;
mod found;
mod keeper;
mod memory;
mod note_file;
mod store;

pub use doubt::{Doubt, ParseRestoreSignError, RestoreSign};
pub use found::Found;
pub use keeper::{Change, Keeper, StartError};
pub use memory::{Memory, MemoryFile, MemoryInProcess};
pub use note_file::NoteFile;
pub use store::{Standing, Store};
