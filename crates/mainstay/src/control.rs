//! How a short command reaches the server that holds the SQLite database: a Unix socket beside the data, which only this
//! user can open. One JSON line asks, one answers.

mod address;

use std::future::Future;
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::runtime::Tasks;
use crate::side::Side;
use address::SocketAddress;

/// A seed file is the largest thing that goes through.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// A command that argon2 and a slow disk hold up takes a second; a server that does not answer in this time hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// Opens the socket and answers commands on it until the process stops.
pub(crate) fn serve<F, Answer>(
    instance_directory: &Path,
    side: Side,
    tasks: &Tasks,
    answer: F,
) -> Result<(), Failure>
where
    F: Fn(Request) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Result<Output, Failure>> + Send + 'static,
{
    let refused = |error: &io::Error| {
        Failure::new(
            format!("the control socket in {} cannot be opened", instance_directory.display()),
            error,
            "give this user the right to write there, or choose another place with `--data DIR`",
        )
    };
    let listener = listen(instance_directory, side).map_err(|error| refused(&error))?;
    let (tracker, stopping) = (tasks.tracker.clone(), tasks.stopping.clone());
    let address = SocketAddress::of(instance_directory, side).map_err(|error| refused(&error))?;
    tasks.tracker.spawn(async move {
        while let Some(accepted) = stopping.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, _)) => {
                    let answer = answer.clone();
                    tracker.spawn(async move {
                        if let Err(error) = converse(stream, answer).await {
                            tracing::warn!(event = "control.failed", %error, "a command on the control socket broke off");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(event = "control.failed", %error, "the control socket accepts nothing for a moment");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        // One that stays behind does no harm: the next server takes its place.
        if let Err(error) = std::fs::remove_file(address.path()) {
            tracing::debug!(event = "control.left", %error, "the control socket stays behind");
        }
    });
    Ok(())
}

fn listen(instance_directory: &Path, side: Side) -> io::Result<UnixListener> {
    let address = SocketAddress::of(instance_directory, side)?;
    // The lock of the database is held by now, so a socket that lies here belongs to a process that is gone.
    match std::fs::remove_file(address.path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(address.path())?;
    std::fs::set_permissions(address.path(), std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(listener)
}

async fn converse<F, Answer>(stream: UnixStream, answer: F) -> io::Result<()>
where
    F: Fn(Request) -> Answer,
    Answer: Future<Output = Result<Output, Failure>>,
{
    let (reading, mut writing) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reading.take(LONGEST_LINE)).read_line(&mut line).await?;
    let result = match serde_json::from_str::<Request>(&line) {
        Ok(request) => answer(request).await,
        // Not serde's own text, which repeats what it was given.
        Err(_) => Err(Failure::new(
            "the server does not understand this command",
            "the command and the server are of different versions",
            "use the same version for both, or stop the server and give the command again",
        )),
    };
    let mut text = serde_json::to_vec(&result).map_err(io::Error::other)?;
    text.push(b'\n');
    writing.write_all(&text).await
}

/// Nobody answers on the control socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreachable {
    /// What was tried and seen.
    pub(crate) why: String,
    /// Whether the command has certainly not been taken up, so that it may be given again.
    pub(crate) nothing_sent: bool,
}

/// Sends a command to the server that holds the database.
pub(crate) async fn ask(
    instance_directory: &Path,
    side: Side,
    request: &Request,
) -> Result<Result<Output, Failure>, Unreachable> {
    let unreachable = |nothing_sent: bool, error: &dyn std::fmt::Display| Unreachable {
        why: format!("the control socket in {} does not answer: {error}", instance_directory.display()),
        nothing_sent,
    };
    let address = SocketAddress::of(instance_directory, side).map_err(|error| unreachable(true, &error))?;
    let mut stream = UnixStream::connect(address.path()).await.map_err(|error| unreachable(true, &error))?;
    let conversation = async {
        let mut text = serde_json::to_vec(request).map_err(io::Error::other)?;
        text.push(b'\n');
        stream.write_all(&text).await?;
        let mut line = String::new();
        BufReader::new(stream.take(LONGEST_LINE)).read_line(&mut line).await?;
        serde_json::from_str::<Result<Output, Failure>>(&line).map_err(io::Error::other)
    };
    match tokio::time::timeout(PATIENCE, conversation).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(error)) => Err(unreachable(false, &error)),
        Err(_) => Err(unreachable(false, &format!("nothing came within {} s", PATIENCE.as_secs()))),
    }
}

#[cfg(test)]
mod tests;
