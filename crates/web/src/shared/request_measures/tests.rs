use std::collections::HashSet;

use base::EntropyExt as _;
use base::testing::SeededEntropy;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::*;

#[test]
fn no_random_bytes_are_given_out_twice() {
    let ahead = RandomAhead::new(Arc::new(SeededEntropy::new(3)));
    let given: HashSet<[u8; 10]> = (0..1000).map(|_| ahead.bytes()).collect();
    assert_eq!(given.len(), 1000);
    assert!(given.iter().all(|bytes| bytes.iter().any(|byte| *byte != 0)));
    let large = ahead.bytes::<{ RandomAhead::FETCHED + 1 }>();
    assert!(large.iter().any(|byte| *byte != 0));
}

#[test]
fn each_kind_of_answer_has_a_series_of_its_own() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let measures = RequestMeasures::new(Side::Connect, Arc::new(SeededEntropy::new(3)));
        for (method, route, status) in [
            ("GET", "/a", 200),
            ("GET", "/a", 200),
            ("GET", "/a", 404),
            ("PUT", "/a", 200),
            ("GET", "/b", 200),
        ] {
            measures.answered(method, route, status, Duration::from_millis(3));
        }
    });
    let mut counts = Vec::new();
    let mut durations = Vec::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
        match value {
            DebugValue::Counter(count) => counts.push((labels.join(" "), count)),
            DebugValue::Histogram(seconds) => durations.push((labels.join(" "), seconds.len())),
            DebugValue::Gauge(_) => panic!("there is no gauge"),
        }
    }
    counts.sort();
    durations.sort();
    let expected = [
        ("connect GET /a 200", 2),
        ("connect GET /a 404", 1),
        ("connect GET /b 200", 1),
        ("connect PUT /a 200", 1),
    ];
    assert_eq!(counts, expected.map(|(labels, count)| (labels.to_owned(), count)));
    let expected = [("connect GET /a", 3), ("connect GET /b", 1), ("connect PUT /a", 1)];
    assert_eq!(durations, expected.map(|(labels, count)| (labels.to_owned(), count)));
}
