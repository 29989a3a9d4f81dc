//! A house of real processes for one row.

mod calls;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use base::{Clock, EntropyExt as _, SystemEntropy};
use outbound::{Guard, HttpClient, ReqwestClient};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::databases::{Cluster, Durability, PostgresDatabase};
use testkit::{Missing, Proxy};
use tokio::process::Command;
use tokio::sync::OnceCell;
use url::Url;
use visitor::{Browser, Door, Machine, Person, Places};

use crate::Binary;
use crate::namespace::SmallDisk;
use crate::process::{Server, command, run};
use crate::row::Stage;
use crate::seeds::{self, Provider, SANDBOX_TOKEN, SECRET};
pub(crate) use calls::{Refresh, is_good, successes};

/// The kind of database that the connect side of a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// A file in its data directory.
    Sqlite,
    /// A database on a PostgreSQL server that syncs what it commits.
    Postgres,
}

impl DatabaseKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// As the table shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// What all rows stand on: the binary, the way to it, a PostgreSQL server.
#[derive(Clone)]
pub struct Ground {
    binary: Binary,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    /// Where the logs of rows that did not hold are kept.
    kept: Option<PathBuf>,
}

impl std::fmt::Debug for Ground {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ground").field("binary", &self.binary).finish_non_exhaustive()
    }
}

impl Ground {
    /// With this binary. `kept` is where the data of rows that do not hold is put.
    pub fn new(binary: Binary, kept: Option<PathBuf>) -> Result<Self> {
        let guard = Guard::new(vec!["127.0.0.0/8".parse()?]);
        let http = ReqwestClient::new(outbound::Settings { guard, ..outbound::Settings::default() })?;
        Ok(Self { binary, http: Arc::new(http), clock: Arc::new(base::SystemClock::new()), kept })
    }

    /// The binary.
    pub(crate) fn binary(&self) -> &Path {
        self.binary.path()
    }

    /// The way out.
    pub(crate) fn http(&self) -> Arc<dyn HttpClient> {
        Arc::clone(&self.http)
    }

    /// Keeps logs of what did not hold, where that was asked for.
    pub(crate) fn keep<'a>(&self, name: &str, logs: impl Iterator<Item = &'a Path>) -> Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let place = kept.join(name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        std::fs::create_dir_all(&place)?;
        for log in logs {
            if let Some(file) = log.file_name() {
                std::fs::copy(log, place.join(file))?;
            }
        }
        Ok(())
    }

    /// The time, for what a row measures.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// A new database on the server of this process, which is started when first asked for.
    pub(crate) async fn postgres() -> Result<PostgresDatabase, Missing> {
        static CLUSTER: OnceCell<Result<&'static Cluster, Missing>> = OnceCell::const_new();
        let starting = async || {
            let started = tokio::task::spawn_blocking(|| Cluster::start(Durability::Real));
            // It ends with this process: its keeper sees to that.
            started
                .await
                .expect("starting a cluster does not panic unless it fails")
                .map(|cluster| &*Box::leak(Box::new(cluster)))
        };
        let cluster = CLUSTER.get_or_init(starting).await.clone()?;
        Ok(tokio::task::spawn_blocking(|| cluster.database())
            .await
            .expect("making a database does not panic unless it fails"))
    }
}

/// How a row's house is built.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) database: DatabaseKind,
    /// Whose tokens live two minutes; those of the others live for hours.
    pub(crate) target: Provider,
    /// How many instances of the connect side the database gets to know. The first is started.
    pub(crate) instances: usize,
    /// The first instance reaches PostgreSQL through a proxy.
    pub(crate) proxied: bool,
    /// The first instance's data directory is a disk of so many bytes.
    pub(crate) disk: Option<u64>,
    /// The first instance obeys permissions although it may run as root.
    pub(crate) obedient: bool,
    /// `MAINSTAY_FAULT_POINT` of the first instance.
    pub(crate) fault_point: Option<String>,
}

impl Plan {
    pub(crate) fn new(database: DatabaseKind, target: Provider) -> Self {
        Self {
            database,
            target,
            instances: 1,
            proxied: false,
            disk: None,
            obedient: false,
            fault_point: None,
        }
    }
}

/// How long the struck provider's access tokens live, in seconds.
const LIFE: u64 = 120;
/// How far the clocks are moved so that they fall due: their margin is a fifth of their life, less a jitter of a tenth of that.
pub(crate) const UNTIL_DUE: i64 = 100;
/// How far so that they fall due some seconds later.
pub(crate) const UNTIL_ALMOST_DUE: i64 = 90;
/// All other access tokens.
const LONG_LIFE: u64 = 7200;

