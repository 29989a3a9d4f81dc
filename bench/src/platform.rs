//! Refresh with rotation, and introspection, at the platform's doors: the real binary on SQLite with `synchronous=FULL`, npm's
//! `oidc-provider` with everything in memory, and a bare axum answer, one after another in each round. With `--postgres` the two
//! servers share a PostgreSQL instead.

mod contender;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use testkit::databases::{Cluster, Durability, PostgresDatabase};

use crate::load::Span;
use crate::platform_side::{Holding, Pair, Place};
use crate::process::Server;
use crate::{Binary, report};
use contender::{Contender, MAINSTAY, OIDC_PROVIDER, Question};

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
    /// Let both servers keep their rows in a PostgreSQL on this machine, which is started for it
    #[arg(long)]
    postgres: bool,
    /// Compare with a second platform that holds so many authorisations, of which as many are used as of the first
    #[arg(long, value_name = "COUNT")]
    crowded: Option<usize>,
}

/// A database of its own for each server, if they are to use PostgreSQL.
struct Postgres(Option<&'static Cluster>);

impl Postgres {
    fn start(wanted: bool) -> Result<Self> {
        if !wanted {
            return Ok(Self(None));
        }
        let cluster = Cluster::start(Durability::Real).map_err(|missing| anyhow::anyhow!("{missing}"))?;
        // It ends with this process.
        Ok(Self(Some(Box::leak(Box::new(cluster)))))
    }

    fn database(&self) -> Option<PostgresDatabase> {
        self.0.map(Cluster::database)
    }
}

fn oidc_provider(directory: &Path, tokens: usize, postgres: Option<&str>) -> Result<(Server, Holding)> {
    let home = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/oidc-provider"));
    ensure!(
        home.join("node_modules/oidc-provider").exists() && home.join("node_modules/pg").exists(),
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
    if let Some(url) = postgres {
        command.args(["--postgres", url]);
    }
    let server = Server::start(command, &directory.join("oidc.log"))?;
    let pairs: Vec<(String, String)> = serde_json::from_slice(&std::fs::read(out)?)?;
    let pairs = pairs.into_iter().map(|(access, refresh)| Pair { access, refresh }).collect();
    let client_secret = "bench-secret-bench-secret-bench-secret".to_owned();
    Ok((server, Holding { client_id: "bench".to_owned(), client_secret, pairs }))
}

fn mainstay(name: &'static str, options: &Options, place: &Place, held: usize) -> Result<Contender> {
    let mut holding = place.generate(held)?;
    contender::shuffle(&mut holding.pairs);
    holding.pairs.truncate(options.authorisations);
    let server = Server::start(place.serve(), &place.data.join("platform.log"))?;
    let file = place.postgres.is_none().then(|| place.data.join("platform.db"));
    let mut contender = Contender::new(name, server, MAINSTAY, holding, options.clients);
    contender.file = file;
    Ok(contender)
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<()> {
    let binary = options.binary.path()?;
    let where_to = if options.postgres { "PostgreSQL" } else { "SQLite on disk with synchronous=FULL" };
    report::line(&format!(
        "platform: {} live authorisations, {} clients, {} s a round, {where_to}; {}",
        options.authorisations,
        options.clients,
        options.seconds,
        report::machine()
    ))?;
    let scratch = tempfile::tempdir()?;
    let postgres = Postgres::start(options.postgres)?;
    let databases = [postgres.database(), postgres.database(), postgres.database()];
    let url = |number: usize| databases[number].as_ref().map(PostgresDatabase::url);
    let place = |directory: &str, number: usize| Place {
        binary: binary.clone(),
        data: scratch.path().join(directory),
        postgres: url(number),
    };
    let mut own = mainstay("mainstay", &options, &place("own", 0), options.authorisations)?;
    let mut crowded = match options.crowded {
        Some(count) => Some(mainstay("mainstay, crowded", &options, &place("crowded", 1), count)?),
        None => None,
    };
    let mut other = if options.alone {
        None
    } else {
        let (server, holding) = oidc_provider(scratch.path(), options.authorisations, url(2).as_deref())?;
        Some(Contender::new("oidc-provider", server, OIDC_PROVIDER, holding, options.clients))
    };
    let span = Span { warm_up: Duration::from_secs(1), counted: Duration::from_secs(options.seconds) };
    for question in [Question::Introspect, Question::Refresh] {
        own.round(question, Span { warm_up: Duration::ZERO, counted: Duration::from_millis(200) }).await?;
        let mut bare = Contender::bare(own.body, options.clients, &scratch.path().join("bare.log"))?;
        for _ in 0..options.rounds {
            let all = [Some(&mut own), crowded.as_mut(), other.as_mut(), Some(&mut bare)];
            for contender in all.into_iter().flatten() {
                contender.round(question, span).await?;
            }
        }
        let (rate, ceiling) = (own.rate(), bare.rate());
        let mut told = format!(
            "platform: {question:?}: median {rate:.0}/s; against the bare answer ({ceiling:.0}/s) {:.2}",
            rate / ceiling
        );
        for (contender, name) in [(&mut other, "oidc-provider"), (&mut crowded, "the crowded one")] {
            if let Some(contender) = contender {
                let its = contender.rate();
                write!(told, "; against {name} ({its:.0}/s) {:.2} times", rate / its)?;
            }
        }
        report::line(&told)?;
    }
    for contender in [Some(&own), crowded.as_ref()].into_iter().flatten() {
        report::line(&format!(
            "platform: {}: resident {:.0} MiB",
            contender.name,
            contender.server.resident_mib()?
        ))?;
    }
    Ok(())
}
