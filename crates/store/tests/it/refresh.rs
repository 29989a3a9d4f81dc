//! [`refresh::Store`] on each database.

use std::time::Duration;

use base::Timestamp;
use base::testing::{ManualClock, SeededEntropy};
use refresh::{
    AttemptId, AttemptOutcome, AttemptRecord, Cause, CredentialKind, DegradedReason, EndReason, Failure,
    GivenCredential, Grant, GrantChange, GrantEvent, GrantId, GrantState, LeaseAnswer, LeaseProof, Marker,
    Rotation, RotationStored, SealedCredential, Store,
};
use seal::Sealed;
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "refresh", Side::Connect;
        a_given_credential_comes_back,
        a_replacement_is_written_only_over_the_generation_it_was_made_for,
        a_lease_is_taken_once_and_over_only_when_it_stood_still,
        a_marker_needs_lease_and_generation,
        a_rotation_is_stored_once_and_told_in_order,
        a_rotation_without_its_marker_is_recorded_and_nothing_else,
        a_failure_needs_the_fence,
        an_end_destroys_and_a_late_answer_revives,
        an_answer_to_the_credential_that_is_still_there_is_stored_whatever_became_of_its_marker,
        the_answer_of_an_attempt_that_was_overtaken_belongs_on_top_of_the_earlier_one,
        an_attempt_that_came_to_nothing_has_no_answer_to_be_expected,
        a_forced_attempt_is_noted_with_its_marker_and_outlives_it,
        no_request_leaves_for_a_grant_in_doubt_or_under_the_lease_of_another,
        what_is_due_comes_most_overdue_first,
        notes_never_move_back,
        writers_of_events_leave_no_gap_behind,
        an_epoch_puts_every_grant_in_doubt_until_it_is_proven,
        the_operator_accepts_what_waits,
    );
}

struct Ids {
    clock: ManualClock,
    entropy: SeededEntropy,
}

impl Ids {
    fn new() -> Self {
        Self { clock: ManualClock::new(), entropy: SeededEntropy::new(9) }
    }

    fn grant(&self) -> GrantId {
        GrantId::new(&self.clock, &self.entropy)
    }

