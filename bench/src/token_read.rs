//! `GET /v1/connections/{id}/platform/token` through the real binary, tokens in memory, against a bare axum answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use base::{Secret, SystemClock};
use outbound::ReqwestClient;
use tempfile::TempDir;

use crate::connect_side::ConnectSide;
use crate::load::{self, Caller, Load, Span};
use crate::process::Server;
use crate::{Binary, report};

/// Options of `token-read`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Connections of the load generator
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Connections (of Pleo with an accounting system) that are read in turn
    #[arg(long, default_value_t = 1000)]
    connections: usize,
    /// Seconds of one round
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Rounds; each measures both servers
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Reads tokens in turn.
struct Reader {
    requests: Arc<[Vec<u8>]>,
    next: usize,
    step: usize,
    body_size: usize,
}

impl Caller for Reader {
    fn ask(&mut self, request: &mut Vec<u8>) {
        request.extend_from_slice(&self.requests[self.next]);
        self.next = (self.next + self.step) % self.requests.len();
    }

    fn take(&mut self, status: u16, body: &[u8]) -> Result<()> {
        ensure!(
            status == 200 && body.len() == self.body_size,
            "a read was answered {status}: {}",
            String::from_utf8_lossy(body)
        );
        Ok(())
    }
}

struct Run {
    requests: Arc<[Vec<u8>]>,
    clients: usize,
    span: Span,
}

impl Run {
    async fn against(&self, server: &Server, body_size: usize) -> Result<(Load, f64)> {
        let callers = (0..self.clients)
            .map(|next| Reader {
                requests: Arc::clone(&self.requests),
                next: next % self.requests.len(),
                step: self.clients,
                body_size,
            })
            .collect();
        let before = server.cpu()?;
        let (load, _) = load::drive(server.address, callers, self.span).await?;
        let spent = server.cpu()?.saturating_sub(before);
        // The warm-up costs processor time as well, and as much a second.
        let share = self.span.counted.as_secs_f64() / (self.span.warm_up + self.span.counted).as_secs_f64();
        let micros = spent.as_secs_f64() * 1e6 * share / report::number(load.answers);
        Ok((load, micros))
    }
}

/// One request on a connection of its own; gives the body's size.
async fn once(address: SocketAddr, request: &[u8]) -> Result<usize> {
    use tokio::io::AsyncWriteExt as _;
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut answer = load::Answer::default();
    answer.read_from(&mut stream).await?;
    ensure!(answer.status == 200, "the first read was answered {}", String::from_utf8_lossy(answer.body()));
    Ok(answer.body().len())
}

async fn requests(data: &TempDir, options: &Options) -> Result<Arc<[Vec<u8>]>> {
    let http = Arc::new(ReqwestClient::new(outbound::Settings::default())?);
    let settings = refresh::Settings::new("bench".to_owned());
    let clock = Arc::new(SystemClock::new());
    let side = ConnectSide::open(data.path(), http, &BTreeMap::new(), clock, settings).await?;
    let token: Secret<String> = side.api_token().await?;
    let connections = side.connections(options.connections, Duration::from_hours(4)).await?;
    side.close().await?;
    Ok(connections
        .iter()
        .map(|id| {
            let token = token.expose();
            format!("GET /v1/connections/{id}/platform/token HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\r\n")
                .into_bytes()
        })
        .collect())
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<()> {
    let binary = options.binary.path()?;
    let machine = report::machine();
    let data = tempfile::tempdir()?;
    let requests = requests(&data, &options).await?;
    let mut command = Command::new(binary);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
    let mainstay = Server::start(command, &data.path().join("serve.log"))?;
    let mut body_size = 0;
    for request in &*requests {
        body_size = once(mainstay.address, request).await?;
    }
    let bare = Server::of_this_program(
        &["bare", "--body-size", &body_size.to_string()],
        &data.path().join("bare.log"),
    )?;
    let run = Run {
        requests,
        clients: options.clients,
        span: Span { warm_up: Duration::from_secs(1), counted: Duration::from_secs(options.seconds) },
    };
    report::line(&format!(
        "token-read: {} connections in memory, {} clients, {} s a round, body {body_size} bytes; {machine}",
        options.connections, options.clients, options.seconds
    ))?;
    let (mut ratios, mut rates, mut bare_rates) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.rounds {
        // Who comes first changes, so that neither has the quieter moments.
        let (token, ceiling) = if round % 2 == 0 {
            let token = run.against(&mainstay, body_size).await?;
            (token, run.against(&bare, body_size).await?)
        } else {
            let ceiling = run.against(&bare, body_size).await?;
            (run.against(&mainstay, body_size).await?, ceiling)
        };
        let ratio = token.0.per_second / ceiling.0.per_second;
        report::line(&format!(
            "  round {}: token {:>7.0}/s (p50 {} us, p99 {} us, {:.1} us CPU each)   bare {:>7.0}/s (p50 {} us, p99 {} us, {:.1} us CPU each)   ratio {ratio:.2}",
            round + 1,
            token.0.per_second,
            token.0.p50_micros,
            token.0.p99_micros,
            token.1,
            ceiling.0.per_second,
            ceiling.0.p50_micros,
            ceiling.0.p99_micros,
            ceiling.1,
        ))?;
        ratios.push(ratio);
        rates.push(token.0.per_second);
        bare_rates.push(ceiling.0.per_second);
    }
    report::line(&format!(
        "token-read: median {:.0}/s against {:.0}/s bare: ratio {:.2} (wanted: at least 0.60); resident {:.0} MiB",
        report::median(&rates),
        report::median(&bare_rates),
        report::median(&ratios),
        mainstay.resident_mib()?,
    ))
}
