use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use crate::side::Side;

/// Where a control socket lies, in a form short enough for the system: the address of a Unix socket holds about a hundred
/// bytes, and data directories are often deeper than that. The directory is kept open while the address is used.
pub(super) struct SocketAddress {
    path: PathBuf,
    _directory: File,
}

impl SocketAddress {
    pub(super) fn of(instance_directory: &Path, side: Side) -> io::Result<Self> {
        let directory = File::open(instance_directory)?;
        let name = format!("{}.sock", side.as_str());
        let direct = instance_directory.join(&name);
        let path = if direct.as_os_str().len() < 100 {
            direct
        } else {
            PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name)
        };
        Ok(Self { path, _directory: directory })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