    fn attempt(&self) -> AttemptId {
        AttemptId::new(&self.clock, &self.entropy)
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

fn sealed(generation: u8) -> SealedCredential {
    SealedCredential {
        access_token: Sealed::from_bytes(vec![1, generation]),
        refresh_token: Some(Sealed::from_bytes(vec![2, generation])),
    }
}

fn given(grant: GrantId, generation: u8) -> GivenCredential {
    GivenCredential {
        grant,
        provider: "pleo".to_owned(),
        client_id: "client".to_owned(),
        kind: CredentialKind::OAuth,
        generation: generation.into(),
        credential: sealed(generation),
        scope: Some("a b".parse().unwrap()),
        given_at: at(0),
        expires_at: Some(at(900)),
        refresh_token_expires_at: None,
        next_action_at: Some(at(700)),
    }
}

fn record(grant: GrantId, attempt: AttemptId, outcome: AttemptOutcome) -> AttemptRecord {
    AttemptRecord {
        id: attempt,
        grant,
        started_at: at(700),
        finished_at: at(701),
        instance: "one".to_owned(),
        cause: Cause::Ahead,
        outcome,
        reason: "because".to_owned(),
        lease_wait: Duration::from_millis(12),
        generation_before: 1,
        generation_after: 2,
    }
}

fn rotation(grant: GrantId, attempt: AttemptId) -> Rotation {
    Rotation {
        grant,
        attempt,
        from_generation: 1,
        from_obtained_at: at(0),
        credential: sealed(2),
        renews: true,
        scope: None,
        obtained_at: at(701),
        expires_at: Some(at(1601)),
        refresh_token_expires_at: Some(at(9000)),
        next_action_at: Some(at(1400)),
        record: record(grant, attempt, AttemptOutcome::Advanced),
    }
}

fn marker(attempt: AttemptId) -> Marker {
    Marker { attempt, generation: 1, at: at(700), unknown_in_a_row: 1 }
}

async fn taken(database: &Database, id: GrantId) -> LeaseProof {
    match database.take_lease(id, "one", None).await.unwrap() {
        LeaseAnswer::Taken(proof, _) => proof,
        other => panic!("the lease is free, and yet {other:?}"),
    }
}

async fn row(database: &Database, id: GrantId) -> Grant {
    database.grant(id).await.unwrap().expect("it was written")
}

async fn changes(database: &Database) -> Vec<GrantChange> {
    database.events_after(0, 100).await.unwrap().into_iter().map(|numbered| numbered.event.change).collect()
}

async fn a_given_credential_comes_back(database: Database) {
    let id = Ids::new().grant();
    assert!(database.grant(id).await.unwrap().is_none());
    assert!(database.give(&given(id, 1)).await.unwrap());
    let row = row(&database, id).await;
    assert_eq!(
        (row.provider.as_str(), row.client_id.as_str(), row.kind),
        ("pleo", "client", CredentialKind::OAuth)
    );
    assert_eq!((row.state, row.generation, row.failures), (GrantState::Active, 1, 0));
    let credential = row.credential.unwrap();
    assert_eq!(
        (credential.access_token, credential.refresh_token),
        (sealed(1).access_token, sealed(1).refresh_token)
    );
    assert_eq!(
        (row.obtained_at, row.granted_at, row.proven_at, row.expires_at),
        (at(0), at(0), at(0), Some(at(900)))
    );
    assert_eq!((row.scope, row.next_action_at), (Some("a b".parse().unwrap()), Some(at(700))));
    assert_eq!((row.marker, row.lease), (None, refresh::Lease::default()));
    assert_eq!(
        (database.last_event().await.unwrap(), changes(&database).await),
        (1, vec![GrantChange::Given])
    );
}

async fn a_replacement_is_written_only_over_the_generation_it_was_made_for(database: Database) {
    let id = Ids::new().grant();
    database.give(&given(id, 1)).await.unwrap();
    assert!(!database.give(&given(id, 3)).await.unwrap());
    assert!(database.give(&given(id, 2)).await.unwrap());
    assert!(!database.give(&given(id, 2)).await.unwrap());
    assert_eq!(row(&database, id).await.generation, 2);
    assert_eq!(changes(&database).await, [GrantChange::Given, GrantChange::Given]);
}

async fn a_lease_is_taken_once_and_over_only_when_it_stood_still(database: Database) {
    let id = Ids::new().grant();
    assert!(matches!(database.take_lease(id, "one", None).await.unwrap(), LeaseAnswer::NoGrant));
    database.give(&given(id, 1)).await.unwrap();
    let proof = taken(&database, id).await;
    assert_eq!((proof.owner(), proof.fence()), ("one", 1));
    let LeaseAnswer::Held(held) = database.take_lease(id, "two", None).await.unwrap() else {
        panic!("it is held")
    };
    assert_eq!(held.lease.owner.as_deref(), Some("one"));
    assert!(database.renew_lease(&proof).await.unwrap());
    let moved = database.take_lease(id, "two", Some(&held.lease)).await.unwrap();
    let LeaseAnswer::Held(held) = moved else { panic!("it was renewed since it was seen") };
    let LeaseAnswer::Taken(second, _) = database.take_lease(id, "two", Some(&held.lease)).await.unwrap()
    else {
        panic!("it stood still since it was seen")
    };
    assert_eq!(second.fence(), 2);
    assert!(!database.renew_lease(&proof).await.unwrap());
    database.release_lease(&proof).await.unwrap();
    assert_eq!(
        row(&database, id).await.lease.owner.as_deref(),
        Some("two"),
        "the first holder gives back nothing of the second"
    );
    database.release_lease(&second).await.unwrap();
    assert_eq!(taken(&database, id).await.fence(), 3);
}

async fn a_marker_needs_lease_and_generation(database: Database) {
    let ids = Ids::new();
    let (id, attempt) = (ids.grant(), ids.attempt());
    database.give(&given(id, 1)).await.unwrap();
    let proof = taken(&database, id).await;
    assert!(
        !database
            .begin_attempt(&proof, &Marker { generation: 2, ..marker(attempt) }, Cause::Ahead)
            .await
            .unwrap()
    );
    assert!(database.begin_attempt(&proof, &marker(attempt), Cause::Ahead).await.unwrap());
    assert_eq!(row(&database, id).await.marker, Some(marker(attempt)));
    database.release_lease(&proof).await.unwrap();
    assert!(!database.begin_attempt(&proof, &marker(ids.attempt()), Cause::Ahead).await.unwrap());
    assert_eq!(row(&database, id).await.marker, Some(marker(attempt)));
}

async fn a_rotation_is_stored_once_and_told_in_order(database: Database) {
    let ids = Ids::new();
    let (id, attempt) = (ids.grant(), ids.attempt());
    database.give(&given(id, 1)).await.unwrap();
    let proof = taken(&database, id).await;
    database.begin_attempt(&proof, &marker(attempt), Cause::Ahead).await.unwrap();
    // The lease may be lost meanwhile: this answer is the only good token there is.
    database.release_lease(&proof).await.unwrap();
    assert_eq!(database.store_rotation(&rotation(id, attempt)).await.unwrap(), RotationStored::Stored);
    assert_eq!(
        database.store_rotation(&rotation(id, attempt)).await.unwrap(),
        RotationStored::AlreadyStored { generation: 2 }
    );
    let row = row(&database, id).await;
    assert_eq!((row.generation, row.marker, row.expires_at), (2, None, Some(at(1601))));
    assert_eq!(
        (row.scope, row.proven_at),
        (Some("a b".parse().unwrap()), at(701)),
        "a scope that is not told stays"
    );
    assert_eq!(row.credential.unwrap().access_token, sealed(2).access_token);
    assert_eq!(database.attempts(id, 10).await.unwrap(), [record(id, attempt, AttemptOutcome::Advanced)]);
    assert_eq!(changes(&database).await, [GrantChange::Given, GrantChange::Refreshed { recovered: false }]);
    let after = database.events_after(1, 10).await.unwrap();
    assert_eq!(after.iter().map(|n| (n.position, n.event.generation)).collect::<Vec<_>>(), [(2, 2)]);
}

async fn a_rotation_without_its_marker_is_recorded_and_nothing_else(database: Database) {
    let ids = Ids::new();
    let (id, attempt) = (ids.grant(), ids.attempt());
    database.give(&given(id, 1)).await.unwrap();
    let proof = taken(&database, id).await;
    let other = Rotation { from_obtained_at: at(-1), ..rotation(id, attempt) };
    database.begin_attempt(&proof, &marker(ids.attempt()), Cause::Ahead).await.unwrap();
    assert_eq!(database.store_rotation(&other).await.unwrap(), RotationStored::NoLongerFits);
    assert_eq!(row(&database, id).await.generation, 1);
    let attempts = database.attempts(id, 10).await.unwrap();
    assert_eq!(attempts.iter().map(|a| a.outcome).collect::<Vec<_>>(), [AttemptOutcome::AnswerNoLongerFits]);
    assert_eq!(changes(&database).await, [GrantChange::Given]);
}

fn failure(grant: GrantId, attempt: AttemptId, state: GrantState, change: GrantChange) -> Failure {
    Failure {
        grant,
        generation: 1,
        state,
        marker: None,
        next_action_at: None,
        failures: 1,
        event: Some(GrantEvent { grant, at: at(701), generation: 1, change }),
        record: record(grant, attempt, AttemptOutcome::NotProcessed),
    }
}

async fn a_failure_needs_the_fence(database: Database) {
    let ids = Ids::new();
    let id = ids.grant();
    database.give(&given(id, 1)).await.unwrap();
    let stale = taken(&database, id).await;
    database.release_lease(&stale).await.unwrap();
    let proof = taken(&database, id).await;
    let reason = DegradedReason::RateLimited;
    let state = GrantState::Degraded { since: at(701), reason };
    let change = GrantChange::Degraded { reason, next_try_at: at(710), again: false };
    let failure = Failure { next_action_at: Some(at(710)), ..failure(id, ids.attempt(), state, change) };
    assert!(!database.record_failure(&stale, &failure).await.unwrap());
    assert_eq!((row(&database, id).await.state, changes(&database).await.len()), (GrantState::Active, 1));
    let failure = Failure { record: record(id, ids.attempt(), AttemptOutcome::NotProcessed), ..failure };
    assert!(database.record_failure(&proof, &failure).await.unwrap());
    // Who was not told writes it again.
    assert!(database.record_failure(&proof, &failure).await.unwrap());
    assert_eq!(changes(&database).await.len(), 2, "it is told once");
    let row = row(&database, id).await;
    assert_eq!((row.state, row.failures, row.next_action_at), (state, 1, Some(at(710))));
    assert!(row.credential.is_some());
    assert_eq!(changes(&database).await[1], change);
    assert_eq!(database.attempts(id, 10).await.unwrap().len(), 2, "both leave their trace");
}

async fn an_end_destroys_and_a_late_answer_revives(database: Database) {
    let ids = Ids::new();
    let (id, attempt) = (ids.grant(), ids.attempt());
    database.give(&given(id, 1)).await.unwrap();
    let proof = taken(&database, id).await;
    database.begin_attempt(&proof, &marker(attempt), Cause::Ahead).await.unwrap();
    let reason = EndReason::RefreshAnswerLost;
    let ended = GrantState::Ended { at: at(701), reason };
    let failure = failure(id, ids.attempt(), ended, GrantChange::Ended { reason });
    assert!(database.record_failure(&proof, &failure).await.unwrap());
    let gone = row(&database, id).await;
    assert_eq!((gone.state, gone.credential.is_none(), gone.next_action_at), (ended, true, None));
    let same = Rotation { renews: false, ..rotation(id, ids.attempt()) };
    assert_eq!(
        database.store_rotation(&same).await.unwrap(),
        RotationStored::NoLongerFits,
        "what was refused since is not brought back"
    );
    assert_eq!(database.store_rotation(&rotation(id, attempt)).await.unwrap(), RotationStored::Stored);
    assert_eq!(row(&database, id).await.state, GrantState::Active);
    assert_eq!(changes(&database).await.last(), Some(&GrantChange::Revived));
    let reason = EndReason::AccessWithdrawn;
    let event = GrantEvent { grant: id, at: at(800), generation: 2, change: GrantChange::Ended { reason } };
    assert!(!database.end(id, 1, &event).await.unwrap());
    assert!(database.end(id, 2, &event).await.unwrap());
    assert!(!database.end(id, 2, &event).await.unwrap());
    let late = Rotation { from_generation: 2, ..rotation(id, ids.attempt()) };
    assert_eq!(
        database.store_rotation(&late).await.unwrap(),
        RotationStored::NoLongerFits,
        "withdrawn stays withdrawn"
    );
}

async fn an_answer_to_the_credential_that_is_still_there_is_stored_whatever_became_of_its_marker(
    database: Database,
) {
    let ids = Ids::new();
    let (id, attempt) = (ids.grant(), ids.attempt());
    database.give(&given(id, 1)).await.unwrap();
    // The same generation of another credential: the database was restored, and somebody has signed in again.
    let other = Rotation { from_obtained_at: at(-1), ..rotation(id, attempt) };
    assert_eq!(database.store_rotation(&other).await.unwrap(), RotationStored::NoLongerFits);
    let proof = taken(&database, id).await;
    assert!(database.begin_attempt(&proof, &marker(ids.attempt()), Cause::Ahead).await.unwrap());
    assert_eq!(database.store_rotation(&other).await.unwrap(), RotationStored::NoLongerFits);
    assert!(database.raise_epoch(1, at(700)).await.unwrap());
    let answer = rotation(id, ids.attempt());
    assert_eq!(database.store_rotation(&answer).await.unwrap(), RotationStored::Stored);
    let row = row(&database, id).await;
    assert_eq!((row.generation, row.marker, row.in_doubt), (2, None, true), "what was in doubt stays so");
}

/// The answer of one attempt comes in while the marker of a second one stands: gives the second one's, and the first row after it.
async fn overtaken(database: &Database, ids: &Ids) -> (LeaseProof, AttemptId, Grant) {
    let (id, earlier, later) = (ids.grant(), ids.attempt(), ids.attempt());
    database.give(&given(id, 1)).await.unwrap();
    let proof = taken(database, id).await;
    assert!(database.begin_attempt(&proof, &marker(earlier), Cause::Ahead).await.unwrap());
    assert!(database.begin_attempt(&proof, &marker(later), Cause::Recovery).await.unwrap());
    assert_eq!(database.store_rotation(&rotation(id, earlier)).await.unwrap(), RotationStored::Stored);
    let row = row(database, id).await;
    assert_eq!((row.generation, row.overtaken, row.marker.as_ref()), (2, Some(later), None));
    (proof, later, row)
}

async fn the_answer_of_an_attempt_that_was_overtaken_belongs_on_top_of_the_earlier_one(database: Database) {
    let ids = Ids::new();
    let (_, later, before) = overtaken(&database, &ids).await;
    let id = before.id;
    let answer = Rotation { obtained_at: at(705), ..rotation(id, later) };
    let told = RotationStored::Overtaken { obtained_at: at(701) };
    assert_eq!(database.store_rotation(&answer).await.unwrap(), told);
    assert_eq!(database.store_rotation(&answer).await.unwrap(), told, "nothing was written");
    let other = rotation(id, ids.attempt());
    assert_eq!(database.store_rotation(&other).await.unwrap(), RotationStored::NoLongerFits);
    let record = AttemptRecord { generation_before: 2, generation_after: 3, ..answer.record.clone() };
    let on_top = Rotation {
        from_generation: 2,
        from_obtained_at: at(701),
        credential: sealed(3),
        record,
        ..answer.clone()
    };
    assert_eq!(database.store_rotation(&on_top).await.unwrap(), RotationStored::Stored);
    let stored = RotationStored::AlreadyStored { generation: 3 };
    assert_eq!(database.store_rotation(&on_top).await.unwrap(), stored);
    assert_eq!(database.store_rotation(&answer).await.unwrap(), stored, "as it lies on a disk");
    let row = row(&database, id).await;
    assert_eq!((row.generation, row.overtaken), (3, None));
    assert_eq!(row.credential.unwrap().access_token, sealed(3).access_token);
}

async fn an_attempt_that_came_to_nothing_has_no_answer_to_be_expected(database: Database) {
    let ids = Ids::new();
    let (proof, later, before) = overtaken(&database, &ids).await;
    let reason = DegradedReason::RateLimited;
    let change = GrantChange::Degraded { reason, next_try_at: at(710), again: false };
    let state = GrantState::Degraded { since: at(701), reason };
    let unknown =
        Failure { marker: Some(marker(later)), ..failure(before.id, later, GrantState::Active, change) };
    assert!(!database.record_failure(&proof, &unknown).await.unwrap(), "the generation has moved");
    assert_eq!(row(&database, before.id).await.overtaken, Some(later), "its answer may still come");
    let refused = failure(before.id, later, state, change);
    assert!(!database.record_failure(&proof, &refused).await.unwrap());
    let after = row(&database, before.id).await;
    assert_eq!((after.overtaken, after.state, after.generation), (None, GrantState::Active, 2));
}

async fn a_forced_attempt_is_noted_with_its_marker_and_outlives_it(database: Database) {
    let ids = Ids::new();
    let (id, attempt) = (ids.grant(), ids.attempt());
    database.give(&given(id, 1)).await.unwrap();
    let proof = taken(&database, id).await;
    assert!(database.begin_attempt(&proof, &marker(ids.attempt()), Cause::Use).await.unwrap());
    assert_eq!(row(&database, id).await.forced_at, None);
    assert!(database.begin_attempt(&proof, &marker(attempt), Cause::Rejected).await.unwrap());
    assert_eq!(row(&database, id).await.forced_at, Some(at(700)));
    assert_eq!(database.store_rotation(&rotation(id, attempt)).await.unwrap(), RotationStored::Stored);
    let later = Marker { generation: 2, at: at(1500), ..marker(ids.attempt()) };
    assert!(database.begin_attempt(&proof, &later, Cause::Ahead).await.unwrap());
    assert_eq!(row(&database, id).await.forced_at, Some(at(700)));
}

async fn no_request_leaves_for_a_grant_in_doubt_or_under_the_lease_of_another(database: Database) {
    let ids = Ids::new();
    let id = ids.grant();
    database.give(&given(id, 1)).await.unwrap();
    let proof = taken(&database, id).await;
    // After a restore another process may have taken a lease with the same fence.
    let stale = LeaseProof::issued_by_store(id, "gone".to_owned(), proof.fence());
    let state = GrantState::Unknown { since: at(700) };
    let failure = failure(id, ids.attempt(), state, GrantChange::Unknown { next_try_at: at(760) });
    assert!(!database.begin_attempt(&stale, &marker(ids.attempt()), Cause::Ahead).await.unwrap());
    assert!(!database.renew_lease(&stale).await.unwrap());
    assert!(!database.record_failure(&stale, &failure).await.unwrap());
    assert!(!database.clear_doubt(&stale, 1, 1).await.unwrap());
    database.release_lease(&stale).await.unwrap();
    assert_eq!(row(&database, id).await.lease.owner.as_deref(), Some("one"));
    assert!(database.raise_epoch(1, at(700)).await.unwrap());
    assert!(
        !database.begin_attempt(&proof, &marker(ids.attempt()), Cause::Ahead).await.unwrap(),
        "it is in doubt"
    );
    assert!(database.clear_doubt(&proof, 1, 2).await.unwrap());
    assert!(database.begin_attempt(&proof, &marker(ids.attempt()), Cause::Ahead).await.unwrap());
}

async fn what_is_due_comes_most_overdue_first(database: Database) {
    let ids = Ids::new();
    let grants = [ids.grant(), ids.grant(), ids.grant(), ids.grant()];
    for (id, due) in grants.iter().zip([Some(at(300)), Some(at(100)), None, Some(at(200))]) {
        database.give(&GivenCredential { next_action_at: due, ..given(*id, 1) }).await.unwrap();
    }
    let due = |due: Vec<refresh::DueGrant>| due.into_iter().map(|due| due.id).collect::<Vec<_>>();
    assert_eq!(due(database.due(at(99), 10).await.unwrap()), []);
    assert_eq!(due(database.due(at(300), 10).await.unwrap()), [grants[1], grants[3], grants[0]]);
    assert_eq!(due(database.due(at(300), 1).await.unwrap()), [grants[1]]);
    database.postpone(grants[1], 2, None).await.unwrap();
    database.postpone(grants[3], 1, Some(at(400))).await.unwrap();
    let proof = taken(&database, grants[0]).await;
    database.postpone(grants[0], 1, None).await.unwrap();
    assert_eq!(
        due(database.due(at(300), 10).await.unwrap()),
        [grants[1], grants[0]],
        "another generation, and a held lease, stay"
    );
    let rows = database.due(at(300), 10).await.unwrap();
    assert_eq!((rows[0].healthy, rows[0].generation, rows[0].provider.as_str()), (true, 1, "pleo"));
    database.begin_attempt(&proof, &marker(ids.attempt()), Cause::Ahead).await.unwrap();
    assert!(!database.due(at(300), 10).await.unwrap()[1].healthy, "a marker stands");
}

async fn notes_never_move_back(database: Database) {
    let id = Ids::new().grant();
    database.give(&given(id, 1)).await.unwrap();
    database.note_used(&[(id, at(50))]).await.unwrap();
    database.note_used(&[(id, at(40))]).await.unwrap();
    database.note_proven(id, 1, at(60)).await.unwrap();
    database.note_proven(id, 1, at(55)).await.unwrap();
    database.note_proven(id, 2, at(99)).await.unwrap();
    let row = row(&database, id).await;
    assert_eq!((row.used_at, row.proven_at), (at(50), at(60)));
}

async fn writers_of_events_leave_no_gap_behind(database: Database) {
    let ids = Ids::new();
    let grants: Vec<_> = (0..40).map(|_| ids.grant()).collect();
    let writing = grants.iter().map(|id| {
        let (database, given) = (database.clone(), given(*id, 1));
        async move { database.give(&given).await.unwrap() }
    });
    let reading = async {
        let mut seen = Vec::new();
        while seen.len() < grants.len() {
            let after = seen.last().copied().unwrap_or(0);
            seen.extend(
                database.events_after(after, 3).await.unwrap().iter().map(|numbered| numbered.position),
            );
            tokio::task::yield_now().await;
        }
        seen
    };
    let (_, seen) = tokio::join!(futures_util::future::join_all(writing), reading);
    assert_eq!(seen, (1..=40).collect::<Vec<u64>>());
}

async fn an_epoch_puts_every_grant_in_doubt_until_it_is_proven(database: Database) {
    let ids = Ids::new();
    let grants = [ids.grant(), ids.grant()];
    let empty = database.epoch().await.unwrap();
    assert_eq!((empty.number, empty.last_event, empty.has_grants, empty.heartbeat), (1, 0, false, None));
    for id in grants {
        database.give(&given(id, 1)).await.unwrap();
    }
    database.beat(at(5)).await.unwrap();
    assert!(database.raise_epoch(1, at(6)).await.unwrap());
    assert!(!database.raise_epoch(1, at(7)).await.unwrap(), "another instance did it");
    let epoch = database.epoch().await.unwrap();
    assert_eq!((epoch.number, epoch.last_event, epoch.has_grants), (2, 2, true));
    assert_eq!((epoch.heartbeat, epoch.raised_at), (Some(at(5)), Some(at(6))));
    assert_eq!(database.in_doubt().await.unwrap(), 2);
    let proof = taken(&database, grants[0]).await;
    assert!(!database.clear_doubt(&proof, 2, 2).await.unwrap());
    assert!(database.clear_doubt(&proof, 1, 1).await.unwrap());
    assert!(row(&database, grants[0]).await.in_doubt, "it was proven before the restore was noticed");
    assert!(database.clear_doubt(&proof, 1, 2).await.unwrap());
    assert!(database.give(&given(grants[1], 2)).await.unwrap());
    assert!(!row(&database, grants[0]).await.in_doubt && !row(&database, grants[1]).await.in_doubt);
    assert_eq!(database.in_doubt().await.unwrap(), 0);
}

async fn the_operator_accepts_what_waits(database: Database) {
    let ids = Ids::new();
    let id = ids.grant();
    database.give(&given(id, 1)).await.unwrap();
    database.raise_epoch(1, at(6)).await.unwrap();
    let proof = taken(&database, id).await;
    let reason = DegradedReason::PossiblyRestored;
    let state = GrantState::Degraded { since: at(7), reason };
    let change = GrantChange::Degraded { reason, next_try_at: at(8), again: false };
    assert!(database.record_failure(&proof, &failure(id, ids.attempt(), state, change)).await.unwrap());
    assert_eq!(row(&database, id).await.next_action_at, None);
    assert_eq!(database.accept_restored(at(9)).await.unwrap(), 1);
    let row = row(&database, id).await;
    assert_eq!((row.in_doubt, row.next_action_at), (false, Some(at(9))));
    assert_eq!(database.accept_restored(at(10)).await.unwrap(), 0);
}
