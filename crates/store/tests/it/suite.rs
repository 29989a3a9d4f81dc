//! How a case meets the databases. A room's file has `pub(crate) fn cases(suite: &mut Suite)`, which says
//! `conformance!(suite, "refresh", Side::Connect; a_lease_is_taken_once, …)`; a case is an `async fn(Database)` that panics where
//! something does not hold.

use std::process::ExitCode;

use store::{Database, Migration, Side, migrations_of};
use testkit::databases::{Kind, Place};
use testkit::harness::{CaseError, Cases, failed};

/// Adds cases of a room by the names of their functions.
macro_rules! conformance {
    ($suite:expr, $room:literal, $side:expr; $($case:ident),+ $(,)?) => {
        $($suite.each(concat!($room, "::", stringify!($case)), $side, $case);)+
    };
}
pub(crate) use conformance;

pub(crate) struct Suite {
    cases: Cases,
}

impl Suite {
    pub(crate) fn new() -> Self {
        Self { cases: Cases::new() }
    }

    /// A case for each kind of database, with the schema of a side.
    pub(crate) fn each<F>(
        &mut self,
        name: &str,
        side: Side,
        case: impl Fn(Database) -> F + Copy + Send + 'static,
    ) where
        F: Future<Output = ()>,
    {
        self.each_with(name, side, migrations_of(side), case);
    }

    /// The same with a schema of the case's own.
    pub(crate) fn each_with<F>(
        &mut self,
        name: &str,
        side: Side,
        migrations: &'static [Migration],
        case: impl Fn(Database) -> F + Copy + Send + 'static,
    ) where
        F: Future<Output = ()>,
    {
        for kind in Kind::ALL {
            self.cases.asynchronous(format!("{name}::{kind}"), move || async move {
                let place = Place::new(kind)?;
                let database = place.open_with(side, migrations).await.map_err(failed)?;
                case(database.clone()).await;
                database.close().await;
                Ok(())
            });
        }
    }

    /// A case that opens its databases itself, for each of the kinds.
    pub(crate) fn places<F>(
        &mut self,
        name: &str,
        kinds: &[Kind],
        case: impl Fn(Place) -> F + Copy + Send + 'static,
    ) where
        F: Future<Output = ()>,
    {
        for &kind in kinds {
            self.cases.asynchronous(format!("{name}::{kind}"), move || async move {
                case(Place::new(kind)?).await;
                Ok::<(), CaseError>(())
            });
        }
    }

    pub(crate) fn run(self) -> ExitCode {
        self.cases.run()
    }
}
