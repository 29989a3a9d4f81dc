//! The sandbox switches of a side: a clock that can be moved, faults, a journal, withdrawal.

use std::sync::Arc;

use base::Secret;
use sandbox::{AccessControl, ClockSwitch, Redaction, Switches};

use crate::configuration::{Configuration, PleoEnvironment};
use crate::wiring::{Opened, Process};

/// Follows the clock of a side's database, which another process may move; in staging only, as it is moved nowhere else.
pub(crate) fn follow_clock(
    configuration: &Configuration,
    process: &Process,
    opened: &Opened,
) -> Arc<ClockSwitch> {
    let switch = Arc::new(ClockSwitch::new(Arc::clone(&opened.clock), Arc::new(opened.database.clone())));
    if configuration.environment == PleoEnvironment::Staging {
        let (following, stopping) = (Arc::clone(&switch), process.tasks.stopping.clone());
        process.tasks.tracker.spawn(async move { following.follow(stopping).await });
    }
    switch
}

/// The switches of a side, behind the sandbox token.
pub(crate) fn switches(
    token: Secret<String>,
    clock: Arc<ClockSwitch>,
    opened: &Opened,
    access: Option<Arc<dyn AccessControl>>,
) -> Arc<Switches> {
    let redaction = Redaction::new(Arc::clone(&opened.keys));
    Arc::new(Switches::new(token, clock, redaction, Arc::clone(&opened.entropy), access))
}
