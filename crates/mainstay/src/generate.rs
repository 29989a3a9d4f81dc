//! `mainstay generate`: rows for load tests, in staging alone. What uses them is written to a file, since it is much.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use base::{EntropyExt as _, Secret, SystemEntropy};
use serde_json::Value;

use crate::cli::{Generate, Generation};
use crate::configuration::{Configuration, PleoEnvironment};
use crate::failure::Failure;
use crate::output::Output;
use crate::request::{CarriedSecret, Request};
use crate::short;

/// How many are made in one transaction. Their tokens fit into an answer on the control socket.
const AT_ONCE: usize = 10_000;

/// Carries the command out, some thousands at a time, here or through the server that holds the database.
pub(crate) async fn run(configuration: &Configuration, command: &Generate) -> Result<Output, Failure> {
    let Generate::Authorisations(Generation { count, out, .. }) = command;
    if configuration.environment != PleoEnvironment::Staging {
        return Err(not_staging());
    }
    let mut file = BufWriter::new(new_file(out).map_err(|error| not_written(out, &error))?);
    // A client of its own for each run: what other runs made goes on working.
    let client_id = format!("load-test-{}", SystemEntropy.text::<8>().to_lowercase());
    let client_secret = Secret::new(SystemEntropy.text::<32>());
    let mut made = 0;
    while made < *count {
        let request = Request::GenerateAuthorisations {
            client_id: client_id.clone(),
            client_secret: CarriedSecret(client_secret.clone()),
            count: (*count - made).min(AT_ONCE),
        };
        let output = short::run(configuration, request).await?;
        let rows = output.data.as_array().map(Vec::as_slice).unwrap_or_default();
        if rows.is_empty() {
            return Err(Failure::new(
                "no authorisations came back",
                "the other process answered with none",
                "let both be of the same version of mainstay",
            ));
        }
        for row in rows {
            write_line(&mut file, row).map_err(|error| not_written(out, &error))?;
        }
        made += rows.len();
    }
    file.flush().map_err(|error| not_written(out, &error))?;
    let data = serde_json::json!({"client_id": client_id, "authorisations": made, "file": out});
    Ok(Output::of(data).with_note(format!(
        "`mainstay platform clients remove {client_id}` ends all of them; the file holds secrets."
    )))
}

/// The refusal outside staging.
pub(crate) fn not_staging() -> Failure {
    Failure::usage(
        "rows for load tests exist in staging only",
        "the environment is production",
        "add `--environment staging`, on a database that is of staging",
    )
}

fn new_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn write_line(file: &mut impl std::io::Write, row: &Value) -> std::io::Result<()> {
    serde_json::to_writer(&mut *file, row)?;
    file.write_all(b"\n")
}

fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        format!("{} cannot be written", path.display()),
        error,
        "name a file that does not exist yet, in a directory where this user may write",
    )
}
