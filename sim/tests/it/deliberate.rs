//! Each check turns red when what it guards is broken on purpose.

use sim::{DeliberateFault, Options};

/// How many seeds a fault may take to be seen.
const SEEDS: u64 = 60;

fn first_seed_that_shows(fault: DeliberateFault) -> Option<u64> {
    let options = Options { fault: Some(fault), ..Options::default() };
    (1..=SEEDS).find(|seed| {
        let findings = sim::check(&sim::run(*seed, options));
        findings.violations.iter().any(|violation| violation.invariant == fault.breaks())
    })
}

#[test]
fn each_deliberate_fault_turns_its_invariant_red() {
    let blind: Vec<_> =
        DeliberateFault::ALL.into_iter().filter(|fault| first_seed_that_shows(*fault).is_none()).collect();
    assert!(blind.is_empty(), "not seen within {SEEDS} seeds: {blind:?}");
}

#[test]
fn a_fault_is_called_by_its_name() {
    for fault in DeliberateFault::ALL {
        assert_eq!(fault.name().parse(), Ok(fault));
    }
    let error = "no-such-fault".parse::<DeliberateFault>().unwrap_err();
    assert!(error.contains("lease-always-taken"), "{error}");
}
