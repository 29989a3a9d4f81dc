//! Makes the tables of faults: `cargo run --release -p faults` and `cargo run --release -p faults -- platform`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use faults::{Binary, Ground, Page, Table, Tried, platform, rows};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};

/// Ends, stops and cuts off real processes in the middle of a refresh, and prints the table of fault, promise, seen and ok. Exits 1
/// if a row is open or failed.
#[derive(Debug, Parser)]
struct Options {
    /// Without one: the faults of the connect side
    #[command(subcommand)]
    table: Option<Other>,
    /// Only rows whose names contain this; may be repeated, then all of the words must be there
    #[arg(long, value_name = "TEXT", global = true)]
    only: Vec<String>,
    /// How many rows are tried at the same time, 12 unless given; those of the platform one by one, as they do not wait
    #[arg(long, global = true)]
    jobs: Option<usize>,
    /// Name the rows and try none
    #[arg(long, global = true)]
    list: bool,
    /// Try this binary instead of building one
    #[arg(long, value_name = "FILE", global = true)]
    binary: Option<PathBuf>,
    /// Keep the logs of rows that do not hold in this directory
    #[arg(long, value_name = "DIR", global = true, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/faults"))]
    keep: PathBuf,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Other {
    /// Races of refreshes and revocations, and kill -9, on the platform side
    Platform {
        /// How often each race is run, and how many rotations there are between the kills
        #[arg(long, default_value_t = FULL)]
        rounds: u32,
    },
}

/// The rounds that the page speaks of.
const FULL: u32 = 1000;
/// Where the tables are written when all of their rows were tried.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/real-process-faults.md");
const PLATFORM_PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/platform-faults.md");

/// What tries it.
type Run = dyn for<'ground> FnOnce(&'ground Ground) -> LocalBoxFuture<'ground, Tried>;

/// A row or a trial.
struct Chosen {
    name: String,
    run: Box<Run>,
}

impl Options {
    fn chosen(&self) -> Vec<Chosen> {
        let mut chosen: Vec<Chosen> = match self.table {
            None => rows::all()
                .into_iter()
                .map(|row| Chosen {
                    name: row.name(),
                    run: Box::new(move |ground| row.run(ground).boxed_local()),
                })
                .collect(),
            Some(Other::Platform { rounds }) => platform::all(rounds)
                .into_iter()
                .map(|trial| Chosen {
                    name: trial.name(),
                    run: Box::new(move |ground| trial.run(ground).boxed_local()),
                })
                .collect(),
        };
        chosen.retain(|row| self.only.iter().all(|text| row.name.contains(text.as_str())));
        chosen
    }

    /// Where the page of the whole table goes, if this is the whole.
    fn page(&self) -> Option<(&'static str, Page)> {
        match self.table {
            _ if !self.only.is_empty() => None,
            None => Some((PAGE, Page::Refreshes)),
            Some(Other::Platform { rounds }) => (rounds >= FULL).then_some((PLATFORM_PAGE, Page::Platform)),
        }
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let chosen = options.chosen();
    ensure!(!chosen.is_empty(), "no row's name contains all of {:?}; `--list` names them", options.only);
    if options.list {
        for row in &chosen {
            say(&row.name);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let binary = match &options.binary {
        Some(path) => Binary::at(path)?,
        None => Binary::built().await?,
    };
    let ground = Ground::new(binary, Some(options.keep.clone()))?;
    let ground = &ground;
    // Each line is printed as its row comes to its end; the page has them in order.
    let trying = chosen.into_iter().enumerate().map(|(place, row)| async move {
        let tried = (row.run)(ground).await;
        say_row(&tried);
        (place, tried)
    });
    let jobs = options.jobs.unwrap_or(if options.table.is_some() { 1 } else { 12 });
    let mut tried: Vec<(usize, Tried)> = stream::iter(trying).buffer_unordered(jobs.max(1)).collect().await;
    tried.sort_by_key(|(place, _)| *place);
    let table = Table(tried.into_iter().map(|(_, tried)| tried).collect());
    say(&table.summary());
    if let Some((path, page)) = options.page() {
        std::fs::write(Path::new(path), table.page(page)).with_context(|| format!("write {path}"))?;
    }
    Ok(if table.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn say_row(tried: &Tried) {
    let Tried { group, fault, promise, seen, verdict, took, .. } = tried;
    say(&format!("{verdict:<6} {group}: {fault} | {promise} | {seen} ({} s)", took.as_secs()));
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say(line: &str) {
    println!("{line}");
}
