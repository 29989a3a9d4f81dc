//! `mainstay audit`: over the sides that are here, and in pages, so that a log of any length goes through.

use base::Timestamp;
use serde_json::Value;

use crate::cli::{Audit, Export, RecordedSide};
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::request::{ExportPage, Request};
use crate::short;
use crate::side::Side;

/// Records of one page: a few hundred kilobytes.
const PAGE: u32 = 1000;

/// What `audit verify` has to say, and whether all is in order.
pub(crate) type Verified = (Output, Result<(), Failure>);

/// Carries out `audit verify`, or `audit export`, which prints by itself.
pub(crate) async fn run(configuration: &Configuration, command: &Audit) -> Result<Option<Verified>, Failure> {
    match command {
        Audit::Verify(choice) => verify(configuration, choice.side).await.map(Some),
        Audit::Export(options) => export(configuration, options).await.map(|()| None),
    }
}

async fn verify(configuration: &Configuration, side: Option<RecordedSide>) -> Result<Verified, Failure> {
    let mut rows = Vec::new();
    for side in sides(configuration, side) {
        rows.push(short::run(configuration, Request::AuditVerify { side }).await?.data);
    }
    let bad: Vec<String> = rows.iter().filter_map(problem).collect();
    let without_memory = rows.iter().any(|row| row["end_is_known"] == false);
    let result = if bad.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(
            "the audit log is not as it was written",
            bad.join("; "),
            "find out who can write to the database. After a restored backup this is expected: `mainstay recover status` tells, and \
             `mainstay recover accept` goes on with the log that is there",
        ))
    };
    let columns = [
        "side",
        "blocks",
        "records",
        "rotations",
        "waiting",
        "sealed_until",
        "problem.place",
        "problem.what",
    ];
    let output = Output::list(rows, &columns);
    let output = if without_memory {
        output.with_note(
            "DIR/instance remembered no end of the log, so it is not known whether the end was cut off before now.",
        )
    } else {
        output
    };
    Ok((output, result))
}

fn problem(row: &Value) -> Option<String> {
    let problem = row.get("problem").filter(|problem| !problem.is_null())?;
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let side = row["side"].as_str().unwrap_or_default();
    Some(format!("{side} side, {}: {}", text("place"), text("what")))
}

async fn export(configuration: &Configuration, options: &Export) -> Result<(), Failure> {
    let Export { side, since, until, kind } = options;
    let sides = sides(configuration, side.side);
    let is_one = sides.len() == 1;
    for side in sides {
        export_side(configuration, side, (*since, *until, kind.as_ref()), is_one).await?;
    }
    Ok(())
}

async fn export_side(
    configuration: &Configuration,
    side: Side,
    (from, until, kind): (Option<Timestamp>, Option<Timestamp>, Option<&String>),
    is_one: bool,
) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let page = ExportPage { from, until, kind: kind.cloned(), after, limit: PAGE };
        let mut data = short::run(configuration, Request::AuditExport { side, page }).await?.data;
        for row in data["data"].as_array_mut().into_iter().flatten() {
            if !is_one {
                row["side"] = Value::String(side.as_str().to_owned());
            }
            output::line(row)?;
        }
        after = data["next"].as_str().map(str::to_owned);
        if after.is_none() {
            return Ok(());
        }
    }
}

/// The side that was named, or all that are here.
pub(crate) fn sides(configuration: &Configuration, named: Option<RecordedSide>) -> Vec<Side> {
    if let Some(side) = named {
        return vec![side.into()];
    }
    let both = [Side::Connect, Side::Platform];
    let is_here = |side: &Side| match configuration.sqlite_file(side.as_str()) {
        Some(file) => file.exists(),
        None => configuration.key_file(side.as_str()).exists(),
    };
    let here: Vec<Side> = both.into_iter().filter(is_here).collect();
    // Where nothing is, the failure names the place of the first.
    if here.is_empty() { vec![Side::Connect] } else { here }
}
