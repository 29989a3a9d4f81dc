//! What was acknowledged is there after `kill -9`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;

use base::{SystemClock, SystemEntropy};
use store::{Database, Settings, Side};
use testkit::databases::{Kind, Place};

use crate::engine::{SCRATCH, ids, insert, together};
use crate::suite::Suite;

/// The first argument that makes this binary the process that is killed.
const CHILD: &str = "write-until-killed";
/// How many acknowledgements are waited for before the kill.
const ACKNOWLEDGED: usize = 300;

pub(crate) fn cases(suite: &mut Suite) {
    const KEPT: &[Kind] = &[Kind::Sqlite, Kind::Postgres];
    suite.places(
        "durability::what_was_acknowledged_outlives_a_kill",
        KEPT,
        what_was_acknowledged_outlives_a_kill,
    );
}

/// Writes rows for ever, several at a time, and prints each id once it is acknowledged. `None` in the tests' own process.
#[expect(clippy::print_stdout, reason = "the acknowledgements are read by the test")]
pub(crate) fn child() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(CHILD) {
        return None;
    }
    let url = arguments.next().expect("the database's URL follows");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let location = url.parse().expect("the test wrote it");
        let settings =
            Settings::new(Side::Connect, location, Arc::new(SystemClock::new()), Arc::new(SystemEntropy));
        let database = Database::open_with(settings, SCRATCH).await.expect("the database opens");
        for round in 0.. {
            let written = together(&database, 20, move |number, tx| {
                let id = format!("{round:05}-{number:02}");
                insert(tx, &id, "child", 1).map(|_| id)
            });
            for id in written.await {
                println!("{id}");
            }
            std::io::stdout().flush().expect("the test reads");
        }
    });
    Some(ExitCode::SUCCESS)
}

/// Ends with the test, however that ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().expect("the child is ours");
        self.0.wait().expect("the child is ours");
    }
}

async fn what_was_acknowledged_outlives_a_kill(place: Place) {
    let url = match &place {
        Place::Postgres(server) => server.url(),
        _ => place.location().unwrap().to_string(),
    };
    let child =
        Command::new(std::env::current_exe().unwrap()).args([CHILD, &url]).stdout(Stdio::piped()).spawn();
    let mut child = Killed(child.unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut acknowledged: Vec<String> = lines.by_ref().take(ACKNOWLEDGED).collect::<Result<_, _>>().unwrap();
    drop(child);
    // What it still said before it died counts too; a line cut short was no acknowledgement.
    acknowledged.extend(lines.map_while(Result::ok).filter(|line| line.len() == "00000-00".len()));
    assert!(acknowledged.len() >= ACKNOWLEDGED);

    let database = place.open_with(Side::Connect, SCRATCH).await.unwrap();
    let found = ids(&database).await;
    let lost: Vec<_> = acknowledged.iter().filter(|id| !found.contains(id)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    database.close().await;
}
