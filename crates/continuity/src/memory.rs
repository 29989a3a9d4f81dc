use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use crate::NoteFile;

/// What an instance remembers outside the database: the newest position it has seen of a counter that only rises. It must not travel
/// with a backup.
#[async_trait]
pub trait Memory: Send + Sync + fmt::Debug {
    /// The position noted last; `None` if there is no memory.
    async fn recall(&self) -> io::Result<Option<u64>>;
    /// Notes a position in place of the earlier one.
    async fn note(&self, position: u64) -> io::Result<()>;
}

/// The memory in a file (`DIR/instance/newest-rotation`).
#[derive(Debug)]
pub struct MemoryFile(NoteFile);

impl MemoryFile {
    /// In this file, whose directory is there.
    pub fn new(path: PathBuf) -> Self {
        Self(NoteFile::new(path))
    }
}

#[async_trait]
impl Memory for MemoryFile {
    async fn recall(&self) -> io::Result<Option<u64>> {
        let line = self.0.read().await?;
        line.map(|line| line.parse().map_err(|_| self.0.unreadable("number"))).transpose()
    }

    async fn note(&self, position: u64) -> io::Result<()> {
        self.0.replace(&position.to_string()).await
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
