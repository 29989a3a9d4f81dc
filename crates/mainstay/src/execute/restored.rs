//! Short commands of the platform side about a database that looks restored from a backup.

use audit::{Actor, AuditEvent};
use continuity::{Doubt, StartError};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::platform::PlatformSide;

fn unknown(error: &StartError) -> Failure {
    Failure::new(
        "it cannot be told whether the database was restored",
        error,
        "see that the database can be reached and DIR/instance be read, then give the command again",
    )
}

/// In a process of its own, before any server: compares the database with what is remembered. Where others may have the database open,
/// that is left to the servers: this machine may be none of theirs and remember nothing.
async fn look_first(side: &PlatformSide) -> Result<(), Failure> {
    if side.keeper.has_started() || !side.opened.database.is_exclusive() {
        return Ok(());
    }
    if let Some(change) = side.keeper.start().await.map_err(|error| unknown(&error))? {
        side.tell(change).await;
    }
    Ok(())
}

fn shown(doubt: Option<&Doubt>) -> Value {
    match doubt {
        None => json!({"held": false}),
        Some(doubt) => json!({
            "held": true,
            "sign": doubt.sign.code(),
            "since": doubt.since,
            "remembered": doubt.remembered,
            "found": doubt.found,
            "last_seen_alive_at": doubt.last_beat_at,
        }),
    }
}

/// `recover status --side platform`.
pub(crate) async fn status(side: &PlatformSide) -> Result<Output, Failure> {
    look_first(side).await?;
    let standing = side.keeper.standing().await.map_err(|error| unknown(&error.into()))?;
    let note = match &standing.doubt {
        None => "Nothing is held back.".to_owned(),
        Some(doubt) => {
            let since = doubt.last_beat_at.map_or_else(String::new, |at| format!(" after {at}"));
            format!(
                "{} It looks restored from a backup, so nothing is served. What was revoked, signed out, rotated or disabled{since} is \
                 as it was before. Put the right database in place; or, if this is the one to go on with, say so with `mainstay \
                 recover accept --side platform` and revoke again what must not work (`mainstay audit export --side platform`, on a copy of \
                 the lost database or its logs, tells what that was).",
                doubt.sign.sentence()
            )
        }
    };
    Ok(Output::of(shown(standing.doubt.as_ref())).with_note(note))
}

/// `recover accept --side platform`.
pub(crate) async fn accept(side: &PlatformSide) -> Result<Output, Failure> {
    look_first(side).await?;
    let failed = |error: &dyn std::fmt::Display| Failure::database("the database was not accepted", error);
    // Sessions that were ended since the backup are back; nobody loses more than a sign-in.
    let sessions = match side.keeper.standing().await.map_err(|error| failed(&error))?.doubt {
        Some(_) => side.identity.end_all_sessions().await.map_err(|error| failed(&error))?,
        None => 0,
    };
    let accepted = side.keeper.accept().await.map_err(|error| failed(&error))?;
    let event = AuditEvent::new("restored_backup.accepted", Actor::CommandLine);
    let event = match &accepted {
        Some(doubt) => event
            .with("sign", doubt.sign.code())
            .with("remembered", doubt.remembered)
            .with("found", doubt.found),
        None => event,
    };
    side.records.ledger.done(event).await;
    // The log lost its end with the database, or alone where the backup was too young to be noticed.
    side.records.chain.accept().await.map_err(|error| failed(&error))?;
    if accepted.is_none() {
        let note = "Nothing was held back. The end of the audit log is remembered anew.";
        return Ok(Output::of(json!({"accepted": false})).with_note(note));
    }
    let note = "Everything is served again, within a second in other processes. Everybody signs in again. Tokens that were rotated since \
                the backup are refused, and those they replaced work; to end all that a client was granted, give `mainstay platform \
                clients rotate-secret CLIENT_ID --compromised`.";
    Ok(Output::of(json!({"accepted": true, "sessions_ended": sessions})).with_note(note))
}
