//! The platform side.

use std::sync::Arc;

use authserver::{AuthorizationServer, NoFaults, NoJournal, Ports, Settings};
use base::{Clock, Scope};
use identity::Identity;
use platform::{PERMISSIONS, Platform};

use super::{Opened, Process};
use crate::configuration::{Configuration, PublicUrl};

/// The member of introspection answers that names what a token is for (facts 6).
const SUBJECT_MEMBER: &str = "urn:pleo:params:oauth:subject_urn";

/// Accepted from every client, for testing (facts 8).
const FOR_TESTING: &str = "test:test";

/// The services of the platform side.
#[derive(Clone)]
pub(crate) struct PlatformSide {
    /// Database and keys.
    pub(crate) opened: Opened,
    /// Companies, people, consent, keys, exports.
    pub(crate) platform: Arc<Platform>,
    /// The engine that issues tokens.
    pub(crate) server: Arc<AuthorizationServer>,
    /// People.
    pub(crate) identity: Arc<Identity>,
}

/// Builds the side on its opened database.
pub(crate) fn build(
    process: &Process,
    configuration: &Configuration,
    opened: Opened,
    public_url: &PublicUrl,
) -> PlatformSide {
    let database = Arc::new(opened.database.clone());
    let clock = Arc::clone(&opened.clock) as Arc<dyn Clock>;
    let identity = Arc::new(Identity::new(
        Arc::clone(&database) as _,
        Arc::clone(&clock),
        Arc::clone(&process.entropy),
        Arc::clone(&opened.keys),
        super::identity_settings(configuration),
    ));
    let scopes =
        |tokens: &[&str]| Scope::from_tokens(tokens.iter().copied()).expect("the table holds valid scopes");
    let defaults = Settings::new(public_url.as_str());
    let settings = Settings {
        scopes: scopes(&PERMISSIONS.iter().map(|permission| permission.scope).collect::<Vec<_>>()),
        scopes_for_all: scopes(&[FOR_TESTING]),
        subject_member: Some(SUBJECT_MEMBER.to_owned()),
        failed_authentications_per_minute: defaults
            .failed_authentications_per_minute
            .filter(|_| configuration.rate_limits),
        ..defaults
    };
    let server = Arc::new(AuthorizationServer::new(
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
    ));
    let platform = Platform::new(
        database,
        Arc::clone(&identity),
        Arc::clone(&server),
        Arc::clone(&opened.keys),
        clock,
        Arc::clone(&process.entropy),
    );
    PlatformSide { opened, platform: Arc::new(platform), server, identity }
}

impl PlatformSide {
    /// Begins what runs beside the requests.
    pub(crate) fn start(&self, process: &Process) {
        super::sweep_people(&self.identity, &process.tasks);
        super::sweep_tokens(&self.server, &process.tasks);
    }
}
