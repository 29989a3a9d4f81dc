//! The platform side as real processes: refreshes that race each other, revocations that race refreshes, and kill -9 in the middle of
//! rotations.
//!
//! Each trial starts `mainstay platform serve` in one or two processes on a database of its own, walks a person through sign-in and
//! consent for every authorisation it needs, and asks the public doors alone what came of it.

mod chain;
mod house;
mod kills;
mod races;
mod revocations;
mod stopped;

use std::time::Duration;

use anyhow::Result;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use crate::row::acted_in;
use crate::{DatabaseKind, Ground, Outcome, Tried};
use house::House;
use stopped::Way;

/// How the refresh tokens of a client rotate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// No grace: a replay ends the authorisation.
    Strict,
    /// The same request gets the same successor for some seconds.
    RetryWindow,
}

impl Policy {
    const ALL: [Self; 2] = [Self::Strict, Self::RetryWindow];

    const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::RetryWindow => "retry window",
        }
    }
}

/// Where the processes of a trial run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    database: DatabaseKind,
    /// How many processes serve it.
    processes: usize,
}

impl Shape {
    /// A second process on one SQLite database is refused at its start, so two processes are on PostgreSQL.
    const ALL: [Self; 3] = [
        Self { database: DatabaseKind::Sqlite, processes: 1 },
        Self { database: DatabaseKind::Postgres, processes: 1 },
        Self { database: DatabaseKind::Postgres, processes: 2 },
    ];

    fn name(self) -> String {
        let processes = if self.processes == 1 { "one process" } else { "two processes" };
        format!("{}, {processes}", self.database.name())
    }
}

/// What is done in a house, with the number of rounds.
type Act = fn(&mut House, u32) -> LocalBoxFuture<'_, Result<Outcome>>;

/// A trial: what is done, what is promised, and where.
#[derive(Debug)]
pub struct Trial {
    group: &'static str,
    what: String,
    promise: &'static str,
    shape: Shape,
    /// Each transaction waits for 2 ms.
    slow: bool,
    rounds: u32,
    act: Act,
}

/// The rounds asked for divided by this, for trials whose rounds are whole walks.
const WALKS: u32 = 10;

/// The ways in which tokens come to their end while they are refreshed, and what is promised of them.
const REVOCATIONS: [(&str, &str, Act); 7] = [
    ("at the revocation endpoint", revocations::PROMISE, |house, rounds| {
        revocations::endpoint(house, rounds).boxed_local()
    }),
    ("withdrawn by a person", revocations::PROMISE, |house, rounds| {
        revocations::withdrawn(house, rounds).boxed_local()
    }),
    ("the client's secret called compromised", revocations::PROMISE, |house, rounds| {
        revocations::compromised(house, rounds).boxed_local()
    }),
    ("the client removed on its page", revocations::PROMISE, |house, rounds| {
        stopped::removed(house, rounds, Way::Page).boxed_local()
    }),
    ("the client removed by a command", revocations::PROMISE, |house, rounds| {
        stopped::removed(house, rounds, Way::Command).boxed_local()
    }),
    ("the client suspended on its page", stopped::SUSPENDED, |house, rounds| {
        stopped::suspended(house, rounds, Way::Page).boxed_local()
    }),
    ("the client suspended by a command", stopped::SUSPENDED, |house, rounds| {
        stopped::suspended(house, rounds, Way::Command).boxed_local()
    }),
];

/// All trials. `rounds` is the number for the trials that race; each says what it made of it.
pub fn all(rounds: u32) -> Vec<Trial> {
    let mut trials = Vec::new();
    for shape in Shape::ALL {
        for policy in Policy::ALL {
            let (promise, act): (_, Act) = match policy {
                Policy::Strict => (races::STRICT, |house, rounds| races::strict(house, rounds).boxed_local()),
                Policy::RetryWindow => {
                    (races::WINDOW, |house, rounds| races::window(house, rounds).boxed_local())
                }
            };
            trials.push(Trial {
                group: "twenty refreshes at once",
                what: format!("{}, {}", policy.name(), shape.name()),
                promise,
                shape,
                slow: true,
                rounds,
                act,
            });
        }
    }
    for shape in Shape::ALL {
        for (how, promise, act) in REVOCATIONS {
            trials.push(Trial {
                group: "a revocation races refreshes",
                what: format!("{how}, {}", shape.name()),
                promise,
                shape,
                slow: true,
                rounds: (rounds / WALKS).max(1),
                act,
            });
        }
    }
    for shape in Shape::ALL {
        trials.push(Trial {
            group: "kill -9 in the middle of rotations",
            what: shape.name(),
            promise: kills::PROMISE,
            shape,
            slow: false,
            rounds,
            act: |house, rounds| kills::rotations(house, rounds).boxed_local(),
        });
    }
    trials
}

impl Trial {
    /// What it is known by.
    pub fn name(&self) -> String {
        format!("{}: {}", self.group, self.what)
    }

    /// Tries it.
    pub async fn run(self, ground: &Ground) -> Tried {
        let name = self.name();
        let Self { group, what, promise, shape, slow, rounds, act } = self;
        // Longer than a round takes on a machine that is busy with others.
        let at_most = Duration::from_mins(2) + Duration::from_secs(2) * rounds;
        Tried::of(ground, group, what, promise.to_owned(), async {
            let house = House::build(ground, shape, slow).await?;
            acted_in(house, &name, at_most, |house| act(house, rounds)).await
        })
        .await
    }
}
