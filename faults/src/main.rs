//! Makes the table of faults: `cargo run --release -p faults`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use faults::{Binary, Ground, Table, Tried, rows};
use futures_util::StreamExt as _;
use futures_util::stream;

/// Ends, stops and cuts off real processes in the middle of a refresh, and prints the table of fault, promise, seen and ok. Exits 1
/// if a row is open or failed.
#[derive(Debug, Parser)]
struct Options {
    /// Only rows whose names contain this; may be repeated, then all of the words must be there
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// How many rows are tried at the same time; they wait most of their time
    #[arg(long, default_value_t = 12)]
    jobs: usize,
    /// Name the rows and try none
    #[arg(long)]
    list: bool,
    /// Try this binary instead of building one
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Keep the logs of rows that do not hold in this directory
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/faults"))]
    keep: PathBuf,
}

/// Where the table is written when all rows were tried.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/real-process-faults.md");

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let mut chosen = rows::all();
    chosen.retain(|row| options.only.iter().all(|text| row.name().contains(text.as_str())));
    ensure!(!chosen.is_empty(), "no row's name contains all of {:?}; `--list` names them", options.only);
    if options.list {
        for row in &chosen {
            say(&row.name());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let binary = match &options.binary {
        Some(path) => Binary::at(path)?,
        None => Binary::built().await?,
    };
    let ground = Ground::new(binary, Some(options.keep))?;
    let ground = &ground;
    // Each line is printed as its row comes to its end; the page has them in order.
    let trying = chosen.into_iter().enumerate().map(|(place, row)| async move {
        let tried = row.run(ground).await;
        say_row(&tried);
        (place, tried)
    });
    let mut tried: Vec<(usize, Tried)> =
        stream::iter(trying).buffer_unordered(options.jobs.max(1)).collect().await;
    tried.sort_by_key(|(place, _)| *place);
    let table = Table(tried.into_iter().map(|(_, tried)| tried).collect());
    say(&table.summary());
    if options.only.is_empty() {
        std::fs::write(Path::new(PAGE), table.page()).with_context(|| format!("write {PAGE}"))?;
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
