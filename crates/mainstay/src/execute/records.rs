//! Short commands about the audit log, the same on either side.

use audit::{ExportFilter, Store as _, VerificationError};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::request::ExportPage;
use crate::side::Side;
use crate::wiring::Opened;
use crate::wiring::records::Records;

/// `audit verify`: what was looked at, and the first bad place.
pub(crate) async fn verify(side: Side, opened: &Opened, records: &Records) -> Result<Output, Failure> {
    let found = records.chain.verify().await.map_err(|error| {
        let remedy = match error {
            VerificationError::Store(_) => {
                "see that the database runs and can be reached, then give the command again"
            }
            VerificationError::Memory(_) => {
                "see that DIR/instance can be read and written by this user; if its file `*-audit-head` is damaged, remove it, and the \
                 end of the log is remembered anew"
            }
        };
        Failure::new(format!("the audit log of the {} side was not verified", side.as_str()), error, remedy)
    })?;
    let mut data = serde_json::to_value(&found).map_err(|error| {
        Failure::new("the result cannot be shown", error, "this is a defect of mainstay; please report it")
    })?;
    data["side"] = json!(side.as_str());
    // Refreshes are the platform's alone, and have a log of their own.
    if side == Side::Platform {
        let (rotations, problem) = audit::verify_rotations(&opened.database, &records.auditor)
            .await
            .map_err(|error| Failure::database("the log of rotations was not verified", error))?;
        data["rotations"] = json!(rotations);
        let problem = match problem {
            Some(problem) => Some(problem),
            None => audit::verify_reached(&opened.database, &opened.database)
                .await
                .map_err(|error| Failure::database("the authorisations were not verified", error))?,
        };
        if let Some(problem) = problem.filter(|_| found.problem.is_none()) {
            data["problem"] = json!(problem);
        }
    }
    Ok(Output::of(data))
}

/// A page of `audit export`.
pub(crate) async fn export(opened: &Opened, page: ExportPage) -> Result<Output, Failure> {
    let ExportPage { from, until, kind, after, limit } = page;
    let after = after.map(|after| after.parse()).transpose().map_err(|error| {
        Failure::new(
            "this is no place to go on from",
            error,
            "this is a defect of mainstay; please report it",
        )
    })?;
    let found = opened.database.export_audit(ExportFilter { from, until, kind, after }, limit).await;
    let found = found.map_err(|error| Failure::database("the audit log cannot be read", error))?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.id.to_string());
    let rows: Vec<Value> = found
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::database("the audit log cannot be shown", error))?;
    Ok(Output::of(json!({"data": rows, "next": next})))
}
