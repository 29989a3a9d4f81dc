//! One look of the scheduler, with ever more grants stored and always the same number due.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use base::{Clock as _, SystemClock, SystemEntropy, Timestamp};
use refresh::{GivenCredential, GrantId, Store as _};

use crate::connect_side::ConnectSide;
use crate::process::own_cpu;
use crate::provider::{InProcess, Provider, refresh_token};
use crate::report;

/// What Pleo's access tokens live.
const LIFE: Duration = Duration::from_mins(15);

/// Options of `scheduler`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many grants are stored, rising
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    stored: Vec<u64>,
    /// How many of them are due
    #[arg(long, default_value_t = 100)]
    due: u64,
    /// How often it is looked
    #[arg(long, default_value_t = 500)]
    looks: usize,
}

/// Stores idle grants until there are `wanted`; their next look is days away.
async fn fill(side: &ConnectSide, from: u64, wanted: u64, now: Timestamp) -> Result<()> {
    let (clock, entropy) = (SystemClock::new(), SystemEntropy);
    // Nobody opens these, so one sealed credential does for all of them.
    let pattern = side.credential("pleo", LIFE, refresh_token(0, 1));
    let mut rest: Vec<u64> = (from..wanted).collect();
    while !rest.is_empty() {
        let part = rest.split_off(rest.len().saturating_sub(20_000));
        let given: Vec<GivenCredential> = part
            .into_iter()
            .map(|number| {
                let next = now + Duration::from_hours(24) + Duration::from_secs(number % 1_000_000);
                let grant = GrantId::new(&clock, &entropy);
                GivenCredential { grant, next_action_at: Some(next), ..pattern.clone() }
            })
            .collect();
        side.give(&given).await?;
    }
    Ok(())
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<()> {
    report::line(&format!(
        "scheduler: {} grants due, the others idle, SQLite on disk; {}",
        options.due,
        report::machine()
    ))?;
    let steps = u64::try_from(options.stored.len())?;
    let provider = Arc::new(Provider::new(options.due * steps, LIFE.as_secs()));
    let data = tempfile::tempdir()?;
    let clock = Arc::new(SystemClock::new());
    let settings = refresh::Settings::new("bench".to_owned());
    let http = Arc::new(InProcess(Arc::clone(&provider)));
    let side = ConnectSide::open(data.path(), http, &BTreeMap::new(), clock.clone(), settings).await?;
    side.set_client().await?;
    let (mut held, mut refreshed) = (0, 0);
    for stored in options.stored {
        fill(&side, held, stored - options.due, clock.now()).await?;
        let due: Vec<GivenCredential> = (refreshed..refreshed + options.due)
            .map(|number| {
                let given = side.credential("pleo", LIFE, refresh_token(number, 1));
                GivenCredential { next_action_at: Some(clock.now()), ..given }
            })
            .collect();
        side.give(&due).await?;
        let mut looks = Vec::with_capacity(options.looks);
        let (before, begun) = (own_cpu(), clock.monotonic());
        for _ in 0..options.looks {
            let asked = clock.monotonic();
            let found = side.database.due(clock.now(), 256).await?;
            looks.push(clock.monotonic().saturating_sub(asked).as_secs_f64() * 1e6);
            ensure!(found.len() as u64 == options.due, "{} are due, {} were found", options.due, found.len());
        }
        let times = report::number(looks.len() as u64);
        let cpu = own_cpu().saturating_sub(before).as_secs_f64() * 1e6 / times;
        let mean = clock.monotonic().saturating_sub(begun).as_secs_f64() * 1e6 / times;
        let (asked, spent) = (clock.monotonic(), own_cpu());
        let taken_up = side.authority.schedule_once().await?;
        ensure!(taken_up as u64 == options.due, "{taken_up} were taken up");
        let pass = clock.monotonic().saturating_sub(asked);
        let pass_cpu = report::millis(own_cpu().saturating_sub(spent));
        let size = std::fs::metadata(data.path().join("connect.db"))?.len() / (1024 * 1024);
        report::line(&format!(
            "  {stored:>8} stored ({size:>4} MiB): a look takes {:.0} us (mean {mean:.0}, CPU {cpu:.0}); \
             looking and refreshing all {} one after another takes {:.0} ms ({pass_cpu:.0} ms CPU)",
            report::median(&looks),
            options.due,
            report::millis(pass),
        ))?;
        (held, refreshed) = (stored, refreshed + options.due);
    }
    ensure!(provider.tally().refused == 0, "a refresh was refused");
    side.close().await?;
    Ok(())
}
