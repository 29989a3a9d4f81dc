mod certificate;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::{Missing, Part};

/// The account as which PostgreSQL runs when the tests run as root, which it refuses.
const ACCOUNT: &str = "postgres";
/// How often it is asked whether the server is up, a tenth of a second apart.
const QUESTIONS: u32 = 300;

/// Whether what a server commits survives the machine; not needed by a test that only kills processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// `fsync=off`.
    Fast,
    /// As it is in earnest.
    Real,
}

/// A throw-away PostgreSQL cluster. It ends, and its files are removed, when this is dropped, and also when the process that
/// started it dies in any way: its keeper, a small shell, waits for the end of a pipe that this process holds open.
#[derive(Debug)]
pub struct Cluster {
    keeper: Child,
    directory: PathBuf,
    programs: Vec<PathBuf>,
    port: u16,
    databases: AtomicU32,
}

const KEEPER: &str = r#"
postgres=$1; directory=$2; port=$3
shift 3
"$postgres" -D "$directory/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c shared_buffers=16MB -c max_connections=600 -c autovacuum=off -c max_wal_size=256MB "$@" >"$directory/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$directory"
"#;

impl Cluster {
    /// The cluster that the tests of this process share, started when first asked for. It ends with the process.
    pub fn of_this_process() -> Result<&'static Self, Missing> {
        static CLUSTER: OnceLock<Result<Cluster, Missing>> = OnceLock::new();
        CLUSTER.get_or_init(|| Self::start(Durability::Fast)).as_ref().map_err(Clone::clone)
    }

    /// Starts a cluster. Missing programs are told as such; anything else that goes wrong is a failure of the test, as the programs
    /// are there.
    pub fn start(durability: Durability) -> Result<Self, Missing> {
        Self::start_with(durability, false)
    }

    /// The same with TLS. The authority that signed the certificate for 127.0.0.1 and `localhost` is in [`Cluster::authority`].
    pub fn start_with_tls() -> Result<Self, Missing> {
        Self::start_with(Durability::Fast, true)
    }

    fn start_with(durability: Durability, tls: bool) -> Result<Self, Missing> {
        let programs = Part::Postgres.find()?;
        let directory = run(as_account("mktemp")?.args(["-d", "-t", "mainstay-postgres-XXXXXX"]));
        let directory = PathBuf::from(directory.trim());
        let data = directory.join("data");
        run(as_account(&programs[0])?
            .args([
                "--no-sync",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--username=postgres",
                "--pgdata",
            ])
            .arg(&data));
        let mut options = Vec::new();
        if durability == Durability::Fast {
            options.extend(["-c", "fsync=off", "-c", "full_page_writes=off"].map(str::to_owned));
        }
        if tls {
            certificate::write(&directory);
            options.push("-cssl=on".to_owned());
            for (option, file) in
                [("ssl_cert_file", certificate::CERTIFICATE), ("ssl_key_file", certificate::KEY)]
            {
                options.push(format!("-c{option}={}", directory.join(file).display()));
            }
        }
        let port = free_port();
        let keeper = as_account("sh")?
            .args(["-c", KEEPER, "keeper"])
            .arg(&programs[1])
            .arg(&directory)
            .arg(port.to_string())
            .args(&options)
            .current_dir("/")
            // An interrupt at the terminal is for the tests; the keeper learns of their end by its pipe.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell can be started");
        let cluster = Self { keeper, directory, programs, port, databases: AtomicU32::new(0) };
        if cluster.is_up() {
            return Ok(cluster);
        }
        let (log, program) = (cluster.log(), cluster.programs[1].display());
        // Between asking for a free port and using it another program can take it; then another is tried.
        assert!(log.contains("Address already in use"), "{program} did not start:\n{log}");
        drop(cluster);
        Self::start_with(durability, tls)
    }

    /// Waits until the server answers, or has stopped.
    fn is_up(&self) -> bool {
        for _ in 0..QUESTIONS {
            if self.log().contains("FATAL") {
                return false;
            }
            // It answers a little before it takes connections, which on a busy machine is long.
            if self.answers() && self.log().contains("ready to accept connections") {
                return true;
            }
            // There is no event to wait for: the server says nothing to whoever started it.
            std::thread::sleep(Duration::from_millis(100));
        }
        false
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// The certificate of the authority, where the cluster was started with TLS.
    pub fn authority(&self) -> PathBuf {
        self.directory.join(certificate::AUTHORITY)
    }

    /// Where its files are; nothing is left of it when the cluster has ended.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether it answers the question for TLS, which it does once it takes connections.
    fn answers(&self) -> bool {
        const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else { return false };
        let mut answer = [0];
        stream.write_all(&SSL_REQUEST).is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && matches!(&answer, b"N" | b"S")
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A new, empty database. It sorts text by the rules of a language unless told otherwise, so that a schema that forgot to say
    /// how text sorts shows.
    pub fn database(&'static self) -> PostgresDatabase {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut create = self.client(2);
        create.args(["--template=template0", "--locale-provider=icu", "--icu-locale=en"]).arg(&name);
        run(&mut create);
        PostgresDatabase { cluster: self, name }
    }

    fn client(&self, program: usize) -> Command {
        let mut command = Command::new(&self.programs[program]);
        command.args(["--host=127.0.0.1", "--username=postgres", &format!("--port={}", self.port)]);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprint_line(&format!("the keeper of a PostgreSQL cluster could not be waited for: {error}"));
        }
    }
}

