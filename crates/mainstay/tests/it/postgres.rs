//! The same on PostgreSQL, where that is installed.

use testkit::databases::Cluster;
use testkit::harness::CaseError;

use crate::binary::mainstay;

pub(crate) fn the_whole_story_is_walked_on_postgres() -> Result<(), CaseError> {
    let cluster = Cluster::of_this_process()?;
    let database = cluster.database();
    let directory = tempfile::tempdir().unwrap();
    // The address holds a password in earnest, so it comes by the environment.
    let output = mainstay()
        .env("MAINSTAY_DATABASE", database.url())
        .args(["demo", "--headless", "--data", directory.path().to_str().unwrap()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}\n{errors}");
    assert!(!directory.path().join("connect.db").exists(), "the data went to SQLite");
    Ok(())
}
