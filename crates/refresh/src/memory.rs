use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tokio::io::AsyncWriteExt as _;

/// What an instance remembers outside the database: the newest rotation it has seen (rule 14). It must not travel with a backup.
#[async_trait]
pub trait Memory: Send + Sync + fmt::Debug {
    /// The position noted last; `None` if there is no memory.
    async fn recall(&self) -> io::Result<Option<u64>>;
    /// Notes a position in place of the earlier one.
    async fn note(&self, position: u64) -> io::Result<()>;
}

/// The memory in a file (`DIR/instance/newest-rotation`). Not synced: what a power cut takes back is only ever older, and an older
/// memory raises no false alarm.
#[derive(Debug)]
pub struct MemoryFile {
    path: PathBuf,
}

impl MemoryFile {
    /// In this file, whose directory is there.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

#[async_trait]
impl Memory for MemoryFile {
    async fn recall(&self) -> io::Result<Option<u64>> {
        match tokio::fs::read_to_string(&self.path).await {
            Ok(text) => text.trim().parse().map(Some).map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{} holds no number", self.path.display()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn note(&self, position: u64) -> io::Result<()> {
        // Renamed into place, so that a kill in the middle leaves the earlier one whole.
        let new = self.path.with_extension("new");
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // Whoever can raise the number can make a healthy start look like a restored backup.
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&new).await?;
        file.write_all(format!("{position}\n").as_bytes()).await?;
        file.flush().await?;
        tokio::fs::rename(&new, &self.path).await
    }
}

/// A memory that lives as long as this value: for tests, and where nothing is kept anyway.
#[derive(Debug, Default)]
pub struct MemoryInProcess(AtomicU64);

#[async_trait]
impl Memory for MemoryInProcess {
    async fn recall(&self) -> io::Result<Option<u64>> {
        // Zero stands for nothing noted: positions begin at one.
        Ok(Some(self.0.load(Ordering::SeqCst)).filter(|position| *position > 0))
    }

    async fn note(&self, position: u64) -> io::Result<()> {
        self.0.store(position, Ordering::SeqCst);
        Ok(())
    }
}
