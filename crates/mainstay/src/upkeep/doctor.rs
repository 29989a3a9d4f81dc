//! `mainstay doctor`: what is wrong here, in words, with the remedy.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;

use base::{Clock as _, SystemClock, Timestamp};
use seal::KeyRing;
use serde_json::{Value, json};

use super::databases;
use crate::configuration::{Configuration, NO_PROXY};
use crate::control;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::side::Side;
use crate::wiring::{self, NotOpened, Process, Which};

/// A clock before this is wrong: the program is younger.
const EARLIEST: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// What is found, one after the other.
#[derive(Debug, Default)]
struct Findings(Vec<Value>);

impl Findings {
    fn good(&mut self, what: impl Into<String>) {
        self.0.push(json!({"ok": true, "what": what.into(), "why": null, "remedy": null}));
    }

    /// Something that may be meant and seldom is.
    fn doubtful(&mut self, what: &str, why: &str, remedy: &str) {
        self.0.push(json!({"ok": true, "what": what, "why": why, "remedy": remedy}));
    }

    fn bad(&mut self, failure: Failure) {
        let Failure { what, why, remedy, .. } = failure;
        self.0.push(json!({"ok": false, "what": what, "why": why, "remedy": remedy}));
    }
}

/// Looks at everything that commonly goes wrong. Changes nothing. Fails if something is wrong, after showing all of it.
pub(crate) async fn doctor(configuration: &Configuration) -> (Output, Result<(), Failure>) {
    let mut findings = Findings::default();
    let mut running = false;
    clock(&mut findings);
    directory(configuration, &mut findings);
    catalogue(configuration, &mut findings);
    let found = databases(configuration, None);
    if found.is_empty() && configuration.sqlite_file("connect").is_some() {
        findings.good(format!(
            "there is no database in {} yet; the first start makes it",
            configuration.data.display()
        ));
    }
    for (side, system) in found {
        let which = Which { side, system: system.as_deref() };
        keys(configuration, which, &mut findings);
        running |= database(configuration, which, &mut findings).await;
    }
    if configuration.sqlite_file("connect").is_none() {
        for side in [Side::Connect, Side::Platform]
            .into_iter()
            .filter(|side| configuration.key_file(side.as_str()).exists())
        {
            keys(configuration, side.into(), &mut findings);
            running |= database(configuration, side.into(), &mut findings).await;
        }
    }
    if configuration.proxy_is_not_named() {
        findings.doubtful(NO_PROXY.what, NO_PROXY.why, NO_PROXY.remedy);
    }
    if let Some(address) = configuration.listen {
        port(address, running, &mut findings);
    }
    let wrong = findings.0.iter().filter(|finding| finding["ok"] == false).count();
    let result = if wrong == 0 {
        Ok(())
    } else {
        Err(Failure::new(
            format!("{wrong} of {} things are not in order", findings.0.len()),
            "each is named in the list, with its cause",
            "follow the remedies and give the command again",
        ))
    };
    (Output::list(findings.0, &["ok", "what", "why", "remedy"]), result)
}

fn clock(findings: &mut Findings) {
    let now = SystemClock::new().now();
    if now < EARLIEST {
        findings.bad(Failure::new(
            format!("the clock shows {now}"),
            "that is before this program was made, so tokens and certificates look expired or not yet valid",
            "set the clock, for example with `timedatectl set-ntp true`",
        ));
    } else {
        findings.good(format!("the clock shows {now}; compare it with another one"));
    }
}

fn directory(configuration: &Configuration, findings: &mut Findings) {
    let data = &configuration.data;
    match std::fs::metadata(data) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            findings.good(format!(
                "the data directory {} is not there yet; the first start makes it",
                data.display()
            ));
        }
        Err(error) => findings.bad(Failure::new(
            format!("the data directory {} cannot be looked at", data.display()),
            error,
            "give this user the right to it, or choose another with `--data DIR`",
        )),
        Ok(metadata) if !metadata.is_dir() => findings.bad(Failure::new(
            format!("{} is no directory", data.display()),
            "the data directory must be one",
            "choose another with `--data DIR`",
        )),
        Ok(metadata) if metadata.mode() & 0o022 != 0 => findings.bad(Failure::new(
            format!("the data directory {} can be written by others", data.display()),
            format!("its mode is {:04o}", metadata.mode() & 0o7777),
            format!("run `chmod 700 {}`", data.display()),
        )),
        Ok(_) if rustix::fs::access(data, rustix::fs::Access::WRITE_OK).is_err() => {
            findings.bad(Failure::new(
                format!("the data directory {} cannot be written", data.display()),
                "this user has no right to, or the disk is mounted read-only",
                "run mainstay as the owner of the directory, or choose another with `--data DIR`",
            ));
        }
        Ok(_) => findings.good(format!("the data directory {} can be written", data.display())),
    }
}

