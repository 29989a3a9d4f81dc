//! Measurements, each printed with what it was measured beside. `docs/benchmarks.md` tells how to run them and what they gave.
//!
//! Everything happens on this machine's loopback and comes to an end by itself.

mod bare;
mod connect_side;
mod idle;
mod load;
mod mass_expiry;
mod platform;
mod platform_side;
mod process;
mod provider;
mod report;
mod scheduler;
mod token_read;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures Mainstay.
#[derive(Debug, Parser)]
#[command(name = "bench", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A token read from memory through the real binary, against a bare axum answer of the same size
    TokenRead(token_read::Options),
    /// Many grants that fall due within a minute: each refreshed once and in time, and what a refresh costs
    MassExpiry(mass_expiry::Options),
    /// One look of the scheduler over 10⁴, 10⁵ and 10⁶ stored grants
    Scheduler(scheduler::Options),
    /// Refresh with rotation and introspection, against npm's `oidc-provider` and a bare axum answer
    Platform(platform::Options),
    /// Memory and start of `mainstay demo`
    Idle(idle::Options),
    /// Answers every GET with the same bytes; what others are measured against
    #[command(hide = true)]
    Bare {
        /// Bytes of the answer's body
        #[arg(long)]
        body_size: usize,
    },
    /// A token endpoint that rotates strictly
    #[command(hide = true)]
    Provider {
        /// How many grants it has given
        #[arg(long)]
        grants: u64,
        /// The life of the access tokens it gives
        #[arg(long)]
        expires_in: u64,
    },
}

/// Which binary is measured.
#[derive(Debug, clap::Args)]
struct Binary {
    /// Measure this `mainstay` instead of building the release of this checkout
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

/// Any port of the loopback.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn main() -> Result<()> {
    let cli = Cli::parse();
    // As many threads as the servers have: none of them is held up by the other side of its connection.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::TokenRead(options) => token_read::run(options).await,
            Command::MassExpiry(options) => mass_expiry::run(options).await,
            Command::Scheduler(options) => scheduler::run(options).await,
            Command::Platform(options) => platform::run(options).await,
            Command::Idle(options) => idle::run(&options),
            Command::Bare { body_size } => bare::serve(body_size).await,
            Command::Provider { grants, expires_in } => provider::serve(grants, expires_in).await,
        }
    })
}
