//! Refresh with rotation, and introspection, at the platform's doors: the real binary on SQLite with `synchronous=FULL`, npm's
//! `oidc-provider` with everything in memory, and a bare axum answer, one after another in each round.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base::{EntropyExt as _, SystemEntropy};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::load::{self, Caller, Load, Span};
use crate::platform_side::{self, CLIENT, Pair, SECRET};
use crate::process::Server;
use crate::{Binary, report};

/// Options of `platform`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Live authorisations in each server, each with tokens of its own
    #[arg(long, default_value_t = 100_000)]
    authorisations: usize,
    /// Connections of the load generator
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Seconds of one round
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Rounds; each measures every server
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Leave `oidc-provider` out (it needs Node and what `npm install` brings)
    #[arg(long)]
    alone: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Refresh,
    Introspect,
}

/// Where a server's doors are.
#[derive(Debug, Clone, Copy)]
struct Doors {
    token: &'static str,
    introspect: &'static str,
}

const MAINSTAY: Doors = Doors { token: "/oauth/token", introspect: "/oauth/token/introspect" };
const OIDC_PROVIDER: Doors = Doors { token: "/token", introspect: "/token/introspection" };

/// Works through tokens of its own, over and over; what a refresh brings takes the place of what was shown.
struct Holder {
    question: Question,
    head: String,
    pairs: Vec<Pair>,
    at: usize,
    last_body: usize,
    /// The bare answer has no tokens in it.
    reads: bool,
}

impl Holder {
    fn new(question: Question, doors: Doors, pairs: Vec<Pair>, reads: bool) -> Self {
        let path = if question == Question::Refresh { doors.token } else { doors.introspect };
        let basic = STANDARD.encode(format!("{CLIENT}:{SECRET}"));
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Basic {basic}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: "
        );
        Self { question, head, pairs, at: 0, last_body: 0, reads }
    }
}

impl Caller for Holder {
    fn ask(&mut self, request: &mut Vec<u8>) {
        let pair = &self.pairs[self.at];
        let form = match self.question {
            Question::Refresh => format!("grant_type=refresh_token&refresh_token={}", pair.refresh),
            Question::Introspect => format!("token={}", pair.access),
        };
        request.extend_from_slice(self.head.as_bytes());
        request.extend_from_slice(form.len().to_string().as_bytes());
        request.extend_from_slice(b"\r\n\r\n");
        request.extend_from_slice(form.as_bytes());
    }

