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
        renews: true,
        from_obtained_at: Timestamp::from_millis(-900_000),
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
    assert!(std::path::Path::new(&slot.name()).is_file(), "an operator finds it by {}", slot.name());
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

#[tokio::test]
async fn its_own_slots_and_the_files_of_others_are_left_alone() {
    let temporary = Temporary::new("own");
    let spill = SpillDirectory::open(temporary.0.clone(), "one").unwrap();
    let mut slot = spill.reserve().await.unwrap();
    slot.write(&spilled()).await.unwrap();
    std::fs::write(temporary.0.join("note.txt"), "by hand").unwrap();
    assert!(spill.left_behind().await.unwrap().is_empty());
    assert!(temporary.0.join("one-1.spill").exists() && temporary.0.join("note.txt").exists());
}

#[tokio::test]
async fn an_orderly_stop_leaves_no_free_slot_behind() {
    let temporary = Temporary::new("stop");
    let spill = SpillDirectory::open(temporary.0.clone(), "one").unwrap();
    drop(spill.reserve().await.unwrap());
    drop(spill);
    assert_eq!(std::fs::read_dir(&temporary.0).unwrap().count(), 0);
}

#[tokio::test]
async fn tokens_of_several_kibibytes_fit_into_the_reserved_space() {
    let temporary = Temporary::new("large");
    let spill = SpillDirectory::open(temporary.0.clone(), "one").unwrap();
    let mut slot = spill.reserve().await.unwrap();
    let path = temporary.0.join("one-1.spill");
    let reserved = std::fs::metadata(&path).unwrap().len();
    let large = Sealed::from_bytes(vec![7; 16 * 1024]);
    let answer = Spilled { access_token: large.clone(), refresh_token: Some(large), ..spilled() };
    slot.write(&answer).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), reserved, "no space was needed beyond it");
    slot.clear().await.unwrap();
}
