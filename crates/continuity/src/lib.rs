//! Whether a database is still the one that was left.
//!
//! A restored backup brings back what was revoked, and tokens that were spent. Nothing inside the database can tell of it, so an
//! instance notes outside of it how far it was ([`Memory`]). Here are that memory, and for the platform side the [`Keeper`]: it
//! raises a counter of beats in the database, compares it with the memory, and holds the side back when the database has gone
//! backwards, until the operator has said which one is right. The connect side has rules of its own (rule 14 of the refresh
//! authority) on the same memory.

mod doubt;
mod keeper;
mod memory;
mod note_file;
mod store;

pub use doubt::{Doubt, ParseRestoreSignError, RestoreSign};
pub use keeper::{Change, Keeper, StartError};
pub use memory::{Memory, MemoryFile, MemoryInProcess};
pub use note_file::NoteFile;
pub use store::{Standing, Store};
