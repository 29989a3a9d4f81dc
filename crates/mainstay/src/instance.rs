//! The data directory, made with the right permissions.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

use crate::configuration::Configuration;
use crate::failure::Failure;

/// Makes the data directory and what belongs into it, for this user alone. What is ours in a directory that was there before is closed
/// to others: who can write beside the control socket can put another in its place and be told the passwords meant for it.
pub(crate) fn make_directories(configuration: &Configuration) -> Result<(), Failure> {
    let refused = |directory: &std::path::Path, error: std::io::Error| {
        Failure::new(
            format!("the data directory {} cannot be made", directory.display()),
            error,
            "choose a place that this user can write with `--data DIR`",
        )
    };
    let inner = [configuration.instance_directory(), configuration.data.join("keys")];
    for directory in [&configuration.data].into_iter().chain(&inner) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| refused(directory, error))?;
    }
    for directory in &inner {
        let found = fs::metadata(directory).map_err(|error| refused(directory, error))?.permissions();
        if found.mode() & 0o077 != 0 {
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).map_err(|error| {
                Failure::new(
                    format!("the directory {} is open to other users", directory.display()),
                    error,
                    "give it to this user and close it with `chmod 700`, or choose another place with `--data DIR`",
                )
            })?;
        }
    }
    Ok(())
}