/// An instance of the connect side: its directory, and its process if one runs.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) data: PathBuf,
    pub(crate) server: Option<Server>,
    database: Option<String>,
    log: PathBuf,
    prefix: Vec<String>,
}

/// A copy of a database.
#[derive(Debug)]
pub(crate) enum Backup {
    /// A file.
    Sqlite(PathBuf),
    /// Another database on the same server.
    Postgres(PostgresDatabase),
}

/// A house that stands, with a pair that is connected.
pub(crate) struct Scene {
    pub(crate) plan: Plan,
    pub(crate) instances: Vec<Instance>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) disk: Option<SmallDisk>,
    pub(crate) postgres: Option<PostgresDatabase>,
    pub(crate) ground: Ground,
    platform: Server,
    sandbox: Server,
    /// The address under which instance 0 is known, and listens.
    address: SocketAddr,
    admin_token: String,
    connection: String,
    directory: TempDir,
}

impl Scene {
    /// Starts everything and connects a pair.
    pub(crate) async fn build(ground: &Ground, plan: Plan) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("mainstay-faults-").tempdir()?;
        let root = directory.path();
        let address = free_address()?;
        let public_url = format!("http://{address}");
        let callback = format!("{public_url}/callback");
        let life = |provider: Provider| if provider == plan.target { LIFE } else { LONG_LIFE };
        let write = |name: &str, text: &str| -> Result<PathBuf> {
            let path = root.join(name);
            std::fs::write(&path, text)?;
            Ok(path)
        };
        let secret = write("secret", SECRET)?;
        let sandbox_token = write("sandbox-token", SANDBOX_TOKEN)?;
        let seed = write("platform.toml", &seeds::platform(&callback, life(Provider::Pleo)))?;
        let mut seeding = command(&[], ground.binary.path());
        seeding.args(["platform", "seed"]).arg(seed).arg("--data").arg(root.join("platform"));
        run(seeding).await?;
        let provider = |side: &str, more: &[&str]| {
            let mut command = command(&[], ground.binary.path());
            command.args([side, "serve", "--listen", "127.0.0.1:0"]).args(more);
            command.arg("--data").arg(root.join(side)).arg("--sandbox-token-file").arg(&sandbox_token);
            command.env("MAINSTAY_RATE_LIMITS", "off");
            command
        };
        let platform = provider("platform", &["--environment", "staging", "--sandbox"]);
        let platform = Server::start(platform, &root.join("platform.log")).await?;
        let mut sandbox = provider("sandbox", &[]);
        sandbox.arg("--seed").arg(write("sandbox.toml", &seeds::stand_ins(&callback, life))?);
        let sandbox = Server::start(sandbox, &root.join("sandbox.log")).await?;
        write("connect.toml", &seeds::connect(&public_url, &platform.url, &sandbox.url))?;

