//! The doors of the accounting stand-ins, one path prefix a system, and of the sandbox switches.

pub(crate) mod broken_body;
mod disturb;
mod observe;
mod standin;
mod switches;

pub use disturb::with_switches;
pub use standin::{StandinDoors, manner, standin_router, standins_router};
pub use switches::{clock_router, switches_router};
