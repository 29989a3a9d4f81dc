use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::{Spill, SpillError, SpillSlot, Spilled};

/// Bytes reserved for one answer: token texts of several KiB each, sealed, in base64, fit.
const RESERVED: usize = 64 * 1024;
/// Marks a slot that holds an answer; a free slot begins with zeros.
const HEAD: &[u8; 8] = b"MSTSPL1\n";

/// Spill files in a directory (`DIR/instance/spill`, which must not travel with a backup). A slot is a file of fixed size, written
/// once with zeros and then used again and again, so that in ordinary running a refresh costs no disk access here.
#[derive(Debug, Clone)]
pub struct SpillDirectory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    /// Distinguishes the slots of processes that share a directory, and of one that was killed from its successor.
    prefix: String,
    free: Mutex<Free>,
}

#[derive(Debug, Default)]
struct Free {
    slots: Vec<(File, PathBuf)>,
    made: u64,
}

#[derive(Debug)]
struct Slot {
    shared: Arc<Shared>,
    /// `None` only after the slot was given back.
    file: Option<(File, PathBuf)>,
    holds_an_answer: bool,
}

impl SpillDirectory {
    /// Uses `directory`, which is made if it is not there. `instance` names this process uniquely over time.
    pub fn open(directory: PathBuf, instance: &str) -> Result<Self, SpillError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory).map_err(|e| failed("create", &directory, &e))?;
        Ok(Self {
            shared: Arc::new(Shared { directory, prefix: instance.to_owned(), free: Mutex::default() }),
        })
    }
}

fn failed(action: &'static str, path: &Path, cause: &std::io::Error) -> SpillError {
    SpillError { action, path: path.display().to_string(), cause: cause.to_string() }
}

impl Shared {
    fn make_slot(&self, number: u64) -> Result<(File, PathBuf), SpillError> {
        let path = self.directory.join(format!("{}-{number}.spill", self.prefix));
        let make = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&path)?;
            // Real zeros, not a hole: the space must be there when the disk is full later.
            file.write_all(&vec![0; RESERVED])?;
            file.sync_all()?;
            File::open(&self.directory)?.sync_all()?;
            Ok(file)
        };
        match make() {
            Ok(file) => Ok((file, path)),
            Err(error) => {
                // A half-made slot must not be taken for one that has its space.
                let _ = std::fs::remove_file(&path);
                Err(failed("reserve space in", &path, &error))
            }
        }
    }
}

/// Runs file work where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SpillError> + Send + 'static,
) -> Result<T, SpillError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| SpillError {
        action: "work on",
        path: "a spill file".to_owned(),
        cause: e.to_string(),
    })?
}

#[async_trait]
impl Spill for SpillDirectory {
    async fn reserve(&self) -> Result<Box<dyn SpillSlot>, SpillError> {
        let number = {
            let mut free = self.shared.free.lock().expect("no code panics while it holds the slots");
            if let Some(file) = free.slots.pop() {
                return Ok(Box::new(Slot {
                    shared: self.shared.clone(),
                    file: Some(file),
                    holds_an_answer: false,
                }));
            }
            free.made += 1;
            free.made
        };
        let shared = self.shared.clone();
        let file = blocking(move || shared.make_slot(number)).await?;
        Ok(Box::new(Slot { shared: self.shared.clone(), file: Some(file), holds_an_answer: false }))
    }

    async fn left_behind(&self) -> Result<Vec<(Spilled, Box<dyn SpillSlot>)>, SpillError> {
        let shared = self.shared.clone();
        blocking(move || {
            let mut found: Vec<(Spilled, Box<dyn SpillSlot>)> = Vec::new();
            let entries =
                std::fs::read_dir(&shared.directory).map_err(|e| failed("list", &shared.directory, &e))?;
            for entry in entries {
                let path = entry.map_err(|e| failed("list", &shared.directory, &e))?.path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if path.extension().is_none_or(|e| e != "spill")
                    || name.starts_with(&format!("{}-", shared.prefix))
                {
                    continue;
                }
                match read(&path)? {
                    Some((file, spilled)) => {
                        let slot =
                            Slot { shared: shared.clone(), file: Some((file, path)), holds_an_answer: true };
                        found.push((spilled, Box::new(slot)));
                    }
                    // A free slot of a process that is gone, or of one whose write was cut off before its sync: holds nothing.
                    None => std::fs::remove_file(&path).map_err(|e| failed("remove", &path, &e))?,
                }
            }
            Ok(found)
        })
        .await
    }
}

/// The answer in a slot; `None` if it is free or its write never came to its end.
fn read(path: &Path) -> Result<Option<(File, Spilled)>, SpillError> {
    let mut bytes = Vec::new();
    let mut file =
        OpenOptions::new().read(true).write(true).open(path).map_err(|e| failed("open", path, &e))?;
    file.read_to_end(&mut bytes).map_err(|e| failed("read", path, &e))?;
    let body = bytes.strip_prefix(HEAD).and_then(|rest| {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        rest.get(..u32::from_be_bytes(*length) as usize)
    });
    // The JSON text is its own check: a torn write does not parse, and what it holds is authenticated by its sealing.
    Ok(body.and_then(|body| serde_json::from_slice(body).ok()).map(|spilled| (file, spilled)))
}

impl Slot {
    /// Runs `work` on the file where it may block.
    async fn with_file(
        &mut self,
        action: &'static str,
        work: impl FnOnce(&mut File) -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), SpillError> {
        let Some((mut file, path)) = self.file.take() else {
            return Err(SpillError {
                action,
                path: "a slot".to_owned(),
                cause: "it was lost by an earlier failure".to_owned(),
            });
        };
        let (file, path, result) = tokio::task::spawn_blocking(move || {
            let result = work(&mut file);
            (file, path, result)
        })
        .await
        .map_err(|e| SpillError { action, path: "a slot".to_owned(), cause: e.to_string() })?;
        let result = result.map_err(|e| failed(action, &path, &e));
        self.file = Some((file, path));
        result
    }
}

#[async_trait]
impl SpillSlot for Slot {
    async fn write(&mut self, spilled: &Spilled) -> Result<(), SpillError> {
        let body = serde_json::to_vec(spilled).map_err(|e| SpillError {
            action: "encode for",
            path: "a slot".to_owned(),
            cause: e.to_string(),
        })?;
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
        let record = [HEAD.as_slice(), &length, &body].concat();
        self.holds_an_answer = true;
        self.with_file("write", move |file| {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&record)?;
            file.sync_all()
        })
        .await
    }

    fn name(&self) -> String {
        self.file.as_ref().map_or_else(|| "a slot".to_owned(), |(_, path)| path.display().to_string())
    }

    async fn clear(&mut self) -> Result<(), SpillError> {
        self.with_file("clear", |file| {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&[0; 16])?;
            file.sync_all()
        })
        .await?;
        self.holds_an_answer = false;
        Ok(())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // One that holds an answer stays on disk for the next start.
        if let (false, Some(file)) = (self.holds_an_answer, self.file.take()) {
            self.shared.free.lock().expect("no code panics while it holds the slots").slots.push(file);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Ok(free) = self.free.get_mut() {
            for (file, path) in free.slots.drain(..) {
                drop(file);
                // Only tidiness: one that stays is removed by the next start.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests;
