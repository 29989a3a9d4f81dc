//! A platform process with somebody signed in, a client with tokens, and a raw way to ask it: bytes go out as they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Server, run};

pub(super) const COMPANY: &str = "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5001";
pub(super) const EXPENSE: &str = "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5091";
pub(super) const CALLBACK: &str = "https://books.example/callback";
const CLIENT: &str = "books";
const SECRET: &str = "a-secret-with-thirty-characters";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SCOPES: &str = "companies:read users:read export-jobs:read export-jobs:write export-items:read";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// What came back; a connection that was closed without a word has status 0.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|_| panic!("{} is no JSON: {}", self.status, self.body))
    }
}

/// A pair of tokens, as a client holds it.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Tokens {
    /// Those of a success.
    pub(super) fn of(answer: &Answer) -> Self {
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap_or_else(|| panic!("{json}")).to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// What follows a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The answer is awaited.
    Wait,
    /// Nothing more is said, although more was announced.
    HangUp,
}

pub(super) struct Site {
    server: Server,
    host: String,
    directory: TempDir,
    cookies: BTreeMap<String, String>,
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Site {
    pub(super) fn start() -> Self {
        Self::start_on("sqlite:")
    }

    /// The same on this database.
    pub(super) fn start_on(database: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let seed = directory.path().join("seed.toml");
        fs::write(&seed, seed_file()).unwrap();
        let data = directory.path().join("data");
        let data = data.to_str().unwrap();
        let config = directory.path().join("mainstay.toml");
        let lines = format!("database = {database:?}\nenvironment = \"staging\"\nrate_limits = \"off\"\n");
        fs::write(&config, lines).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        let config = config.to_str().unwrap();
        let seed = ["platform", "seed", seed.to_str().unwrap(), "--config", config, "--data", data];
        assert!(run(seed).status.success());
        let arguments = ["platform", "serve", "--config", config, "--data", data, "--listen", "127.0.0.1:0"];
        let server = Server::start(arguments, &directory.path().join("log"));
        let host = server.url.strip_prefix("http://").unwrap().to_owned();
        let (access, refresh) = (String::new(), String::new());
        let mut site = Self { server, host, directory, cookies: BTreeMap::new(), access, refresh };
        site.sign_in();
        let code = site.code();
        Tokens { access: site.access, refresh: site.refresh } = Tokens::of(&site.exchange(&code));
        site
    }

    /// Runs a command beside the running server, with an answer for programs.
    pub(super) fn command(&self, arguments: &[&str]) -> Output {
        let data = self.directory.path().join("data");
        run([arguments, &["--json", "--data", data.to_str().unwrap()]].concat())
    }

    /// Takes all rows out of a table, as somebody does who can write to the file.
    pub(super) fn delete_all(&self, table: &str) {
        let file = self.directory.path().join("data/platform.db");
        let database = rusqlite::Connection::open(file).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        database.execute(&format!("DELETE FROM {table}"), []).unwrap();
    }

    /// A token with which programs register this many clients, made beside the running server.
    pub(super) fn initial_access_token(&self, uses: usize, options: &[&str]) -> String {
        let data = self.directory.path().join("data");
        let uses = uses.to_string();
        let command = ["platform", "clients", "initial-access-token", "--uses", &uses, "--json", "--data"];
        let output = run([&command[..], &[data.to_str().unwrap()], options].concat());
        let json: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        json["token"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
    }

    /// Sends bytes and reads to the end. A server that has said no may stop reading.
    pub(super) fn raw(&self, request: &[u8], then: Then) -> Answer {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let _refused_early = stream.write_all(request).is_err();
        if then == Then::HangUp {
            let _closed_early = stream.shutdown(std::net::Shutdown::Write).is_err();
        }
        let mut bytes = Vec::new();
        if let Err(error) = stream.read_to_end(&mut bytes) {
            let reset = error.kind() == ErrorKind::ConnectionReset;
            assert!(reset, "{error} after {:?}", String::from_utf8_lossy(&request[..request.len().min(200)]));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A request with these header lines and this body.
    pub(super) fn send(&self, method: &str, path: &str, lines: &[(&str, &str)], body: &[u8]) -> Answer {
        self.raw(&self.request(method, path, lines, body), Then::Wait)
    }

    pub(super) fn request(&self, method: &str, path: &str, lines: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.host);
        if !lines.iter().any(|(name, _)| *name == "content-length") {
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        for (name, value) in lines {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        head.push_str("\r\n");
        [head.as_bytes(), body].concat()
    }

    /// A form by the client.
    pub(super) fn form(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", FORM), ("authorization", &basic())], body.as_bytes())
    }

    /// A call of a resource API by the client.
    pub(super) fn call(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.access);
        let lines = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.send(method, path, &lines, body)
    }

    /// The line with the cookies of the person.
    pub(super) fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// The person's browser: a page, or a form if there are fields.
    fn browse(&mut self, path: &str, fields: Option<&[(&str, &str)]>) -> Answer {
        let cookie = self.cookie();
        let lines = [("cookie", cookie.as_str()), ("content-type", FORM)];
        let lines = if cookie.is_empty() { &lines[1..] } else { &lines[..] };
        let answer = match fields {
            None => self.send("GET", path, lines, b""),
            Some(fields) => self.send("POST", path, lines, encode(fields).as_bytes()),
        };
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// A page as the person sees it.
    pub(super) fn page(&mut self, path: &str) -> String {
        let answer = self.browse(path, None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    fn sign_in(&mut self) {
        let page = self.page("/login");
        let csrf = hidden(&page, "csrf");
        let fields = [("csrf", csrf.as_str()), ("email", "anna@example.com"), ("password", "correct horse")];
        assert_eq!(self.browse("/login", Some(&fields)).status, 303);
    }

    /// A code for the client.
    pub(super) fn code(&mut self) -> String {
        self.code_for(CLIENT, SCOPES)
    }

    /// A code for a client that is sent back to [`CALLBACK`] too.
    pub(super) fn code_for(&mut self, client: &str, scopes: &str) -> String {
        let page = self.page(&authorize_path_of(client, scopes));
        let [csrf, request, shown] = ["csrf", "request", "shown"].map(|name| hidden(&page, name));
        let fields = [
            ("csrf", csrf.as_str()),
            ("request", &request),
            ("shown", &shown),
            ("company", COMPANY),
            ("decision", "allow"),
        ];
        let answer = self.browse("/oauth/authorize", Some(&fields));
        assert_eq!(answer.status, 303, "{}", answer.body);
        let location = url::Url::parse(answer.header("location").unwrap()).unwrap();
        location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    pub(super) fn exchange(&self, code: &str) -> Answer {
        self.exchange_as(&basic(), code)
    }

    pub(super) fn exchange_as(&self, basic: &str, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let lines = [("content-type", FORM), ("authorization", basic)];
        self.send("POST", "/oauth/token", &lines, encode(&fields).as_bytes())
    }

    /// How many authorisations of a client have not ended, as the database has it.
    pub(super) fn live_authorisations(&self, client: &str) -> i64 {
        let sql = "SELECT count(*) FROM authorisations WHERE client_id = ?1 AND state <> 'ended'";
        self.database().query_row(sql, [client], |row| row.get(0)).unwrap()
    }

    fn database(&self) -> rusqlite::Connection {
        let file = self.directory.path().join("data/platform.db");
        rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    /// The rows of each table, without those that are there to note what was refused.
    pub(super) fn rows(&self) -> BTreeMap<String, i64> {
        let database = self.database();
        let mut names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
        let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let kept = |name: &String| !name.starts_with("audit_") && name != "sign_in_attempts";
        let count = |name: String| {
            let rows =
                database.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get(0)).unwrap();
            (name, rows)
        };
        names.into_iter().filter(kept).map(count).collect()
    }

    /// After all of it: nothing panicked and nothing was an error of the server, the tokens are as they were, and it stops in order.
    pub(super) fn close(self) {
        assert_eq!(self.call("GET", "/v1/introspect", b"").status, 200, "the access token is lost");
        let question = format!("token={}", self.refresh);
        assert_eq!(
            self.form("/oauth/token/introspect", &question).json()["active"],
            true,
            "the pair is lost"
        );
        let log = fs::read_to_string(self.directory.path().join("log")).unwrap();
        for word in ["panicked", "\"level\":\"ERROR\"", " ERROR "] {
            assert!(!log.contains(word), "{log}");
        }
        self.server.signal("-TERM");
        assert_eq!(self.server.wait(), Some(0));
    }
}

pub(super) fn authorize_path() -> String {
    authorize_path_of(CLIENT, SCOPES)
}

fn authorize_path_of(client: &str, scopes: &str) -> String {
    let fields = [
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("scope", scopes),
        ("state", "st"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    format!("/oauth/authorize?{}", encode(&fields))
}

pub(super) fn basic() -> String {
    basic_of(CLIENT, SECRET)
}

pub(super) fn basic_of(client: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")))
}

pub(super) fn encode(fields: &[(&str, &str)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", oauth::parameters::encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The value of a hidden field.
pub(super) fn hidden(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    let tag_start = page[..at].rfind('<').unwrap();
    let tag = &page[tag_start..tag_start + page[tag_start..].find('>').unwrap()];
    let value = tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    value.replace("&#38;", "&").replace("&amp;", "&").replace("&#39;", "'").replace("&#34;", "\"")
}

fn seed_file() -> String {
    let scopes: Vec<String> = SCOPES.split(' ').map(|scope| format!("{scope:?}")).collect();
    format!(
        "[[organisations]]\nid = \"5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a5000\"\nname = \"Love\"\n\
         [[companies]]\nid = \"{COMPANY}\"\nname = \"Love BV\"\norganisation = \"Love\"\ncountry = \"NL\"\nstandalone_api_keys = true\n\
         [[users]]\nemail = \"anna@example.com\"\npassword = \"correct horse\"\nname = \"Anna\"\n\
         roles = [{{ company = \"Love BV\", role = \"admin\" }}]\nplatform_admin = true\n\
         [[clients]]\nclient_id = \"{CLIENT}\"\nclient_secret = \"{SECRET}\"\nname = \"Books\"\nredirect_uris = [\"{CALLBACK}\"]\n\
         scopes = [{}]\nintegrated_api_keys = true\n\
         [[expenses]]\nid = \"{EXPENSE}\"\ncompany = \"Love BV\"\nkind = \"card_purchase\"\namount_minor = 1250\ncurrency = \"EUR\"\n\
         date = 2026-01-01\n",
        scopes.join(", ")
    )
}
