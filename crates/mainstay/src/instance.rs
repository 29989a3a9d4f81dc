//! The data directory, made with the right permissions.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;

use crate::configuration::Configuration;
use crate::failure::Failure;

/// Makes the data directory and what belongs into it, for this user alone.
pub(crate) fn make_directories(configuration: &Configuration) -> Result<(), Failure> {
    for directory in
        [configuration.data.clone(), configuration.instance_directory(), configuration.data.join("keys")]
    {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(|error| {
            Failure::new(
                format!("the data directory {} cannot be made", directory.display()),
                error,
                "choose a place that this user can write with `--data DIR`",
            )
        })?;
    }
    Ok(())
}
