//! Many grants that fall due within a minute. First through the real binary against a provider in a process of its own: is each
//! refreshed once, and in time? Then through the same rooms with a provider in the same process: what does a refresh cost, the
//! network apart?

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base::{Clock as _, SystemClock, Timestamp};
use outbound::{HttpClient, ReqwestClient};
use providers::Overrides;
use refresh::{AttemptOutcome, GivenCredential, GrantId, Store as _};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;

use crate::connect_side::ConnectSide;
use crate::load::Answer;
use crate::process::{Server, own_cpu};
use crate::provider::{InProcess, Provider, Tally, refresh_token};
use crate::{Binary, report};

/// The life of Pleo's access tokens (facts 6).
const LIFE: Duration = Duration::from_mins(15);
/// Beyond the window, for what is still under way.
const PATIENCE: Duration = Duration::from_mins(3);

/// Options of `mass-expiry`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Grants
    #[arg(long, default_value_t = 10_000)]
    grants: u64,
    /// Seconds within which all of them fall due
    #[arg(long, default_value_t = 60)]
    within: u64,
    /// Seconds until the first is due: the time in which they are written and the server is started
    #[arg(long, default_value_t = 10)]
    lead: u64,
}

/// Moves all moments of a grant so that it is due at `at`.
fn due_at(mut given: GivenCredential, at: Timestamp) -> Result<GivenCredential> {
    let due = given.next_action_at.context("a grant that is never due")?;
    let moved =
        |moment: Timestamp| Timestamp::from_millis(moment.as_millis() + at.as_millis() - due.as_millis());
    (given.given_at, given.expires_at) = (moved(given.given_at), given.expires_at.map(moved));
    given.next_action_at = Some(at);
    Ok(given)
}

struct Stage {
    data: TempDir,
    overrides: BTreeMap<providers::ProviderId, Overrides>,
}

impl Stage {
    fn new(token_endpoint: Option<&Server>) -> Result<Self> {
        let base_url = match token_endpoint {
            Some(server) => format!("http://{}", server.address),
            None => "http://127.0.0.1:1".to_owned(),
        };
        let overrides = Overrides { base_url: Some(base_url.parse()?), ..Overrides::default() };
        Ok(Self { data: tempfile::tempdir()?, overrides: [("pleo".parse()?, overrides)].into() })
    }

    async fn open(&self, http: Arc<dyn HttpClient>, instance: &str) -> Result<ConnectSide> {
        let settings = refresh::Settings::new(instance.to_owned());
        let clock = Arc::new(SystemClock::new());
        ConnectSide::open(self.data.path(), http, &self.overrides, clock, settings).await
    }

    /// Writes the grants; gives each with the moment at which its token expires.
    async fn fill(&self, side: &ConnectSide, options: &Options) -> Result<Vec<(GrantId, Timestamp)>> {
        side.set_client().await?;
        let now = SystemClock::new().now();
        let first = now + Duration::from_secs(options.lead);
        let step = Duration::from_secs(options.within).as_micros() / u128::from(options.grants.max(1));
        let given: Vec<GivenCredential> = (0..options.grants)
            .map(|number| {
                let after = Duration::from_micros(u64::try_from(step)? * number);
                due_at(side.credential("pleo", LIFE, refresh_token(number, 1)), first + after)
            })
            .collect::<Result<_>>()?;
        side.give(&given).await?;
        ensure!(SystemClock::new().now() < first, "writing the grants took longer than `--lead`");
        given
            .iter()
            .map(|given| Ok((given.grant, given.expires_at.context("a token that expires")?)))
            .collect()
    }
}

/// Looks at what is stored: each grant refreshed by one attempt that ended before the token expired.
/// Gives the shortest time that was left.
async fn check(side: &ConnectSide, grants: &[(GrantId, Timestamp)]) -> Result<Duration> {
    let mut least = Duration::MAX;
    for (id, expires_at) in grants {
        let attempts = side.database.attempts(*id, 10).await?;
        let [attempt] = attempts.as_slice() else { anyhow::bail!("{id} has {} attempts", attempts.len()) };
        ensure!(attempt.outcome == AttemptOutcome::Advanced, "{id} ended with {:?}", attempt.outcome);
        ensure!(attempt.finished_at < *expires_at, "{id} was refreshed after its token had expired");
        least = least.min(expires_at.since(attempt.finished_at));
    }
    Ok(least)
}

