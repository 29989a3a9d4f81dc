use base::testing::{ManualClock, SeededEntropy};

use super::*;
use crate::{Actor, Origin};

fn auditor(seed: u64) -> Auditor {
    let entropy = Arc::new(SeededEntropy::new(seed));
    Auditor::new(seal::testing::keys(&*entropy), Arc::new(ManualClock::new()), entropy)
}

fn event() -> AuditEvent {
    let origin = Origin { source: Some("192.0.2.7".to_owned()), request_id: None };
    AuditEvent::new("api_key.created", Actor::User("u1".to_owned()))
        .subject("urn:x")
        .origin(&origin)
        .with("name", "till")
}

#[test]
fn a_record_verifies_and_any_change_of_it_does_not() {
    let auditor = auditor(1);
    let record = auditor.record(event());
    assert_eq!(auditor.verify(&record), Ok(()));
    let changes: [fn(&mut AuditRecord); 7] = [
        |record| record.at = base::Timestamp::from_millis(record.at.as_millis() + 1),
        |record| record.kind = "api_key.revoked".to_owned(),
        |record| record.actor = "user:u2".to_owned(),
        |record| record.subject = None,
        |record| record.request_id = Some(String::new()),
        |record| std::mem::swap(&mut record.client, &mut record.source),
        |record| drop(record.data.insert("name".to_owned(), "tills".to_owned())),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = record.clone();
        change(&mut changed);
        assert_eq!(auditor.verify(&changed), Err(VerifyError::Changed), "change {number}");
    }
}

#[test]
fn a_record_of_another_side_names_an_unknown_key() {
    assert_eq!(auditor(2).verify(&auditor(1).record(event())), Err(VerifyError::UnknownKey));
}

#[test]
fn actors_read_back_from_their_text() {
    for actor in [
        Actor::User("a:b".to_owned()),
        Actor::Client("c".to_owned()),
        Actor::CommandLine,
        Actor::Sandbox,
        Actor::System,
    ] {
        assert_eq!(actor.to_string().parse::<Actor>(), Ok(actor));
    }
    assert!("nobody".parse::<Actor>().is_err());
}
