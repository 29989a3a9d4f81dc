//! The connect side.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Clock, EntropyExt as _};
use connect::{Connect, Directory, Settings};
use identity::Identity;
use outbound::{Guard, HttpClient, ReqwestClient};
use providers::{Catalogue, Overrides, ProviderId};
use refresh::Authority;
use refresh::spill::SpillDirectory;

use super::records::Records;
use super::{Opened, Process};
use crate::configuration::{Configuration, PublicUrl};
use crate::failure::Failure;
use crate::side::Side;

/// The services of the connect side.
#[derive(Clone)]
pub(crate) struct ConnectSide {
    /// Database and keys.
    pub(crate) opened: Opened,
    /// Connections.
    pub(crate) connect: Connect,
    /// Operators.
    pub(crate) identity: Arc<Identity>,
    /// The refresh authority.
    pub(crate) authority: Authority,
    /// The audit log.
    pub(crate) records: Records,
}

/// The only way out of this process.
pub(crate) fn http_client(configuration: &Configuration) -> Result<Arc<dyn HttpClient>, Failure> {
    let settings = outbound::Settings {
        guard: Guard::new(configuration.outbound_allow.clone()),
        ..outbound::Settings::default()
    };
    let client = ReqwestClient::new(settings).map_err(|error| {
        Failure::new(
            "the HTTP client cannot be set up",
            error,
            "install the system's certificates (Debian: `apt-get install ca-certificates`)",
        )
    })?;
    Ok(Arc::new(client))
}

/// The catalogue: what is built in, and the user's own files.
pub(crate) fn catalogue(configuration: &Configuration) -> Result<Catalogue, Failure> {
    Catalogue::with_files(&configuration.providers_directory()).map_err(|error| {
        Failure::new(
            "the catalogue of providers cannot be used",
            error,
            "correct the file; `mainstay providers check` tries all of them",
        )
    })
}

/// The overrides of the configuration, for providers that exist.
pub(crate) fn overrides(
    configuration: &Configuration,
    catalogue: &Catalogue,
) -> Result<BTreeMap<ProviderId, Overrides>, Failure> {
    configuration
        .providers
        .iter()
        .map(|(name, overrides)| {
            let known =
                || catalogue.iter().map(|provider| provider.id.to_string()).collect::<Vec<_>>().join(", ");
            let id = name.parse::<ProviderId>().ok().filter(|id| catalogue.get(id).is_some());
            let id = id.ok_or_else(|| {
                Failure::new(
                    format!("[providers.{name}] in the configuration names no provider"),
                    format!("the catalogue has {}", known()),
                    "correct the name, or add a file for it to DIR/providers",
                )
            })?;
            Ok((id, overrides.clone()))
        })
        .collect()
}

/// Builds the side on its opened database. Nothing runs yet.
pub(crate) fn build(
    process: &Process,
    configuration: &Configuration,
    opened: Opened,
    public_url: &PublicUrl,
    http: Arc<dyn HttpClient>,
) -> Result<ConnectSide, Failure> {
    let catalogue = catalogue(configuration)?;
    let overrides = overrides(configuration, &catalogue)?;
    let database = Arc::new(opened.database.clone());
    let clock = Arc::clone(&opened.clock) as Arc<dyn Clock>;
    let directory =
        Directory::new(&catalogue, &overrides, Arc::clone(&database) as _, Arc::clone(&opened.sealer));
    let directory = Arc::new(directory.map_err(|error| {
        Failure::new(
            "the configuration of a provider does not fit it",
            error,
            "correct `[providers.<id>]` in the configuration file",
        )
    })?);
    let instance = format!("ins_{}", process.entropy.text::<12>());
    let spill = SpillDirectory::open(configuration.instance_directory().join("spill"), &instance).map_err(
        |error| {
            Failure::new(
                "the directory for refreshed tokens that the database does not take cannot be used",
                error,
                "see that DIR/instance is writable for this user and has space left",
            )
        },
    )?;
    let parts = refresh::Parts {
        store: Arc::clone(&database) as _,
        http: Arc::clone(&http),
        directory: Arc::clone(&directory) as _,
        sealer: Arc::clone(&opened.sealer),
        spill: Arc::new(spill),
        memory: Arc::new(refresh::MemoryFile::new(
            configuration.instance_directory().join("newest-rotation"),
        )),
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&process.entropy),
        tracker: process.tasks.tracker.clone(),
    };
    let parts = match configuration.fault_point {
        Some(point) => crate::fault_points::around(point, parts),
        None => parts,
    };
    let authority = Authority::new(parts, refresh::Settings::new(instance));
    let connect = Connect::new(
        connect::Parts {
            store: Arc::clone(&database) as _,
            directory,
            authority: authority.clone(),
            http,
            sealer: Arc::clone(&opened.sealer),
            keys: Arc::clone(&opened.keys),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&process.entropy),
            tracker: process.tasks.tracker.clone(),
        },
        Settings {
            return_to_allow: configuration.return_to_allow.iter().map(url::Url::origin).collect(),
            ..Settings::new(public_url.url())
        },
    );
    let identity = Identity::new(
        database,
        clock,
        Arc::clone(&process.entropy),
        Arc::clone(&opened.keys),
        super::identity_settings(configuration),
    );
    let records = Records::of(configuration, Side::Connect, &opened);
    let identity = Arc::new(identity.recording(Arc::clone(&records.ledger)));
    Ok(ConnectSide { opened, connect, identity, authority, records })
}

impl ConnectSide {
    /// Brings in what an earlier process left on disk, then begins to refresh, follow and tell.
    pub(crate) async fn start(&self, process: &Process) -> Result<(), Failure> {
        let recovered = self.authority.recover().await.map_err(|error| {
            Failure::new(
                "refreshed tokens that an earlier process left on disk cannot be brought in",
                error,
                "see that the database can be written; the tokens stay on disk until they are in it",
            )
        })?;
        if recovered > 0 {
            tracing::info!(
                event = "refresh.recovered",
                recovered,
                "tokens that an earlier process left on disk are stored now"
            );
        }
        let (tasks, stopping) = (&process.tasks.tracker, &process.tasks.stopping);
        let (authority, connect) = (self.authority.clone(), self.connect.clone());
        let (stop_authority, stop_connect) = (stopping.clone(), stopping.clone());
        tasks.spawn(async move { authority.run(stop_authority).await });
        tasks.spawn(async move { connect.run(stop_connect).await });
        super::sweep_people(&self.identity, &process.tasks);
        self.records.start(&process.tasks);
        Ok(())
    }

    /// After everything that ran is finished, and before the database is closed.
    pub(crate) async fn note_end(&self) {
        if let Err(error) = self.authority.note_end().await {
            // The note of a second before stands.
            tracing::warn!(error = %error, "where the database stands could not be noted at the end");
        }
    }
}
