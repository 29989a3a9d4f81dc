//! The accounting stand-ins: each a system of its own, with its own database, keys and people.

use std::sync::Arc;

use authserver::{AuthorizationServer, NoFaults, NoJournal, Ports};
use base::Clock;
use identity::Identity;
use sandbox::{Standin, StandinKind, StandinPorts, System};

use super::{Opened, Process, Which};
use crate::configuration::{Configuration, PublicUrl};
use crate::failure::Failure;
use crate::side::Side;

/// One stand-in.
#[derive(Clone)]
pub(crate) struct StandinSide {
    /// Database and keys.
    pub(crate) opened: Opened,
    /// What it does.
    pub(crate) standin: Arc<Standin>,
    identity: Arc<Identity>,
    server: Arc<AuthorizationServer>,
}

/// Opens and builds a stand-in. `public_url` is that of the server with all stand-ins.
pub(crate) async fn build(
    process: &Process,
    configuration: &Configuration,
    kind: StandinKind,
    public_url: &PublicUrl,
) -> Result<StandinSide, Failure> {
    let opened =
        super::open(process, configuration, Which { side: Side::Sandbox, system: Some(kind.id()) }).await?;
    let database = Arc::new(opened.database.clone());
    let clock = Arc::clone(&opened.clock) as Arc<dyn Clock>;
    let identity = Arc::new(Identity::new(
        Arc::clone(&database) as _,
        Arc::clone(&clock),
        Arc::clone(&process.entropy),
        Arc::clone(&opened.keys),
        super::identity_settings(configuration),
    ));
    let server = Arc::new(AuthorizationServer::new(
        System::of(kind).server_settings(format!("{public_url}/{kind}")),
        Ports {
            store: Arc::clone(&database) as _,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&process.entropy),
            sealer: Arc::clone(&opened.sealer),
            keys: Arc::clone(&opened.keys),
            // The sandbox's faults and journal lie around the router, where they see the wire itself.
            faults: Arc::new(NoFaults),
            journal: Arc::new(NoJournal),
        },
    ));
    let standin = Arc::new(Standin::new(
        kind,
        StandinPorts {
            store: database,
            identity: Arc::clone(&identity),
            server: Arc::clone(&server),
            keys: Arc::clone(&opened.keys),
            clock,
            entropy: Arc::clone(&process.entropy),
        },
    ));
    Ok(StandinSide { opened, standin, identity, server })
}

impl StandinSide {
    /// Begins what runs beside the requests.
    pub(crate) fn start(&self, process: &Process) {
        super::sweep_people(&self.identity, &process.tasks);
        super::sweep_tokens(&self.server, &process.tasks);
    }
}
