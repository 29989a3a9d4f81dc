//! The simulation itself: it holds, it is the same each time, and its checks see.

mod deliberate;
mod determinism;
mod holds;
