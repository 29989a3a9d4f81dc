use base::Timestamp;
use base::testing::{ManualClock, SeededEntropy};
use seal::Sealed;

use super::*;
use crate::{AttemptId, Cause, GrantId};

fn spilled() -> Spilled {
    let (clock, entropy) = (ManualClock::new(), SeededEntropy::new(1));
    Spilled {
        grant: GrantId::new(&clock, &entropy),
        attempt: AttemptId::new(&clock, &entropy),
        from_generation: 7,
        access_token: Sealed::from_bytes(vec![1, 2, 3]),
        refresh_token: Some(Sealed::from_bytes(vec![4, 5])),
        scope: Some("a b".parse().unwrap()),
        obtained_at: Timestamp::from_millis(5),
        expires_at: Some(Timestamp::from_millis(900_005)),
        refresh_token_expires_at: None,
        next_action_at: None,
        started_at: Timestamp::from_millis(1),
        instance: "one".to_owned(),
        cause: Cause::Ahead,
        lease_wait_millis: 3,
    }
}

/// A directory that is removed at the end of the test.
struct Temporary(PathBuf);
impl Temporary {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mainstay-spill-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}
impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn what_a_killed_process_spilled_is_found_by_the_next_until_it_is_cleared() {
    let temporary = Temporary::new("found");
    let first = SpillDirectory::open(temporary.0.clone(), "first").unwrap();
    let mut slot = first.reserve().await.unwrap();
    slot.write(&spilled()).await.unwrap();
    // A killed process runs no destructors.
    std::mem::forget((slot, first));
    let second = SpillDirectory::open(temporary.0.clone(), "second").unwrap();
    let found = second.left_behind().await.unwrap();
    assert_eq!(found.iter().map(|(spilled, _)| spilled).collect::<Vec<_>>(), [&spilled()]);
    drop(found);
    let (_, mut slot) = second.left_behind().await.unwrap().pop().expect("still there: it was not cleared");
    slot.clear().await.unwrap();
    drop(slot);
    assert!(second.left_behind().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_torn_write_holds_nothing() {
    let temporary = Temporary::new("torn");
    let first = SpillDirectory::open(temporary.0.clone(), "first").unwrap();
    let mut slot = first.reserve().await.unwrap();
    slot.write(&spilled()).await.unwrap();
    std::mem::forget((slot, first));
    let path = temporary.0.join("first-1.spill");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..200]).unwrap();
    assert!(
        SpillDirectory::open(temporary.0.clone(), "second").unwrap().left_behind().await.unwrap().is_empty()
    );
}

#[tokio::test]
async fn a_slot_is_used_again_and_has_its_space() {
    let temporary = Temporary::new("again");
    let spill = SpillDirectory::open(temporary.0.clone(), "one").unwrap();
    for _ in 0..3 {
        let _slot = spill.reserve().await.unwrap();
    }
    let files: Vec<_> = std::fs::read_dir(&temporary.0).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().len(), RESERVED as u64);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_told_before_a_request_leaves() {
    let temporary = Temporary::new("gone");
    let spill = SpillDirectory::open(temporary.0.clone(), "one").unwrap();
    std::fs::remove_dir_all(&temporary.0).unwrap();
    let error = spill.reserve().await.unwrap_err();
    assert!(error.to_string().starts_with("reserve space in"), "{error}");
}
