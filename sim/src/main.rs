//! `cargo run --release -p sim -- --seeds 1000`: runs the simulation and says what held.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock as _, SystemClock};
use clap::Parser;
use sim::{DeliberateFault, Options, Report};

/// Runs the simulation of the refresh authority. Exits with 1 if an invariant did not hold.
#[derive(Debug, Parser)]
#[command(name = "sim")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Runs this seed alone and prints its trace.
    #[arg(long)]
    seed: Option<u64>,
    /// Breaks an invariant on purpose.
    #[arg(long, value_name = "NAME")]
    fault: Option<DeliberateFault>,
    /// Restores the database from a copy in each run that has faults, and not only in a quarter of them (rule 14).
    #[arg(long)]
    restores: bool,
    /// How many runs at a time; as many as there are processors unless given.
    #[arg(long)]
    threads: Option<usize>,
    /// Ends at the first seed that does not hold.
    #[arg(long)]
    stop_early: bool,
    /// Begins no further run after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    within: Option<u64>,
}

#[allow(clippy::print_stdout, reason = "a command for people")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = Options { fault: arguments.fault, restores: arguments.restores };
    sim::watch_panics();
    let report = if let Some(seed) = arguments.seed {
        let record = sim::run(seed, options);
        println!("{:#?}\n", record.plan);
        for entry in &record.entries {
            println!("{entry}");
        }
        println!();
        for row in &record.rows {
            println!("{row:#?}");
        }
        let findings = sim::check(&record);
        for violation in &findings.violations {
            println!("{} s, {}: {}", violation.at.as_secs(), violation.invariant, violation.what);
        }
        let mut report = Report::default();
        report.add(&record, &findings);
        report
    } else {
        many(&arguments, options)
    };
    println!("{report}");
    if report.runs == 0 {
        println!("nothing was run");
        ExitCode::FAILURE
    } else if report.holds() {
        println!("every invariant held");
        ExitCode::SUCCESS
    } else {
        println!("an invariant did not hold; look at one of the seeds with `--seed`");
        ExitCode::FAILURE
    }
}

fn many(arguments: &Arguments, options: Options) -> Report {
    let next = Arc::new(AtomicU64::new(arguments.from));
    let stop = Arc::new(AtomicBool::new(false));
    let end = arguments.from + arguments.seeds;
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.threads.unwrap_or_else(processors).max(1);
    let stop_early = arguments.stop_early;
    let within = arguments.within.map(Duration::from_secs);
    let clock = Arc::new(SystemClock::new());
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (next, stop, clock) = (next.clone(), stop.clone(), clock.clone());
            std::thread::spawn(move || {
                let mut report = Report::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let is_late = within.is_some_and(|within| clock.monotonic() >= within);
                    if seed >= end || is_late || stop.load(Ordering::Relaxed) {
                        return report;
                    }
                    let record = sim::run(seed, options);
                    report.add(&record, &sim::check(&record));
                    if stop_early && !report.holds() {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    let mut report = Report::default();
    for worker in workers {
        report.merge(worker.join().expect("a run that panics is a finding, not the end of its thread"));
    }
    report
}