    fn take(&mut self, status: u16, body: &[u8]) -> Result<()> {
        let said = || String::from_utf8_lossy(body).into_owned();
        ensure!(status == 200, "{:?} was answered {status}: {}", self.question, said());
        self.last_body = body.len();
        match self.question {
            _ if !self.reads => {}
            Question::Introspect => {
                ensure!(body.windows(13).any(|part| part == br#""active":true"#), "not active: {}", said());
            }
            Question::Refresh => {
                let text = |name: &str| -> Result<String> {
                    let marker = format!("\"{name}\":\"");
                    let body = std::str::from_utf8(body)?;
                    let from =
                        body.find(&marker).with_context(|| format!("no {name}: {body}"))? + marker.len();
                    let length = body[from..].find('"').context("the end of a text")?;
                    Ok(body[from..from + length].to_owned())
                };
                let pair = Pair { access: text("access_token")?, refresh: text("refresh_token")? };
                self.pairs[self.at] = pair;
            }
        }
        self.at = (self.at + 1) % self.pairs.len();
        Ok(())
    }
}

/// A server with the tokens it has given.
struct Contender {
    name: &'static str,
    server: Server,
    doors: Doors,
    shares: Vec<Vec<Pair>>,
    reads: bool,
    /// Answers a second, by round.
    rates: Vec<f64>,
    body: usize,
}

impl Contender {
    fn new(
        name: &'static str,
        server: Server,
        doors: Doors,
        pairs: Vec<Pair>,
        clients: usize,
        reads: bool,
    ) -> Self {
        let mut shares: Vec<Vec<Pair>> = (0..clients).map(|_| Vec::new()).collect();
        for (number, pair) in shuffled(pairs).into_iter().enumerate() {
            shares[number % clients].push(pair);
        }
        Self { name, server, doors, shares, reads, rates: Vec::new(), body: 0 }
    }

    async fn round(&mut self, question: Question, span: Span) -> Result<(Load, f64)> {
        let holders = std::mem::take(&mut self.shares)
            .into_iter()
            .map(|pairs| Holder::new(question, self.doors, pairs, self.reads))
            .collect();
        let before = self.server.cpu()?;
        let (load, holders) = load::drive(self.server.address, holders, span)
            .await
            .with_context(|| format!("against {}", self.name))?;
        let spent = self.server.cpu()?.saturating_sub(before);
        self.body = holders.first().map_or(0, |holder| holder.last_body);
        self.shares = holders.into_iter().map(|holder| holder.pairs).collect();
        self.rates.push(load.per_second);
        let share = span.counted.as_secs_f64() / (span.warm_up + span.counted).as_secs_f64();
        let micros = spent.as_secs_f64() * 1e6 * share / report::number(load.answers);
        Ok((load, micros))
    }
}

/// In an order that has nothing to do with that of the rows.
fn shuffled(mut pairs: Vec<Pair>) -> Vec<Pair> {
    for last in (1..pairs.len()).rev() {
        let other = SystemEntropy.below(u64::try_from(last + 1).unwrap_or(u64::MAX));
        pairs.swap(last, usize::try_from(other).unwrap_or(last));
    }
    pairs
}

fn oidc_provider(directory: &Path, tokens: usize) -> Result<(Server, Vec<Pair>)> {
    let home = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/oidc-provider"));
    ensure!(
        home.join("node_modules/oidc-provider").exists(),
        "oidc-provider is not there: run `npm install` in {}, or leave it out with `--alone`",
        home.display()
    );
    let out = directory.join("oidc-tokens.json");
    let mut command = Command::new("node");
    command
        .arg("server.js")
        .args(["--tokens", &tokens.to_string(), "--out"])
        .arg(&out)
        .env("NODE_ENV", "production")
        .current_dir(home);
    let server = Server::start(command, &directory.join("oidc.log"))?;
    let pairs: Vec<(String, String)> = serde_json::from_slice(&std::fs::read(out)?)?;
    Ok((server, pairs.into_iter().map(|(access, refresh)| Pair { access, refresh }).collect()))
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<()> {
    let binary = options.binary.path()?;
    report::line(&format!(
        "platform: {} live authorisations, {} clients, {} s a round, SQLite on disk with synchronous=FULL; {}",
        options.authorisations,
        options.clients,
        options.seconds,
        report::machine()
    ))?;
    let data = tempfile::tempdir()?;
    let pairs = platform_side::fill(data.path(), options.authorisations).await?;
    let mut command = Command::new(binary);
    command.args(["platform", "serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
    let server = Server::start(command, &data.path().join("platform.log"))?;
    let mut mainstay = Contender::new("mainstay", server, MAINSTAY, pairs, options.clients, true);
    let mut other = if options.alone {
        None
    } else {
        let (server, pairs) = oidc_provider(data.path(), options.authorisations)?;
        Some(Contender::new("oidc-provider", server, OIDC_PROVIDER, pairs, options.clients, true))
    };
    let span = Span { warm_up: Duration::from_secs(1), counted: Duration::from_secs(options.seconds) };
    for question in [Question::Introspect, Question::Refresh] {
        let glance = Span { warm_up: Duration::ZERO, counted: Duration::from_millis(200) };
        mainstay.round(question, glance).await?;
        let size = mainstay.body.to_string();
        let server = Server::of_this_program(&["bare", "--body-size", &size], &data.path().join("bare.log"))?;
        let pair = Pair { access: "a".repeat(66), refresh: "r".repeat(66) };
        let mut bare = Contender::new(
            "bare axum",
            server,
            MAINSTAY,
            vec![pair; options.clients],
            options.clients,
            false,
        );
        mainstay.rates.clear();
        if let Some(other) = &mut other {
            other.rates.clear();
        }
        for _ in 0..options.rounds {
            for contender in [Some(&mut mainstay), other.as_mut(), Some(&mut bare)].into_iter().flatten() {
                let (load, micros) = contender.round(question, span).await?;
                report::line(&format!(
                    "  {question:?} {:<14} {:>7.0}/s  p50 {:>6} us  p99 {:>6} us  {micros:>6.1} us CPU each",
                    contender.name, load.per_second, load.p50_micros, load.p99_micros
                ))?;
            }
        }
        let own = report::median(&mainstay.rates);
        let ceiling = report::median(&bare.rates);
        report::line(&format!(
            "platform: {question:?}: median {own:.0}/s; against the bare answer ({ceiling:.0}/s) {:.2}{}",
            own / ceiling,
            other.as_ref().map_or_else(String::new, |other| {
                let rate = report::median(&other.rates);
                format!("; against oidc-provider ({rate:.0}/s) {:.1} times", own / rate)
            })
        ))?;
    }
    report::line(&format!("platform: resident {:.0} MiB", mainstay.server.resident_mib()?))
}