        let postgres = match plan.database {
            DatabaseKind::Sqlite => None,
            DatabaseKind::Postgres => Some(Ground::postgres().await.map_err(|missing| anyhow!(missing))?),
        };
        let proxy = match &postgres {
            Some(postgres) if plan.proxied => {
                Some(Proxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, postgres.port()))).await?)
            }
            _ => None,
        };
        let data = root.join("connect0");
        let disk = match plan.disk {
            Some(bytes) => {
                std::fs::create_dir(&data)?;
                Some(SmallDisk::mount(&data, bytes).await?)
            }
            None => None,
        };
        let mut prefix = disk.as_ref().map(SmallDisk::prefix).unwrap_or_default();
        if plan.obedient {
            prefix.extend(
                ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"].map(str::to_owned),
            );
        }
        let first = postgres.as_ref().map(|database| match &proxy {
            Some(proxy) => database.url_by(proxy.address().port()),
            None => database.url(),
        });
        let instances = (0..plan.instances)
            .map(|number| Instance {
                data: root.join(format!("connect{number}")),
                server: None,
                database: if number == 0 {
                    first.clone()
                } else {
                    postgres.as_ref().map(PostgresDatabase::url)
                },
                log: root.join(format!("connect{number}.log")),
                prefix: if number == 0 { prefix.clone() } else { Vec::new() },
            })
            .collect();
        let mut scene = Self {
            plan,
            instances,
            proxy,
            disk,
            postgres,
            ground: ground.clone(),
            platform,
            sandbox,
            address,
            admin_token: String::new(),
            connection: String::new(),
            directory,
        };
        scene.fill_connect(&secret).await?;
        scene.introduce().await?;
        let fault_point = scene.plan.fault_point.clone();
        scene.start_with(0, fault_point.as_deref()).await?;
        scene.connection = scene.connect().await?;
        Ok(scene)
    }

    /// The integration's own clients, and a token for its backends.
    async fn fill_connect(&mut self, secret: &Path) -> Result<()> {
        for provider in [Provider::Pleo, self.accounting()] {
            let mut set = self.command_of(0);
            set.args(["clients", "set", provider.id(), "--client-id", seeds::CLIENT, "--secret-file"])
                .arg(secret);
            run(set).await?;
        }
        let mut create = self.command_of(0);
        create.args(["tokens", "create", "--role", "admin", "--json"]);
        let made: Value = serde_json::from_str(&run(create).await?)?;
        made["token"].as_str().context("no token was made")?.clone_into(&mut self.admin_token);
        Ok(())
    }

    /// Lets every further instance see the database once while there is nothing in it, as one that has been there for long: an
    /// instance without memory takes a full database for a restored one (rule 14).
    async fn introduce(&mut self) -> Result<()> {
        for number in 1..self.instances.len() {
            let keys = self.instances[number].data.join("keys");
            std::fs::create_dir_all(&keys)?;
            std::fs::copy(self.instances[0].data.join("keys/connect.keys"), keys.join("connect.keys"))?;
            self.start(number).await?;
            self.take(number)?.finish().await?;
        }
        Ok(())
    }

    /// A command on an instance's data.
    pub(crate) fn command_of(&self, number: usize) -> Command {
        let instance = &self.instances[number];
        let mut command = command(&instance.prefix, self.ground.binary.path());
        command
            .arg("--config")
            .arg(self.directory.path().join("connect.toml"))
            .arg("--data")
            .arg(&instance.data);
        if let Some(url) = &instance.database {
            command.args(["--database", url]);
        }
        command
    }

    /// Starts an instance.
    pub(crate) async fn start(&mut self, number: usize) -> Result<()> {
        self.start_with(number, None).await
    }

    async fn start_with(&mut self, number: usize, fault_point: Option<&str>) -> Result<()> {
        let mut command = self.command_of(number);
        let address = if number == 0 { self.address.to_string() } else { "127.0.0.1:0".to_owned() };
        command.args(["serve", "--listen", &address]);
        if let Some(point) = fault_point {
            command.env("MAINSTAY_FAULT_POINT", point);
        }
        let server = Server::start(command, &self.instances[number].log).await?;
        self.instances[number].server = Some(server);
        Ok(())
    }

    /// A copy of the first instance's database, which must not run.
    pub(crate) async fn back_up(&mut self) -> Result<Backup> {
        let Some(database) = self.postgres.take() else {
            let copy = self.directory.path().join("backup.db");
            std::fs::copy(self.instances[0].data.join("connect.db"), &copy).context("copy the database")?;
            return Ok(Backup::Sqlite(copy));
        };
        let copying = tokio::task::spawn_blocking(move || {
            let copy = database.copy();
            (database, copy)
        });
        let (database, copy) = copying.await.context("copy the database")?;
        self.postgres = Some(database);
        Ok(Backup::Postgres(copy))
    }

    /// Puts a copy in the place of the first instance's database, which must not run.
    pub(crate) async fn restore(&mut self, backup: Backup) -> Result<()> {
        match backup {
            Backup::Sqlite(copy) => {
                let database = self.instances[0].data.join("connect.db");
                for left in ["connect.db-wal", "connect.db-shm"] {
                    let left = database.with_file_name(left);
                    ensure!(!left.exists(), "a stopped instance left {} behind", left.display());
                }
                std::fs::copy(copy, database).context("put the copy back")?;
            }
            Backup::Postgres(copy) => {
                self.instances[0].database = Some(copy.url());
                let before = self.postgres.replace(copy);
                tokio::task::spawn_blocking(move || drop(before)).await?;
            }
        }
        Ok(())
    }

    /// The process of an instance.
    pub(crate) fn server(&mut self, number: usize) -> Result<&mut Server> {
        self.instances[number].server.as_mut().with_context(|| format!("instance {number} does not run"))
    }

    /// Takes the process of an instance away, to end it.
    pub(crate) fn take(&mut self, number: usize) -> Result<Server> {
        self.instances[number].server.take().with_context(|| format!("instance {number} does not run"))
    }

    /// Who is at the accounting end.
    fn accounting(&self) -> Provider {
        if self.plan.target == Provider::Pleo { self.plan.target.other() } else { self.plan.target }
    }

    /// Walks through the pages as a person would. The connection's id.
    async fn connect(&mut self) -> Result<String> {
        let accounting = self.accounting();
        let asked = json!({"accounting": accounting.id(), "reference": "row"});
        let link = self.backend().post(&self.connect_url(0, "/v1/connect-sessions")?, &asked).await;
        let link = link.and_then(|seen| seen.json()).map_err(|error| anyhow!("no link: {error}"))?;
        let link: Url = link["url"].as_str().context("the session has no url")?.parse()?;
        let sign_in = (seeds::EMAIL.to_owned(), SECRET.to_owned());
        let person = Person {
            pleo: sign_in.clone(),
            company: Provider::Pleo.company().to_owned(),
            accounting: sign_in,
            books: accounting.company().to_owned(),
        };
        let places = Places { connect: self.connect_url(0, "/")?, platform: self.platform.url.parse()? };
        let mut browser = Browser::new(Arc::clone(&self.ground.http));
        let walk = async {
            let start = browser.open(&link).await?;
            person.go_on(&mut browser, &places, start, None).await
        };
        let walked = walk.await.map_err(|error| anyhow!("the pair was not connected: {error}"))?;
        let end = places.door(&walked.seen);
        ensure!(end == Door::Finished, "the walk ended at {end:?}: {}", walked.seen.text());
        let list = self.read(0, "/v1/connections?reference=row").await?;
        list.pointer("/data/0/id")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .context("no connection was made")
    }

    /// A backend of the integration.
    fn backend(&self) -> Machine {
        Machine::new(Arc::clone(&self.ground.http), Some(format!("Bearer {}", self.admin_token)))
    }

    /// Who holds the sandbox token.
    fn switches(&self) -> Machine {
        Machine::new(Arc::clone(&self.ground.http), Some(format!("Bearer {SANDBOX_TOKEN}")))
    }

    fn connect_url(&self, number: usize, path: &str) -> Result<Url> {
        let server = self.instances[number].server.as_ref().context("that instance does not run")?;
        Ok(format!("{}{path}", server.url).parse()?)
    }

    /// An address under a provider's.
    fn provider_url(&self, provider: Provider, path: &str) -> Result<Url> {
        let base = match provider {
            Provider::Pleo => self.platform.url.clone(),
            Provider::Xero | Provider::Fortnox => format!("{}/{}", self.sandbox.url, provider.id()),
        };
        Ok(format!("{base}{path}").parse()?)
    }

    /// How long something may take that needs a lease to stand still first.
    pub(crate) const fn patience() -> Duration {
        Duration::from_mins(1)
    }
}

