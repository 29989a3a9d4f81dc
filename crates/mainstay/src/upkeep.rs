//! Commands about the installation itself: schema, keys, catalogue, and what is wrong.

mod catalogue;
mod doctor;
mod keys;
mod migrate;

pub(crate) use catalogue::providers;
pub(crate) use doctor::doctor;
pub(crate) use keys::status as keys_status;
pub(crate) use migrate::migrate;

use crate::configuration::Configuration;
use crate::side::Side;

/// The accounting systems that have a stand-in database in the data directory.
fn stand_ins(configuration: &Configuration) -> Vec<String> {
    let files = std::fs::read_dir(&configuration.data).into_iter().flatten().flatten();
    let mut systems: Vec<String> = files
        .filter_map(|file| {
            let name = file.file_name();
            Some(name.to_str()?.strip_prefix("sandbox-")?.strip_suffix(".db")?.to_owned())
        })
        .collect();
    systems.sort();
    systems
}

/// The databases meant: those of the side that was named, or all that are there.
fn databases(configuration: &Configuration, side: Option<Side>) -> Vec<(Side, Option<String>)> {
    let mut found = Vec::new();
    for candidate in [Side::Connect, Side::Platform] {
        let exists = configuration.sqlite_file(candidate.as_str()).is_some_and(|file| file.exists());
        if side.map_or(exists, |side| side == candidate) {
            found.push((candidate, None));
        }
    }
    if side.is_none_or(|side| side == Side::Sandbox) {
        found.extend(stand_ins(configuration).into_iter().map(|system| (Side::Sandbox, Some(system))));
    }
    found
}
