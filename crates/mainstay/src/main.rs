//! The binary `mainstay`: commands, configuration, telemetry, wiring, signals and the demo. The only reader of the
//! environment, and the only part that names the store.

mod access_control;
mod audit_log;
mod cli;
mod commands;
mod configuration;
mod control;
mod demo;
mod dispatch;
mod environment;
mod execute;
mod failure;
mod fault_points;
mod generate;
mod input;
mod instance;
mod output;
mod recover;
mod request;
mod routers;
mod runtime;
mod seeds;
mod servers;
mod serving;
mod short;
mod side;
mod switches;
mod telemetry;
mod upkeep;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

use cli::Cli;

/// Tokens, rows and answers are made on one thread and let go on another all the time, which the system's allocator does under locks:
/// a fifth of an introspection. This one gives back what is not in use.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // clap answers `--help` and wrong usage itself: exit codes 0 and 2.
    let cli = Cli::parse();
    match dispatch::dispatch(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::remark(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
