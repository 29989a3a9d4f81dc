//! The keeper on databases that are restored under it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod keeper;
