//! The same seed gives the same run, byte by byte.

use sim::{Options, Record};

fn trace(record: &Record) -> Vec<String> {
    record.entries.iter().map(ToString::to_string).collect()
}

#[test]
fn a_seed_gives_the_same_trace_twice() {
    for seed in 40..46 {
        let (first, second) = (sim::run(seed, Options::default()), sim::run(seed, Options::default()));
        let (once, again) = (trace(&first), trace(&second));
        let differs = once.iter().zip(&again).position(|(one, other)| one != other);
        if let Some(line) = differs {
            panic!("seed {seed}, line {line}:\n{}\n{}", once[line], again[line]);
        }
        assert_eq!(once.len(), again.len(), "seed {seed}");
        assert_eq!(format!("{:?}", first.rows), format!("{:?}", second.rows), "seed {seed}");
        assert_eq!(first.fingerprint, second.fingerprint);
    }
}

#[test]
fn a_seed_gives_the_same_trace_on_another_thread() {
    let here = sim::run(50, Options::default()).fingerprint;
    let there = std::thread::spawn(|| sim::run(50, Options::default()).fingerprint).join().unwrap();
    assert_eq!(here, there);
}

#[test]
fn two_seeds_give_two_traces() {
    let fingerprints = [51, 52].map(|seed| sim::run(seed, Options::default()).fingerprint);
    assert_ne!(fingerprints[0], fingerprints[1]);
}
