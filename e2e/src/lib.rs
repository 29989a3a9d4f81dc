//! A real browser against the real binary. What is here drives both; the walks are in `tests/it`.

mod browser;
mod demo;

pub use browser::{Browser, Driver, Hands, Width};
pub use demo::Demo;