fn catalogue(configuration: &Configuration, findings: &mut Findings) {
    let checked = wiring::connect::catalogue(configuration)
        .and_then(|catalogue| wiring::connect::overrides(configuration, &catalogue));
    match checked {
        Ok(_) => findings.good("the catalogue of providers is right and the configuration fits it"),
        Err(failure) => findings.bad(failure),
    }
}

fn keys(configuration: &Configuration, which: Which<'_>, findings: &mut Findings) {
    let path = configuration.key_file(&which.name());
    match KeyRing::open(&path) {
        Ok(_) => findings.good(format!("the key file {} can be read, by its owner alone", path.display())),
        Err(error) => findings.bad(Failure::new(
            format!("the key file of {} cannot be used", which.name()),
            error,
            "put the right file back, with mode 0600 and the right owner",
        )),
    }
}

/// Whether a running server holds the database.
async fn database(configuration: &Configuration, which: Which<'_>, findings: &mut Findings) -> bool {
    let location = wiring::location(configuration, which);
    match wiring::open(&Process::of_command(), configuration, which).await {
        Ok(opened) => {
            let probed = opened.database.probe_writable().await;
            if which.side == Side::Platform {
                restored(&opened.database, findings).await;
            }
            opened.database.close().await;
            match probed {
                Ok(()) => findings.good(format!("{location} opens with its keys and can be written")),
                Err(error) => findings.bad(Failure::database(format!("{location} cannot be written"), error)),
            }
        }
        // Its server is asked the same by `/readyz`, and here what it may be holding back.
        Err(NotOpened::InUse(_)) => {
            findings.good(format!("{location} is held by a running server; its `/readyz` tells how it is"));
            if which.side == Side::Platform {
                held_back(configuration, findings).await;
            }
            return true;
        }
        Err(NotOpened::Failed(failure)) => findings.bad(failure),
    }
    false
}

/// Whether the platform's database looks restored and waits for the operator.
async fn restored(database: &store::Database, findings: &mut Findings) {
    match continuity::Store::standing(database).await {
        Ok(standing) => {
            if let Some(doubt) = standing.doubt {
                findings.bad(stands_still(doubt.sign.sentence()));
            }
        }
        Err(error) => findings
            .bad(Failure::database("it cannot be told whether the platform's database was restored", error)),
    }
}

fn stands_still(why: impl std::fmt::Display) -> Failure {
    Failure::new(
        "the platform serves nothing: its database looks restored from a backup",
        why,
        "see `mainstay recover status --side platform`; if it is the right one, `mainstay recover accept --side platform`",
    )
}

/// The same, asked of the running server.
async fn held_back(configuration: &Configuration, findings: &mut Findings) {
    let side = Side::Platform;
    match control::ask(&configuration.instance_directory(), side, &Request::RecoverStatus { side }).await {
        Ok(Ok(output)) if output.data["held"] == false => {
            findings.good("the platform's database is the one that was left");
        }
        Ok(Ok(output)) => {
            findings.bad(stands_still(output.note.unwrap_or_else(|| output.data.to_string())));
        }
        Ok(Err(failure)) => findings.bad(failure),
        Err(unreachable) => findings.bad(Failure::new(
            "it cannot be told whether the platform stands still after a restore",
            unreachable.why,
            "ask its `/readyz`, and give the command with the `--data` of that server",
        )),
    }
}

fn port(address: std::net::SocketAddr, running: bool, findings: &mut Findings) {
    match TcpListener::bind(address) {
        Ok(_) => findings.good(format!("the address {address} is free")),
        Err(error) if running && error.kind() == std::io::ErrorKind::AddrInUse => {
            findings.good(format!("the address {address} is taken, by the running server as it seems"));
        }
        Err(error) => findings.bad(Failure::new(
            format!("the address {address} cannot be listened on"),
            error,
            "stop the program that listens there, or choose another with `--listen`",
        )),
    }
}
