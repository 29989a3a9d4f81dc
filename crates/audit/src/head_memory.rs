use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use continuity::NoteFile;

use crate::Head;

/// Where an instance keeps the end of the chain outside the database, so that an end that was cut off is found. It must not travel
/// with a backup.
#[async_trait]
pub trait HeadMemory: Send + Sync + fmt::Debug {
    /// The end noted last; `None` if there is no memory.
    async fn recall(&self) -> io::Result<Option<Head>>;
    /// Notes an end in place of the earlier one.
    async fn note(&self, head: Head) -> io::Result<()>;
}

/// The memory in a file (`DIR/instance/platform-audit-head`): block, position and check in one line.
#[derive(Debug)]
pub struct HeadFile(NoteFile);

impl HeadFile {
    /// In this file, whose directory is there.
    pub fn new(path: PathBuf) -> Self {
        Self(NoteFile::new(path))
    }
}

fn parse(line: &str) -> Option<Head> {
    let mut words = line.split(' ');
    let (block, position, hex) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?);
    let mut mac = [0; 32];
    if words.next().is_some() || hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, index) in mac.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&hex[index..index + 2], 16).ok()?;
    }
    Some(Head { block, position, mac })
}

fn render(head: &Head) -> String {
    use fmt::Write as _;
    let mut line = format!("{} {} ", head.block, head.position);
    for byte in head.mac {
        write!(line, "{byte:02x}").expect("a text takes what is written");
    }
    line
}

#[async_trait]
impl HeadMemory for HeadFile {
    async fn recall(&self) -> io::Result<Option<Head>> {
        let line = self.0.read().await?;
        line.map(|line| parse(&line).ok_or_else(|| self.0.unreadable("end of an audit log"))).transpose()
    }

    async fn note(&self, head: Head) -> io::Result<()> {
        self.0.replace(&render(&head)).await
    }
}

/// A memory that lives as long as this value: for tests, and where nothing is kept anyway.
#[derive(Debug, Default)]
pub struct HeadInProcess(Mutex<Option<Head>>);

#[async_trait]
impl HeadMemory for HeadInProcess {
    async fn recall(&self) -> io::Result<Option<Head>> {
        Ok(*self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn note(&self, head: Head) -> io::Result<()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_reads_back_and_anything_else_is_refused() {
        let head =
            Head { block: 7, position: 900, mac: std::array::from_fn(|at| u8::try_from(at * 7).unwrap()) };
        let line = render(&head);
        assert_eq!(parse(&line), Some(head));
        for bad in ["", "7", "7 900", "7 900 00", &format!("{line} 1"), &line[..line.len() - 1]] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
