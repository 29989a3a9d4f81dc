#![allow(clippy::disallowed_methods, reason = "a test reads the source it is about")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::catalogue::{Kind, Metric};
use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// The names that stand in the macros that record.
fn recorded() -> BTreeSet<(String, &'static str)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        sources(&entry.unwrap().path().join("src"), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        for kind in ["counter", "gauge", "histogram"] {
            for after in text.split(&format!("metrics::{kind}!(")).skip(1) {
                let name = after.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                names.insert((name.expect("a metric's name stands in its macro").to_owned(), kind));
            }
        }
    }
    names
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram(_) => "histogram",
    }
}

#[test]
fn what_is_recorded_is_described_and_what_is_described_is_recorded() {
    let described: BTreeSet<_> =
        METRICS.iter().map(|metric| (metric.name.to_owned(), word(metric.kind))).collect();
    assert_eq!(described.len(), METRICS.len(), "each once");
    assert_eq!(recorded(), described);
}

#[test]
fn the_page_has_a_row_for_each() {
    let row = |Metric { name, kind, unit, labels, tells }: &Metric| {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{name}` | {} | {} | {} | {tells} |", word(*kind), unit.as_str(), labels.join(", "))
    };
    let wanted: Vec<_> = METRICS.iter().map(row).collect();
    let page = std::fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows, wanted, "the table is to be:\n{}", wanted.join("\n"));
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_line_written_within_a_request_tells_of_it() {
    let written = Buffer::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .map_event_format(|_| Lines::new())
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let clock: Arc<dyn base::Clock> = Arc::new(base::SystemClock::new());
    let site = web::shared::Site::new(
        web::shared::Side::Connect,
        "http://127.0.0.1:1".parse().unwrap(),
        clock,
        Arc::new(base::SystemEntropy),
    );
    let handler = async || {
        tracing::info!(thing = "a \"quoted\" one", "inside");
        "done"
    };
    let router = axum::Router::new().route("/v1/things/{id}", axum::routing::get(handler));
    let router = web::shared::frame(router, &Arc::new(site));
    let request = http::Request::get("/v1/things/secret-7?x=1").body(axum::body::Body::empty()).unwrap();
    let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
    tracing::info!("outside");
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let [inside, outside] = lines.as_slice() else { panic!("{text}") };
    assert_eq!((&inside["message"], &inside["thing"]), (&"inside".into(), &"a \"quoted\" one".into()));
    let span = &inside["span"];
    assert_eq!(span["request_id"], answer.headers()["x-request-id"].to_str().unwrap());
    let told = ["name", "side", "method", "route"].map(|member| span[member].as_str().unwrap());
    assert_eq!(told, ["request", "connect", "GET", "/v1/things/{id}"]);
    assert!(outside.get("span").is_none(), "{outside}");
    assert!(!text.contains("secret-7"), "paths carry secrets");
}
