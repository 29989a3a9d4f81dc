use std::collections::BTreeMap;

use base::testing::ManualClock;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::*;
use crate::{Database, params};

#[test]
fn a_transaction_is_measured_under_its_name() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let clock = Arc::new(ManualClock::new());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // Memory runs on the calling thread, where the recorder is.
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let database = Database::memory(Side::Connect, Arc::clone(&clock) as _).unwrap();
            for _ in 0..2 {
                let passing = Arc::clone(&clock);
                let done = database.run_tx("test.done", move |_| {
                    passing.advance(Duration::from_millis(250));
                    Ok(())
                });
                done.await.unwrap();
            }
            let failed = database.run_tx("test.failed", |tx| tx.execute("no statement", params![])).await;
            assert!(failed.is_err());
        });
    });
    let measured: BTreeMap<String, DebugValue> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| {
            let labels: Vec<String> = key.key().labels().map(|label| label.value().to_owned()).collect();
            (format!("{} {}", key.key().name(), labels.join(" ")), value)
        })
        .collect();
    let seconds = DebugValue::Histogram(vec![0.25.into(), 0.25.into()]);
    assert_eq!(measured["mainstay_transaction_duration_seconds connect test.done"], seconds);
    assert_eq!(measured["mainstay_transactions_total connect test.done"], DebugValue::Counter(2));
    assert_eq!(
        measured["mainstay_transaction_errors_total connect test.failed statement"],
        DebugValue::Counter(1)
    );
    assert!(
        !measured
            .keys()
            .any(|name| name.contains("retries") || name.contains("errors_total connect test.done"))
    );
}

#[test]
fn further_runs_of_one_transaction_count_as_retries() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new());
    metrics::with_local_recorder(&recorder, || {
        let measure = Measures::new(&clock, Side::Platform).start("test.retried");
        measure.runs.store(3, Ordering::Relaxed);
        measure.finish(&Ok(()));
    });
    let retries =
        snapshotter.snapshot().into_vec().into_iter().find(|(key, ..)| key.key().name().contains("retries"));
    assert_eq!(retries.map(|(.., value)| value), Some(DebugValue::Counter(2)));
}
