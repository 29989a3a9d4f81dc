//! What is counted of grants, by provider.

use std::time::Duration;

use base::Secret;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use refresh::{CredentialKind, NewCredential, Store as _};

use crate::stage::{Stage, pair};

/// The values recorded under a name, with their labels.
fn recorded(snapshotter: &Snapshotter) -> Vec<(String, Vec<f64>)> {
    let mut recorded: Vec<_> = (snapshotter.snapshot().into_vec().into_iter())
        .map(|(key, _, _, value)| {
            let labels: Vec<_> =
                key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let values = match value {
                DebugValue::Counter(count) => vec![f64::from(u32::try_from(count).unwrap())],
                DebugValue::Gauge(value) => vec![value.into_inner()],
                DebugValue::Histogram(values) => values.into_iter().map(f64::from).collect(),
            };
            (format!("{} {}", key.key().name(), labels.join(" ")), values)
        })
        .collect();
    recorded.sort_by(|one, other| one.0.cmp(&other.0));
    recorded
}

#[tokio::test(start_paused = true)]
async fn ages_and_ends_are_counted_by_provider_and_keys_have_no_age() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(Duration::from_mins(5));
    authority.lend(grant).await.unwrap();
    let key = NewCredential { access_token: Secret::new("k1".to_owned()), refresh_token: None, ..pair(1) };
    let key = stage.seal(&authority, CredentialKind::ApiKey, &key);
    assert!(stage.database.give(&key).await.unwrap());
    authority.lend(key.grant).await.unwrap();
    stage.clock.advance(Duration::from_mins(9));
    authority.lend(grant).await.unwrap();
    stage.provider.withdraw();
    stage.clock.advance(Duration::from_mins(14));
    authority.lend(grant).await.unwrap_err();
    let recorded = recorded(&snapshotter);
    let of = |name: &str| recorded.iter().find(|(at, _)| at == name).map(|(_, values)| values.clone());
    // Once out of the store, and never of the key.
    assert_eq!(of("mainstay_lent_token_age_seconds provider=pleo"), Some(vec![300.0]), "{recorded:?}");
    assert_eq!(of("mainstay_refresh_replaced_age_seconds provider=pleo"), Some(vec![840.0]), "{recorded:?}");
    assert_eq!(of("mainstay_refresh_life_left_seconds provider=pleo"), Some(vec![60.0]), "{recorded:?}");
    let ended = "mainstay_refresh_ended_total provider=pleo reason=access_withdrawn";
    assert_eq!(of(ended), Some(vec![1.0]), "{recorded:?}");
}
