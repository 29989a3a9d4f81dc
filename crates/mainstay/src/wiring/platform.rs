//! The platform side.

use std::sync::Arc;

use audit::{Actor, AuditEvent};
use authserver::{AuthorizationServer, NoFaults, NoJournal, Ports, Settings};
use base::Clock;
use continuity::{Change, Keeper, MemoryFile};
use identity::Identity;
use platform::{ApiLimits, Environment, Platform};

use super::records::Records;
use super::{Opened, Process};
use crate::configuration::{Configuration, PleoEnvironment, PublicUrl};
use crate::failure::Failure;
use crate::side::Side;

/// The services of the platform side.
#[derive(Clone)]
pub(crate) struct PlatformSide {
    /// Which of Pleo's environments this is.
    pub(crate) environment: PleoEnvironment,
    /// Database and keys.
    pub(crate) opened: Opened,
    /// Companies, people, consent, keys, exports.
    pub(crate) platform: Arc<Platform>,
    /// The engine that issues tokens.
    pub(crate) server: Arc<AuthorizationServer>,
    /// People.
    pub(crate) identity: Arc<Identity>,
    /// The audit log.
    pub(crate) records: Records,
    /// Watches whether the database was restored from a backup.
    pub(crate) keeper: Keeper,
}

/// Builds the side on its opened database.
pub(crate) fn build(
    process: &Process,
    configuration: &Configuration,
    opened: Opened,
    public_url: &PublicUrl,
) -> Result<PlatformSide, Failure> {
    let database = Arc::new(opened.database.clone());
    let clock = Arc::clone(&opened.clock) as Arc<dyn Clock>;
    let records = Records::of(configuration, Side::Platform, &opened);
    let memory = MemoryFile::new(configuration.instance_directory().join("platform-beats"));
    let keeper = Keeper::new(Arc::clone(&database) as _, Arc::new(memory), Arc::clone(&clock));
    let identity = Identity::new(
        Arc::clone(&database) as _,
        Arc::clone(&clock),
        Arc::clone(&process.entropy),
        Arc::clone(&opened.keys),
        super::identity_settings(configuration),
    );
    let identity = Arc::new(identity.recording(Arc::clone(&records.ledger)));
    let defaults = platform::server_settings(public_url.as_str(), environment_of(&opened));
    let settings = Settings {
        failed_authentications_per_minute: defaults
            .failed_authentications_per_minute
            .filter(|_| configuration.rate_limits),
        ..defaults
    };
    let server = AuthorizationServer::new(
        settings,
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
    );
    let server = Arc::new(server.recording(Arc::clone(&records.ledger)));
    let platform = Platform::new(
        database,
        Arc::clone(&identity),
        Arc::clone(&server),
        Arc::clone(&opened.keys),
        clock,
        Arc::clone(&process.entropy),
    );
    let http = super::connect::http_client(configuration)?;
    let platform = platform.recording(Arc::clone(&records.ledger)).watched(keeper.clone()).with_http(http);
    let platform = if configuration.rate_limits { platform.limited(ApiLimits::default()) } else { platform };
    let environment = configuration.environment;
    Ok(PlatformSide { environment, opened, platform: Arc::new(platform), server, identity, records, keeper })
}

/// The environment whose rules clients must keep to. Where it is not known yet, because nothing was served and nobody has
/// said it, the looser ones: what is registered then is looked at before it is approved.
fn environment_of(opened: &Opened) -> Environment {
    match opened.environment {
        Some(PleoEnvironment::Production) => Environment::Production,
        Some(PleoEnvironment::Staging) | None => Environment::Staging,
    }
}

impl PlatformSide {
    /// Sees whether the database is the one that was left, then begins what runs beside the requests.
    pub(crate) async fn start(&self, process: &Process) -> Result<(), Failure> {
        let found = self.keeper.start().await.map_err(|error| {
            Failure::new(
                "it cannot be told whether the database was restored from a backup",
                error,
                "see that the database can be reached and that this user can read and write DIR/instance",
            )
        })?;
        if let Some(change) = found {
            self.tell(change).await;
        }
        self.records.start(&process.tasks);
        let (side, stopping) = (self.clone(), process.tasks.stopping.clone());
        process.tasks.tracker.spawn(async move {
            side.keeper.run(stopping, |change| side.tell(change)).await;
        });
        super::sweep_people(&self.identity, &process.tasks);
        super::sweep_tokens(&self.server, &process.tasks);
        Ok(())
    }

    /// What the keeper found out goes on record; and a log that was accepted with its database is the right one from then on.
    pub(crate) async fn tell(&self, change: Change) {
        match change {
            Change::Raised(doubt) => {
                let event = AuditEvent::new("restored_backup.suspected", Actor::System)
                    .with("sign", doubt.sign.code())
                    .with("remembered", doubt.remembered)
                    .with("found", doubt.found);
                self.records.ledger.done(event).await;
            }
            Change::Accepted => {
                if let Err(error) = self.records.chain.accept().await {
                    tracing::warn!(event = "audit.not_accepted", %error, "`mainstay audit verify` goes on telling of the restored database");
                }
            }
        }
    }
}
