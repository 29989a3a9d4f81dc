//! The lines that the walk prints: a step, what was seen, how long it took.

use std::future::Future;
use std::sync::Arc;

use base::Clock;
use serde_json::json;

use super::browser::Unexpected;
use crate::failure::Failure;
use crate::output;

/// Prints a line a step and stops at the first that does not hold.
#[derive(Debug)]
pub(super) struct Report {
    clock: Arc<dyn Clock>,
    json: bool,
    steps: u32,
}

impl Report {
    pub(super) const fn new(clock: Arc<dyn Clock>, json: bool) -> Self {
        Self { clock, json, steps: 0 }
    }

    /// A line between the steps; people's alone.
    pub(super) fn note(&self, text: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { output::line(&text) }
    }

    fn line(&self, title: &str, held: bool, seen: &str, milliseconds: u128) -> Result<(), Failure> {
        let step = self.steps;
        if self.json {
            let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
            return output::line(
                &json!({"step": step, "title": title, "ok": held, "seen": seen, "milliseconds": milliseconds}),
            );
        }
        let mark = if held { "ok  " } else { "FAIL" };
        output::line(&format!("{mark} {step:>2}  {title}: {seen} ({milliseconds} ms)"))
    }

    /// Walks one step. Its text says what was seen; its failure says what was expected instead.
    pub(super) async fn step<T>(
        &mut self,
        title: &str,
        step: impl Future<Output = Result<(T, String), Unexpected>>,
    ) -> Result<T, Failure> {
        self.steps += 1;
        let started = self.clock.monotonic();
        let outcome = step.await;
        let took = self.clock.monotonic().saturating_sub(started).as_millis();
        match outcome {
            Ok((value, seen)) => {
                self.line(title, true, &seen, took)?;
                Ok(value)
            }
            Err(unexpected) => {
                self.line(title, false, &unexpected.to_string(), took)?;
                Err(Failure::new(
                    format!("the walk stopped at step {}, {title}", self.steps),
                    unexpected,
                    "look at the log above; with `--data DIR` the data of the walk is kept, and `MAINSTAY_LOG=debug` tells more",
                ))
            }
        }
    }

    /// How many steps held.
    pub(super) const fn steps(&self) -> u32 {
        self.steps
    }
}
