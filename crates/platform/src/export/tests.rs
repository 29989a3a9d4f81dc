use base::testing::{ManualClock, SeededEntropy};

use super::*;

fn job() -> ExportJob {
    let (clock, entropy) = (ManualClock::new(), SeededEntropy::new(1));
    ExportJob {
        id: ExportJobId::new(&clock, &entropy),
        company: CompanyId::new(&clock, &entropy),
        status: JobStatus::Pending,
        number_of_items: 1,
        is_interactive: true,
        vendor_based_bookkeeping: false,
        employee: None,
        created_by: "client".to_owned(),
        created_at: Timestamp::from_seconds(0),
        started_at: None,
        completed_at: None,
        expired_at: None,
        last_updated_at: Timestamp::from_seconds(100),
        failure: FailureReason::default(),
    }
}

#[test]
fn a_job_left_alone_for_an_hour_has_failed() {
    assert_eq!(job().seen_at(Timestamp::from_seconds(3699)).status, JobStatus::Pending);
    let expired = job().seen_at(Timestamp::from_seconds(3700));
    assert_eq!(expired.status, JobStatus::Failed);
    assert_eq!(expired.expired_at, Some(Timestamp::from_seconds(3700)));
    assert_eq!(expired.failure.kind.as_deref(), Some(JOB_EXPIRED));
}

#[test]
fn a_finished_job_does_not_expire() {
    let done = ExportJob { status: JobStatus::Completed, ..job() };
    assert_eq!(done.clone().seen_at(Timestamp::from_seconds(1_000_000)), done);
}

#[test]
fn only_documented_events_move_a_job() {
    use JobEvent as E;
    use JobStatus as S;
    let events = [E::Started, E::Failed, E::Completed, E::CompletedWithErrors];
    let table = [
        (S::Pending, [Some(S::InProgress), Some(S::Failed), None, None]),
        (S::InProgress, [None, Some(S::Failed), Some(S::Completed), Some(S::CompletedWithErrors)]),
        (S::Failed, [None; 4]),
        (S::Completed, [None; 4]),
        (S::CompletedWithErrors, [None; 4]),
    ];
    for (status, outcomes) in table {
        for (event, outcome) in events.into_iter().zip(outcomes) {
            assert_eq!(status.after(event), outcome, "{status:?} {event:?}");
        }
    }
}

#[test]
fn words_read_back() {
    for (status, word) in JOB_STATUSES {
        assert_eq!(word.parse(), Ok(status));
    }
    for (status, word) in ITEM_STATUSES {
        assert_eq!(word.parse(), Ok(status));
    }
}
