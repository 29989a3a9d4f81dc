use serde_json::json;

use super::*;

async fn round_trip(directory: &Path) {
    let tasks = Tasks::default();
    serve(directory, Side::Connect, &tasks, |request| async move {
        match request {
            Request::TokensList => Ok(Output::of(json!({"seen": true}))),
            _ => Err(Failure::new("no", "another request came", "send the right one")),
        }
    })
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(directory.join("connect.sock")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        ask(directory, Side::Connect, &Request::TokensList).await.unwrap().unwrap().data,
        json!({"seen": true})
    );
    let failure = ask(directory, Side::Connect, &Request::TokensRevoke { id: "x".to_owned() })
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(failure.what, "no");
    tasks.finish().await.unwrap();
}

#[tokio::test]
async fn a_command_goes_through_the_server_and_its_answer_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    round_trip(directory.path()).await;
    // The socket of a process that is gone is in nobody's way.
    round_trip(directory.path()).await;
}

#[tokio::test]
async fn a_deep_directory_is_no_hindrance() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("d".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    round_trip(&deep).await;
}

#[tokio::test]
async fn no_server_is_a_failure_that_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let failure = ask(directory.path(), Side::Platform, &Request::TokensList).await.unwrap_err();
    assert!(failure.why.contains("does not answer") && failure.nothing_sent, "{failure:?}");
}
