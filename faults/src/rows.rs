//! All rows.

mod backup;
mod crowd;
mod database;
mod disk;
mod kill;
mod provider;
mod settle;
mod stop;

use crate::Row;

/// All rows, in the order of the table.
pub fn all() -> Vec<Row> {
    let groups = [
        kill::rows(),
        stop::rows(),
        provider::rows(),
        database::rows(),
        disk::rows(),
        backup::rows(),
        crowd::rows(),
    ];
    groups.into_iter().flatten().collect()
}
