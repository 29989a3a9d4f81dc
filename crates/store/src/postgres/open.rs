use std::sync::Arc;
use std::time::Duration;

use base::StoreError;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::TaskTracker;

use super::transaction::{self, PostgresTx};
use super::url::{self, Tls};
use super::{Handle, Postgres};
use crate::migrations::Migration;
use crate::migrator::{self, AppliedMigration};
use crate::open_error::OpenError;
use crate::tx::{Backend, Tx};
use crate::{Location, Settings, params, sql};

/// How long a caller waits for a connection before it is told that the database is unavailable.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(5);
/// Limits that the server keeps for each statement, lock and idle transaction. Short enough that a stuck one does not hold
/// the others, long enough for a slow disk.
const SESSION: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s';
     SET client_min_messages = 'warning'; SET synchronous_commit = 'on'; SET bytea_output = 'hex';";
/// The lock under which one process migrates while others wait: any number that nobody else uses.
const MIGRATION_LOCK: i64 = 0x6d61_696e_7374_6179;

impl Postgres {
    /// Connects and migrates; several processes may do so at the same time.
    pub(crate) async fn open(
        settings: &Settings,
        migrations: &'static [Migration],
    ) -> Result<Self, OpenError> {
        let Location::Postgres(location) = &settings.location else {
            return Err(OpenError::Location("it names no PostgreSQL server".to_owned()));
        };
        let parsed = url::parse(location.expose()).map_err(OpenError::Location)?;
        let schema = settings.schema();
        let mut config = parsed.config;
        if config.get_application_name().is_none() {
            config.application_name(format!("mainstay-{}", settings.side));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(WAIT_FOR_CONNECTION);
        }
        config.keepalives_idle(Duration::from_mins(1)).tcp_user_timeout(Duration::from_secs(30));
        let manager = manager(config, &parsed.tls)?;
        let session = format!("{SESSION} SET search_path = \"{schema}\";");
        let pool = Pool::builder(manager)
            .max_size(settings.connections.max(1))
            .wait_timeout(Some(WAIT_FOR_CONNECTION))
            .create_timeout(Some(WAIT_FOR_CONNECTION))
            .recycle_timeout(Some(WAIT_FOR_CONNECTION))
            .runtime(Runtime::Tokio1)
            .post_create(Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
                let session = session.clone();
                Box::pin(async move { client.batch_execute(&session).await.map_err(HookError::Backend) })
            }))
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let postgres =
            Self { pool, schema, entropy: Arc::clone(&settings.entropy), tasks: TaskTracker::new() };
        postgres.migrate(&settings.location, migrations, settings.clock.now()).await?;
        Ok(postgres)
    }

    async fn migrate(
        &self,
        location: &Location,
        migrations: &'static [Migration],
        now: base::Timestamp,
    ) -> Result<(), OpenError> {
        let client = self.connection().await.map_err(|error| OpenError::Unreachable {
            location: location.to_string(),
            reason: error.to_string(),
        })?;
        let mut tx = Tx::new(Backend::Postgres(PostgresTx::new(client, Handle::current())));
        let schema = self.schema.clone();
        let migrating = tokio::task::spawn_blocking(move || {
            transaction::run_alone(&mut tx, |tx| migrate_inside(tx, &schema, migrations, now))
        });
        migrating.await.map_err(|error| StoreError::Unavailable(format!("migrating stopped: {error}")))?
    }
}

/// All of it in one transaction under one lock, which ends with the transaction.
fn migrate_inside(
    tx: &mut Tx,
    schema: &str,
    migrations: &[Migration],
    now: base::Timestamp,
) -> Result<(), OpenError> {
    // Another process may be migrating for a while; a statement of ours may take long on a large table.
    transaction::batch(tx, "SET LOCAL lock_timeout = '10min'; SET LOCAL statement_timeout = 0;")?;
    transaction::batch(tx, &format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))?;
    // Asked first, as an account that may only use its schema may not even say IF NOT EXISTS.
    let known = tx
        .query_opt("SELECT 1 AS known FROM pg_namespace WHERE CAST(nspname AS TEXT) = $1", params![schema])?;
    if known.is_none() {
        transaction::batch(tx, &format!("CREATE SCHEMA \"{schema}\""))?;
    }
    transaction::batch(tx, &sql::migration_for_postgres(migrator::TABLE))?;
    let applied = AppliedMigration::all(tx)?;
    for migration in migrator::missing(migrations, &applied)? {
        transaction::batch(tx, &sql::migration_for_postgres(migration.sql))?;
        migrator::note(tx, migration, now)?;
    }
    Ok(())
}

fn manager(config: Config, tls: &Tls) -> Result<Manager, OpenError> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    Ok(match tls {
        Tls::Off => Manager::from_config(config, NoTls, recycling),
        Tls::Verified { root } => {
            let mut roots = rustls::RootCertStore::empty();
            if let Some(path) = root {
                let file_error = |reason: String| OpenError::File { path: path.clone(), reason };
                let certificates =
                    CertificateDer::pem_file_iter(path).map_err(|error| file_error(error.to_string()))?;
                for certificate in certificates {
                    let certificate = certificate.map_err(|error| file_error(error.to_string()))?;
                    roots.add(certificate).map_err(|error| file_error(error.to_string()))?;
                }
            } else {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let client = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| OpenError::Location(error.to_string()))?
                .with_root_certificates(roots)
                .with_no_client_auth();
            Manager::from_config(config, MakeRustlsConnect::new(client), recycling)
        }
    })
}
