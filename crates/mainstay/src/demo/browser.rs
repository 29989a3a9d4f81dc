//! The walk's own browser and machines: those of `visitor`, which does only what a person's browser does.

pub(super) use visitor::{Browser, Machine, Seen, Unexpected};
