use std::io;
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt as _;

/// A small file of one line that is replaced as a whole (`DIR/instance/…`). Not synced: what a power cut takes back is only ever
/// older, and an older memory raises no false alarm.
#[derive(Debug)]
pub struct NoteFile {
    path: PathBuf,
}

impl NoteFile {
    /// In this file, whose directory is there.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its line without white space around; `None` if there is no such file.
    pub async fn read(&self) -> io::Result<Option<String>> {
        match tokio::fs::read_to_string(&self.path).await {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts `line` in place of what it holds.
    pub async fn replace(&self, line: &str) -> io::Result<()> {
        // Renamed into place, so that a kill in the middle leaves the earlier one whole.
        // Two servers may share the directory where the database is elsewhere.
        let new = self.path.with_extension(format!("new-{}", std::process::id()));
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // Whoever can raise the number can make a healthy start look like a restored backup.
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&new).await?;
        file.write_all(format!("{line}\n").as_bytes()).await?;
        file.flush().await?;
        tokio::fs::rename(&new, &self.path).await
    }

    /// The error of a line that is not what it should be.
    pub fn unreadable(&self, wanted: &str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("{} holds no {wanted}", self.path.display()))
    }
}
