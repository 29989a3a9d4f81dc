//! The real binary, from outside.

mod bad_input;
mod binary;
