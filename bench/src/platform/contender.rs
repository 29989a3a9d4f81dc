//! A server that holds tokens, and the load that works through them.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use base::{EntropyExt as _, SystemEntropy};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::load::{self, Caller, Span};
use crate::platform_side::{Holding, Pair};
use crate::process::Server;
use crate::report;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Refresh,
    Introspect,
}

/// Where a server's doors are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doors {
    token: &'static str,
    introspect: &'static str,
}

pub(super) const MAINSTAY: Doors = Doors { token: "/oauth/token", introspect: "/oauth/token/introspect" };
pub(super) const OIDC_PROVIDER: Doors = Doors { token: "/token", introspect: "/token/introspection" };

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
    fn new(question: Question, doors: Doors, basic: &str, pairs: Vec<Pair>, reads: bool) -> Self {
        let path = if question == Question::Refresh { doors.token } else { doors.introspect };
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
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) server: Server,
    doors: Doors,
    /// Where it keeps its rows, if that is a file.
    pub(super) file: Option<PathBuf>,
    basic: String,
    shares: Vec<Vec<Pair>>,
    reads: bool,
    /// Answers a second, by round.
    pub(super) rates: Vec<f64>,
    /// Bytes of its last answer.
    pub(super) body: usize,
}

impl Contender {
    pub(super) fn new(
        name: &'static str,
        server: Server,
        doors: Doors,
        holding: Holding,
        clients: usize,
    ) -> Self {
        let basic = STANDARD.encode(format!("{}:{}", holding.client_id, holding.client_secret));
        let mut shares: Vec<Vec<Pair>> = (0..clients).map(|_| Vec::new()).collect();
        let mut pairs = holding.pairs;
        shuffle(&mut pairs);
        for (number, pair) in pairs.into_iter().enumerate() {
            shares[number % clients].push(pair);
        }
        Self { name, server, doors, file: None, basic, shares, reads: true, rates: Vec::new(), body: 0 }
    }

    /// The least that axum can answer, with as many bytes as `size`.
    pub(super) fn bare(size: usize, clients: usize, log: &Path) -> Result<Self> {
        let server = Server::of_this_program(&["bare", "--body-size", &size.to_string()], log)?;
        let pair = Pair { access: "a".repeat(66), refresh: "r".repeat(66) };
        let (client_id, client_secret) = ("load-test-bareaxum".to_owned(), "s".repeat(43));
        let holding = Holding { client_id, client_secret, pairs: vec![pair; clients] };
        Ok(Self { reads: false, ..Self::new("bare axum", server, MAINSTAY, holding, clients) })
    }

    /// One round, told in a line. The file is read once before it: a system that gives up its cache of files between two rounds would have its
    /// disk measured instead.
    pub(super) async fn round(&mut self, question: Question, span: Span) -> Result<()> {
        if let Some(file) = &self.file {
            std::io::copy(&mut File::open(file)?, &mut std::io::sink())?;
        }
        let holders = std::mem::take(&mut self.shares)
            .into_iter()
            .map(|pairs| Holder::new(question, self.doors, &self.basic, pairs, self.reads))
            .collect();
        let before = self.server.cpu()?;
        let (load, holders) = load::drive(self.server.address, holders, span)
            .await
            .with_context(|| format!("against {}", self.name))?;
        let spent = self.server.cpu()?.saturating_sub(before);
        self.body = holders.first().map_or(0, |holder| holder.last_body);
        self.shares = holders.into_iter().map(|holder| holder.pairs).collect();
        if span.warm_up.is_zero() {
            return Ok(());
        }
        self.rates.push(load.per_second);
        let share = span.counted.as_secs_f64() / (span.warm_up + span.counted).as_secs_f64();
        let micros = spent.as_secs_f64() * 1e6 * share / report::number(load.answers);
        report::line(&format!(
            "  {question:?} {:<24} {:>7.0}/s  p50 {:>6} us  p99 {:>6} us  {micros:>6.1} us CPU each",
            self.name, load.per_second, load.p50_micros, load.p99_micros
        ))
    }

    /// The median of the rounds since this was asked for last.
    pub(super) fn rate(&mut self) -> f64 {
        report::median(&std::mem::take(&mut self.rates))
    }
}

/// Puts them in an order that has nothing to do with that of the rows.
pub(super) fn shuffle(pairs: &mut [Pair]) {
    for last in (1..pairs.len()).rev() {
        let other = SystemEntropy.below(u64::try_from(last + 1).unwrap_or(u64::MAX));
        pairs.swap(last, usize::try_from(other).unwrap_or(last));
    }
}
