//! A selection.
fn main() {}
