//! An authorisation that somebody takes out of the database together with its refreshes.

use serde_json::Value;

use super::site::Site;

pub(crate) fn an_authorisation_that_is_gone_with_its_rotations_is_found() {
    let mut site = Site::start();
    let code = site.code();
    assert_eq!(site.exchange(&code).status, 200);
    assert_eq!(verified(&site), (Some(0), Value::Null));
    // Without a trigger or a foreign key that minds: the rows are simply gone.
    for table in ["rotations", "earlier_tokens", "authorisations"] {
        site.delete_all(table);
    }
    let (status, problem) = verified(&site);
    assert_eq!(status, Some(1));
    assert!(problem["place"].as_str().unwrap().starts_with("authorisation "), "{problem}");
}

/// What `audit verify` exits with, and the problem that it names.
fn verified(site: &Site) -> (Option<i32>, Value) {
    let output = site.command(&["audit", "verify", "--side", "platform"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), found["data"][0]["problem"].clone())
}
