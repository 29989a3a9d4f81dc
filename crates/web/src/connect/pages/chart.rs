use std::fmt::Write as _;

use base::Timestamp;

use crate::shared::page::Moment;

/// What happened to a connection's credentials on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Any moment of the day.
    pub at: Timestamp,
    /// Refreshes that were stored.
    pub refreshed: u32,
    /// Refreshes that were refused.
    pub refused: u32,
    /// Refreshes that failed otherwise: an outage, an answer that was lost.
    pub failed: u32,
}

/// Refreshes and refusals day by day: a picture made here, with the same in words.
#[derive(Debug, Clone)]
pub struct Chart {
    days: Vec<Day>,
}

/// One piece of a column of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) class: &'static str,
    pub(super) title: String,
}

const WIDTH: u32 = 640;
const HEIGHT: u32 = 120;
const LEAST: u32 = 4;
/// A lone event does not fill the picture.
const FEW: u32 = 8;

impl Chart {
    /// A chart of these days, oldest first.
    pub const fn new(days: Vec<Day>) -> Self {
        Self { days }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.days.iter().all(|day| day.refreshed + day.refused + day.failed == 0)
    }

    /// The same in a sentence.
    pub(super) fn summary(&self) -> String {
        if self.is_empty() {
            return format!("In the last {} days no refresh was due.", self.days.len());
        }
        let sum = |part: fn(&Day) -> u32| self.days.iter().map(part).sum::<u32>();
        let mut text = format!(
            "In the last {} days: {}",
            self.days.len(),
            count(sum(|day| day.refreshed), "refresh", "refreshes")
        );
        let _infallible = write!(
            text,
            ", {} refused, {} failed for another reason.",
            sum(|day| day.refused),
            sum(|day| day.failed)
        );
        text
    }

    /// Days on which something went wrong, with what did, newest first.
    pub(super) fn bad_days(&self) -> Vec<(Moment, String)> {
        self.days
            .iter()
            .rev()
            .filter(|day| day.refused + day.failed > 0)
            .map(|day| {
                (
                    Moment(day.at),
                    format!(
                        "{} refused, {} failed otherwise, {} stored",
                        day.refused, day.failed, day.refreshed
                    ),
                )
            })
            .collect()
    }

    /// The first and the last day.
    pub(super) fn span(&self) -> Option<(Moment, Moment)> {
        Some((Moment(self.days.first()?.at), Moment(self.days.last()?.at)))
    }

    pub(super) fn bars(&self) -> Vec<Bar> {
        let most =
            self.days.iter().map(|day| day.refreshed + day.refused + day.failed).max().unwrap_or(0).max(FEW);
        let column = WIDTH / u32::try_from(self.days.len()).unwrap_or(WIDTH).clamp(1, WIDTH);
        let gap = column / 5;
        let mut bars = Vec::new();
        for (index, day) in (0_u32..).zip(&self.days) {
            let mut base = HEIGHT;
            let parts = [
                (day.refreshed, "fine", "stored"),
                (day.failed, "unclear", "failed"),
                (day.refused, "refused", "refused"),
            ];
            for (number, class, word) in parts.into_iter().filter(|(number, ..)| *number > 0) {
                // A single event among many must still be seen: each part has its least height, and shares what is left.
                let height = LEAST + number.saturating_mul(HEIGHT - 3 * LEAST) / most;
                base -= height;
                bars.push(Bar {
                    x: index * column + gap / 2,
                    y: base,
                    width: (column - gap).max(1),
                    height,
                    class,
                    title: format!("{}: {number} {word}", Moment(day.at).day()),
                });
            }
        }
        bars
    }
}

fn count(number: u32, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests;
