//! The doors of both servers: HTTP in, one call to a room, HTTP out. The only crate that knows axum.
//!
//! [`shared`] holds what every side needs (serving, problem details, strict extractors, cookies, the page frame);
//! [`platform`], [`connect`] and [`sandbox`] each build one router. A handler is extract → one call → map.

pub mod connect;
pub mod platform;
pub mod sandbox;
pub mod shared;