/// A database on a cluster, removed when this is dropped.
#[derive(Debug)]
pub struct PostgresDatabase {
    cluster: &'static Cluster,
    name: String,
}

impl PostgresDatabase {
    /// Its URL.
    pub fn url(&self) -> String {
        self.url_by(self.cluster.port)
    }

    /// Its URL through another port of this machine, a proxy's.
    pub fn url_by(&self, port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/{}", self.name)
    }

    /// A copy, as a backup that is restored is one. Nobody may be connected meanwhile.
    #[must_use]
    pub fn copy(&self) -> Self {
        let name = format!("test{}", self.cluster.databases.fetch_add(1, Ordering::Relaxed));
        run(self.cluster.client(2).arg(format!("--template={}", self.name)).arg(&name));
        Self { cluster: self.cluster, name }
    }

    /// The port of its server on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.cluster.port
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let dropped = self.cluster.client(3).args(["--force", "--if-exists"]).arg(&self.name).output();
        match dropped {
            Ok(output) if output.status.success() => {}
            Ok(output) => eprint_line(&String::from_utf8_lossy(&output.stderr)),
            Err(error) => eprint_line(&format!("a test database could not be removed: {error}")),
        }
    }
}

/// A command that runs as an account that PostgreSQL accepts.
fn as_account(program: impl AsRef<Path>) -> Result<Command, Missing> {
    let program = program.as_ref();
    if !rustix::process::geteuid().is_root() {
        return Ok(Command::new(program));
    }
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    if !known.lines().any(|line| line.starts_with(&format!("{ACCOUNT}:"))) {
        let reason = format!("it does not run as root, and there is no account `{ACCOUNT}` to run it as");
        return Err(Missing { part: Part::Postgres, reason });
    }
    let mut command = Command::new("setpriv");
    command
        .args([&format!("--reuid={ACCOUNT}"), &format!("--regid={ACCOUNT}"), "--init-groups", "--"])
        .arg(program);
    Ok(command)
}

fn run(command: &mut Command) -> String {
    let output = command.current_dir("/").stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the machine has a loopback address");
    listener.local_addr().expect("a bound listener has an address").port()
}

#[expect(clippy::print_stderr, reason = "a test's clean-up has no caller to tell")]
fn eprint_line(text: &str) {
    eprintln!("{text}");
}
