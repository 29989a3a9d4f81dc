//! A few dozen seeds each time; more are run by `cargo run --release -p sim`.

use sim::{Options, Report};

#[test]
fn every_invariant_holds_in_the_first_seeds() {
    let mut report = Report::default();
    for seed in 1..=36 {
        let record = sim::run(seed, Options::default());
        report.add(&record, &sim::check(&record));
    }
    assert!(report.holds(), "{report}");
    assert!(report.rotations > 100, "a simulation in which nothing is refreshed shows nothing: {report}");
}
