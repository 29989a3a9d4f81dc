use std::collections::BTreeMap;
use std::fmt;

use crate::check::{Findings, Invariant, Violation, Window};
use crate::plan::RotationKind;
use crate::run::Record;

/// How many seeds of a violated invariant are named.
const NAMED: usize = 8;

/// The figures of one invariant.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How often it was looked at.
    pub checks: u64,
    /// How often it did not hold.
    pub violations: u64,
    /// In how many runs.
    pub runs: u64,
    /// The first of those seeds, with the first violation of each.
    pub first: BTreeMap<u64, Violation>,
}

/// The figures of many runs.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many runs there were.
    pub runs: u64,
    /// The smallest and the largest seed.
    pub seeds: Option<(u64, u64)>,
    /// How many runs there were of each kind of provider.
    pub kinds: BTreeMap<&'static str, u64>,
    /// How many generations were made in all.
    pub rotations: u64,
    /// The invariants.
    pub tallies: BTreeMap<Invariant, Tally>,
    /// The windows.
    pub windows: BTreeMap<Window, u64>,
    /// A number over all traces: the same seeds give the same.
    pub fingerprint: u64,
}

impl Report {
    /// Adds a run.
    pub fn add(&mut self, record: &Record, findings: &Findings) {
        let seed = record.plan.seed;
        self.runs += 1;
        self.seeds = Some(self.seeds.map_or((seed, seed), |(from, to)| (from.min(seed), to.max(seed))));
        *self.kinds.entry(record.plan.kind.catalogue_id()).or_default() += 1;
        self.rotations += record.rows.iter().map(|row| row.generation - 1).sum::<u64>();
        // A sum does not depend on the order in which threads come to their ends.
        self.fingerprint = self.fingerprint.wrapping_add(record.fingerprint);
        for (invariant, checks) in &findings.checks {
            self.tallies.entry(*invariant).or_default().checks += checks;
        }
        for (window, count) in &findings.windows {
            *self.windows.entry(*window).or_default() += count;
        }
        let mut first = BTreeMap::new();
        for violation in &findings.violations {
            self.tallies.entry(violation.invariant).or_default().violations += 1;
            first.entry(violation.invariant).or_insert_with(|| violation.clone());
        }
        for (invariant, violation) in first {
            let tally = self.tallies.entry(invariant).or_default();
            tally.runs += 1;
            tally.first.insert(seed, violation);
            while tally.first.len() > NAMED {
                tally.first.pop_last();
            }
        }
    }

    /// Adds what another thread has gathered.
    pub fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.rotations += other.rotations;
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
        self.seeds = match (self.seeds, other.seeds) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, another) => one.or(another),
        };
        for (kind, runs) in other.kinds {
            *self.kinds.entry(kind).or_default() += runs;
        }
        for (window, count) in other.windows {
            *self.windows.entry(window).or_default() += count;
        }
        for (invariant, tally) in other.tallies {
            let own = self.tallies.entry(invariant).or_default();
            own.checks += tally.checks;
            own.violations += tally.violations;
            own.runs += tally.runs;
            own.first.extend(tally.first);
            while own.first.len() > NAMED {
                own.first.pop_last();
            }
        }
    }

    /// Whether every invariant held.
    pub fn holds(&self) -> bool {
        self.tallies.values().all(|tally| tally.violations == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = self.seeds.unwrap_or_default();
        write!(f, "{} runs, seeds {from} to {to}, {} rotations;", self.runs, self.rotations)?;
        for kind in RotationKind::ALL {
            let id = kind.catalogue_id();
            write!(f, " {id} {}", self.kinds.get(id).copied().unwrap_or_default())?;
        }
        writeln!(f, "; traces {:016x}\n", self.fingerprint)?;
        writeln!(f, "{:<32} {:>12} {:>11} {:>9}", "invariant", "checks", "violations", "in runs")?;
        for invariant in Invariant::ALL {
            let tally = self.tallies.get(&invariant).cloned().unwrap_or_default();
            let Tally { checks, violations, runs, .. } = tally;
            writeln!(f, "{:<32} {checks:>12} {violations:>11} {runs:>9}", invariant.name())?;
        }
        writeln!(
            f,
            "\n{:<64} {:>7}",
            "windows that nobody can close, and what is counted beside them", "count"
        )?;
        for window in Window::ALL {
            let count = self.windows.get(&window).copied().unwrap_or_default();
            writeln!(f, "{:<64} {count:>7}", window.name())?;
        }
        for (invariant, tally) in &self.tallies {
            for (seed, violation) in &tally.first {
                let at = violation.at.as_secs();
                writeln!(f, "\nseed {seed}, at {at} s, {invariant}: {}", violation.what)?;
            }
        }
        Ok(())
    }
}
