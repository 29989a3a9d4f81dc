use serde_json::json;

use super::databases;
use crate::configuration::{Configuration, DatabaseUrl};
use crate::failure::Failure;
use crate::output::Output;
use crate::side::Side;
use crate::wiring::{self, Process, Which};

/// Brings databases to this version's schema: those that are there, or that of the side that was named. Opening one does it, so
/// servers need no command for it; this is for doing it ahead, while nothing serves.
pub(crate) async fn migrate(configuration: &Configuration, side: Option<Side>) -> Result<Output, Failure> {
    let mut chosen = databases(configuration, side);
    if chosen.is_empty()
        && side != Some(Side::Sandbox)
        && matches!(configuration.database, DatabaseUrl::Postgres(_))
    {
        chosen.push((Side::Connect, None));
    }
    if chosen.is_empty() {
        return Err(Failure::new(
            "there is no database to migrate",
            format!("{} holds none", configuration.data.display()),
            "give the directory with `--data DIR`, or name the side with `--side` to make one",
        ));
    }
    let process = Process::of_command();
    let mut rows = Vec::new();
    for (side, system) in chosen {
        let which = Which { side, system: system.as_deref() };
        let opened = wiring::open(&process, configuration, which).await?;
        opened.database.close().await;
        rows.push(json!({"database": which.name(), "location": wiring::location(configuration, which).to_string(), "schema": "current"}));
    }
    Ok(Output::list(rows, &["database", "location", "schema"]))
}
