//! `mainstay recover`: over the sides that are here.

use serde_json::Value;

use crate::audit_log::sides;
use crate::cli::Recover;
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::short;
use crate::side::Side;

/// Carries out `recover status` or `recover accept`.
pub(crate) async fn run(configuration: &Configuration, command: Recover) -> Result<Output, Failure> {
    match command {
        Recover::Status(choice) => status(configuration, &sides(configuration, choice.side)).await,
        Recover::Accept(choice) => match sides(configuration, choice.side)[..] {
            [side] => short::run(configuration, Request::RecoverAccept { side }).await,
            _ => Err(Failure::usage(
                "it is not said which side's database is accepted",
                "the data of both sides is here, and one of them may be the wrong one",
                "look at `mainstay recover status`, then give `--side connect` or `--side platform`",
            )),
        },
    }
}

async fn status(configuration: &Configuration, sides: &[Side]) -> Result<Output, Failure> {
    if let [side] = *sides {
        return short::run(configuration, Request::RecoverStatus { side }).await;
    }
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for &side in sides {
        let mut output = short::run(configuration, Request::RecoverStatus { side }).await?;
        notes.extend(output.note.map(|note| format!("{} side: {note}", side.as_str())));
        output.data["side"] = Value::String(side.as_str().to_owned());
        rows.push(output.data);
    }
    Ok(Output::list(rows, &["side", "held", "sign", "since", "in_doubt"]).with_note(notes.join("\n")))
}