impl Stage for Scene {
    async fn close(mut self, row: &str, held: bool) -> Result<()> {
        for instance in &mut self.instances {
            if let Some(server) = instance.server.take() {
                server.kill().await?;
            }
        }
        self.platform.kill().await?;
        self.sandbox.kill().await?;
        let panicked = self
            .instances
            .iter()
            .map(|instance| &instance.log)
            .find(|log| std::fs::read_to_string(log).is_ok_and(|text| text.contains("panicked at")));
        let result = match panicked {
            Some(log) => Err(anyhow!("an instance panicked, see {}", log.display())),
            None => Ok(()),
        };
        if !(held && result.is_ok()) {
            let entries = std::fs::read_dir(self.directory.path())?.filter_map(Result::ok);
            let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            files.retain(|path| path.extension().is_some_and(|ending| ending == "log"));
            self.ground.keep(row, files.iter().map(PathBuf::as_path))?;
        }
        // The database goes after those who used it, on a thread that may wait for it.
        if let Some(database) = self.postgres.take() {
            tokio::task::spawn_blocking(move || drop(database)).await?;
        }
        result
    }
}

/// Below the ports that Linux takes for connections and for who wants any (32768): nobody else gets one of them between two starts.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// An address on this machine that nobody listens on. The redirect URIs of the seeds name it, so it must be known before.
fn free_address() -> Result<SocketAddr> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().expect("no code panics while it holds the ports");
    for _ in 0..1000 {
        let offset = SystemEntropy.below(u64::from(PORTS.end - PORTS.start));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORTS.start + u16::try_from(offset)?));
        if !given.contains(&address.port()) && TcpListener::bind(address).is_ok() {
            given.insert(address.port());
            return Ok(address);
        }
    }
    bail!("no port from {} to {} is free", PORTS.start, PORTS.end)
}
