//! Carries out a short command: here, where the database is free, or through the server that holds it.

use std::sync::Arc;
use std::time::Duration;

use crate::configuration::{Configuration, PublicUrl};
use crate::control::{self, Unreachable};
use crate::execute;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::side::Side;
use crate::wiring::{self, NotOpened, Process, Which};

/// A server that starts holds the database a moment before it answers; another short command holds it for a moment.
const ATTEMPTS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Carries out a command.
pub(crate) async fn run(configuration: &Configuration, request: Request) -> Result<Output, Failure> {
    let side = request.side();
    if let Some(file) =
        configuration.sqlite_file(side.as_str()).filter(|file| !file.exists() && !request.begins())
    {
        return Err(Failure::new(
            format!("there is no {} side here", side.as_str()),
            format!("{} does not exist", file.display()),
            format!(
                "give the directory of its data with `--data DIR`, or start it with `{}`",
                side.serve_command()
            ),
        ));
    }
    let process = Process::of_command();
    let mut last = None;
    for _ in 0..ATTEMPTS {
        match wiring::open(&process, configuration, Which::from(side)).await {
            Ok(opened) => {
                let database = opened.database.clone();
                let result = here(&process, configuration, opened, request).await;
                let finished = process.tasks.finish().await;
                database.close().await;
                return result.and_then(|output| finished.map(|()| output));
            }
            Err(NotOpened::Failed(failure)) => return Err(failure),
            Err(NotOpened::InUse(_)) => {
                match control::ask(&configuration.instance_directory(), side, &request).await {
                    Ok(result) => return result,
                    Err(unreachable) if unreachable.nothing_sent => last = Some(unreachable),
                    Err(unreachable) => return Err(not_answered(side, &unreachable)),
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    let last = last
        .unwrap_or_else(|| Unreachable { why: "the database stays in use".to_owned(), nothing_sent: true });
    Err(not_answered(side, &last))
}

fn not_answered(side: Side, unreachable: &Unreachable) -> Failure {
    let doubt =
        if unreachable.nothing_sent { "" } else { "; whether the command was carried out is not known" };
    Failure::new(
        "another mainstay process holds the database and cannot be asked to carry out this command",
        format!("{}{doubt}", unreachable.why),
        format!(
            "give the command with the `--data` of that process (`{}`), or stop it first",
            side.serve_command()
        ),
    )
}

async fn here(
    process: &Process,
    configuration: &Configuration,
    opened: wiring::Opened,
    request: Request,
) -> Result<Output, Failure> {
    let side = request.side();
    let public_url = configuration
        .public_url
        .clone()
        .unwrap_or_else(|| PublicUrl::of_listener(side.default_address(configuration)));
    let guessed = configuration.public_url.is_none()
        && matches!(request, Request::ConnectionsLink { .. } | Request::ClientsSet { .. });
    let output = match side {
        Side::Connect => {
            let http = wiring::connect::http_client(configuration)?;
            let side =
                wiring::connect::build(process, configuration, opened, &public_url, Arc::clone(&http))?;
            execute::connect::execute(&side, request).await
        }
        Side::Platform | Side::Sandbox => {
            let side = wiring::platform::build(process, configuration, opened, &public_url)?;
            execute::platform::execute(&side, request).await
        }
    }?;
    Ok(if guessed {
        let note = format!(
            "No `--public-url` is configured, so {public_url} is taken for the address of the server."
        );
        Output {
            note: Some(output.note.map_or_else(|| note.clone(), |first| format!("{first}\n{note}"))),
            ..output
        }
    } else {
        output
    })
}