async fn tally_of(server: &Server) -> Result<Tally> {
    let mut stream = tokio::net::TcpStream::connect(server.address).await?;
    stream.write_all(b"GET /tally HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await?;
    let mut answer = Answer::default();
    answer.read_from(&mut stream).await?;
    Tally::read(std::str::from_utf8(answer.body())?).context("a tally")
}

fn all_once(tally: Tally) -> Result<()> {
    ensure!(
        (tally.never, tally.more, tally.refused) == (0, 0, 0),
        "not every grant was refreshed exactly once: {tally:?}"
    );
    Ok(())
}

async fn with_the_binary(options: &Options) -> Result<()> {
    let logs = tempfile::tempdir()?;
    let (grants, life) = (options.grants.to_string(), LIFE.as_secs().to_string());
    let arguments = ["provider", "--grants", &grants, "--expires-in", &life];
    let provider = Server::of_this_program(&arguments, &logs.path().join("provider.log"))?;
    let stage = Stage::new(Some(&provider))?;
    let guarded = outbound::Settings::default();
    let side = stage.open(Arc::new(ReqwestClient::new(guarded.clone())?), "filling").await?;
    let grants = stage.fill(&side, options).await?;
    side.close().await?;

    let configuration = format!(
        "outbound_allow = [\"127.0.0.0/8\"]\n[providers.pleo]\nbase_url = \"http://{}\"\n",
        provider.address
    );
    let file = stage.data.path().join("mainstay.toml");
    std::fs::write(&file, configuration)?;
    let mut command = Command::new(options.binary.path()?);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(file)
        .arg("--data")
        .arg(stage.data.path());
    let clock = SystemClock::new();
    let mainstay = Server::start(command, &logs.path().join("serve.log"))?;
    let at_start = mainstay.cpu()?;
    let give_up = Duration::from_secs(options.lead + options.within) + PATIENCE;
    while tally_of(&provider).await?.never > 0 && clock.monotonic() < give_up {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // The last answer is stored a moment after the provider has counted it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let spent = mainstay.cpu()?.saturating_sub(at_start);
    let resident = mainstay.resident_mib()?;
    drop(mainstay);
    all_once(tally_of(&provider).await?)?;
    let side = stage.open(Arc::new(ReqwestClient::new(guarded)?), "checking").await?;
    let least = check(&side, &grants).await?;
    side.close().await?;
    let each = report::millis(spent) / report::number(options.grants);
    report::line(&format!(
        "  real binary, provider over loopback: {} grants, each refreshed once and in time; the latest had {:.0} s left; \
         {each:.3} ms CPU a refresh with the network; resident {resident:.0} MiB",
        options.grants,
        least.as_secs_f64()
    ))
}

async fn without_the_network(options: &Options) -> Result<()> {
    let provider = Arc::new(Provider::new(options.grants, LIFE.as_secs()));
    let stage = Stage::new(None)?;
    let side = stage.open(Arc::new(InProcess(Arc::clone(&provider))), "bench").await?;
    let grants = stage.fill(&side, options).await?;
    let clock = SystemClock::new();
    let give_up = Duration::from_secs(options.lead + options.within) + PATIENCE;
    let stop = CancellationToken::new();
    let before = own_cpu();
    side.start(&stop);
    while provider.tally().never > 0 && clock.monotonic() < give_up {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let spent = own_cpu().saturating_sub(before);
    stop.cancel();
    all_once(provider.tally())?;
    let least = check(&side, &grants).await?;
    side.close().await?;
    let each = report::millis(spent) / report::number(options.grants);
    report::line(&format!(
        "  same rooms, provider in the process:  {} grants, each refreshed once and in time; the latest had {:.0} s left; \
         {each:.3} ms CPU a refresh without the network (wanted: under 0.5)",
        options.grants,
        least.as_secs_f64()
    ))
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<()> {
    report::line(&format!(
        "mass-expiry: {} grants due within {} s, SQLite on disk with synchronous=FULL; {}",
        options.grants,
        options.within,
        report::machine()
    ))?;
    with_the_binary(&options).await?;
    without_the_network(&options).await
}
