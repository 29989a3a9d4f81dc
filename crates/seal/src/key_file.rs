//! The key ring as a file: a line a key, so that it can be read aloud, compared and put into a safe.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::key_ring::{KeyId, KeyRing, hex};
use crate::key_wrap::DataKey;

const FIRST_LINE: &str = "mainstay-keys 1";
/// Room for hundreds of keys; what is larger is some other file.
const LARGEST_BYTES: u64 = 64 * 1024;

/// Why the key file could not be used. Each says which file, what is wrong with it and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// There is none.
    #[error(
        "the key file {} is missing, but the database is not empty and was sealed under it: put the file back from where it is \
         kept safe; without it nothing sealed can be read. (A new key is made only together with a new, empty database.)",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It, or its directory, is open to others.
    #[error("{} has mode {mode:04o} and can be {what} by others: run `chmod {remedy} {}`", path.display(), path.display())]
    OpenToOthers {
        /// The file or directory.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
        /// `read` or `written`.
        what: &'static str,
        /// The mode it should have, for `chmod`.
        remedy: &'static str,
    },
    /// It belongs to another user.
    #[error(
        "the key file {} belongs to user {owner}, but mainstay runs as user {expected}: run mainstay as that user, or `chown {expected} {}`",
        path.display(), path.display()
    )]
    WrongOwner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who runs this process.
        expected: u32,
    },
    /// It is of a newer version.
    #[error("the key file {} begins with {first_line:?}, a format that this version does not know: use the version of mainstay that wrote it", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// Its first line.
        first_line: String,
    },
    /// It cannot be understood.
    #[error("the key file {} is damaged in line {line}: {what}; put it back from where it is kept safe", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong, without quoting the line.
        what: &'static str,
    },
    /// The system refused.
    #[error("cannot {doing} {}: {cause}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        cause: String,
    },
}

fn io_error<'a>(path: &'a Path, doing: &'static str) -> impl FnOnce(io::Error) -> KeyFileError + 'a {
    move |error| KeyFileError::Io { path: path.to_owned(), doing, cause: error.to_string() }
}

pub(crate) fn read(path: &Path) -> Result<KeyRing, KeyFileError> {
    let file = File::open(path).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            KeyFileError::Missing { path: path.to_owned() }
        } else {
            io_error(path, "open the key file")(error)
        }
    })?;
    let metadata = file.metadata().map_err(io_error(path, "look at the key file"))?;
    let malformed = |line, what| KeyFileError::Malformed { path: path.to_owned(), line, what };
    if !metadata.is_file() || metadata.len() > LARGEST_BYTES {
        return Err(malformed(1, "this is no key file"));
    }
    let expected = rustix::process::geteuid().as_raw();
    if metadata.uid() != expected {
        return Err(KeyFileError::WrongOwner { path: path.to_owned(), owner: metadata.uid(), expected });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::OpenToOthers { path: path.to_owned(), mode, what: "read", remedy: "600" });
    }
    let directory = directory_of(path);
    let mode = fs::metadata(directory).map_err(io_error(directory, "look at the directory"))?.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(KeyFileError::OpenToOthers {
            path: directory.to_owned(),
            mode,
            what: "written",
            remedy: "700",
        });
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1));
    file.take(LARGEST_BYTES).read_to_string(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => malformed(1, "this is no text"),
        _ => io_error(path, "read the key file")(error),
    })?;
    parse(path, &text)
}

/// Makes the file, unless there is one by now: false then.
pub(crate) fn create(path: &Path, ring: &KeyRing) -> Result<bool, KeyFileError> {
    let directory = directory_of(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(io_error(directory, "make the directory for keys"))?;
    let temporary = write_beside(path, ring)?;
    // Unlike a rename, a link fails if another process was quicker.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary).map_err(io_error(&temporary, "remove the temporary file"))?;
    match linked {
        Ok(()) => sync_directory(directory).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(io_error(path, "make the key file")(error)),
    }
}

pub(crate) fn replace(path: &Path, ring: &KeyRing) -> Result<(), KeyFileError> {
    let temporary = write_beside(path, ring)?;
    fs::rename(&temporary, path).map_err(io_error(path, "replace the key file"))?;
    sync_directory(directory_of(path))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn write_beside(path: &Path, ring: &KeyRing) -> Result<PathBuf, KeyFileError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // The newest key's id is random, so that two who start at once do not meet in one temporary file.
    let newest = ring.ids().last().map_or("", KeyId::as_str);
    name.push(format!(".{newest}.new"));
    let temporary = path.with_file_name(name);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error(&temporary, "remove the left-over temporary file")(error));
        }
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(io_error(&temporary, "make the temporary file"))?;
    let written = file.write_all(render(ring).as_bytes()).and_then(|()| file.sync_all());
    written.map_err(io_error(&temporary, "write the key file"))?;
    Ok(temporary)
}

fn sync_directory(directory: &Path) -> Result<(), KeyFileError> {
    File::open(directory).and_then(|file| file.sync_all()).map_err(io_error(directory, "sync the directory"))
}

/// The first 8 hex characters of a SHA-256 over id and key: finds a mistyped or cut line.
fn check(id: &KeyId, key: &DataKey) -> String {
    let input = Zeroizing::new([id.as_str().as_bytes(), b" ", key.expose()].concat());
    hex(&digest(&SHA256, &input).as_ref()[..4])
}

fn render(ring: &KeyRing) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(512 + 160 * ring.keys().len()));
    text.push_str(FIRST_LINE);
    text.push_str(
        "\n# Whoever has this file and the database can read what is sealed there. Without it nobody can.\n",
    );
    text.push_str("# Keep a copy in a safe place, apart from the copies of the database.\nprimary ");
    text.push_str(ring.primary().as_str());
    text.push('\n');
    for (id, key) in ring.keys() {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.expose()));
        for word in ["key ", id.as_str(), " ", &secret, " ", &check(id, key), "\n"] {
            text.push_str(word);
        }
    }
    text
}

fn parse(path: &Path, text: &str) -> Result<KeyRing, KeyFileError> {
    let malformed = |line, what| KeyFileError::Malformed { path: path.to_owned(), line, what };
    let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    match lines.next() {
        Some((_, FIRST_LINE)) => {}
        Some((_, first)) if first.starts_with("mainstay-keys ") => {
            let first_line = first.chars().take(40).collect();
            return Err(KeyFileError::UnknownFormat { path: path.to_owned(), first_line });
        }
        _ => return Err(malformed(1, "the first line must be `mainstay-keys 1`")),
    }
    let (mut primary, mut keys, mut last) = (None, Vec::new(), 1);
    for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        last = number;
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        let id =
            |text: &str| text.parse::<KeyId>().map_err(|_| malformed(number, "the id is not one of a key"));
        match *words {
            ["primary", text] if primary.is_none() => primary = Some(id(text)?),
            ["primary", _] => return Err(malformed(number, "there is a second primary key")),
            ["key", text, secret, expected] => {
                let id = id(text)?;
                let bytes = URL_SAFE_NO_PAD.decode(secret).map(Zeroizing::new).ok();
                let key =
                    bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Secret::new));
                let key = key.ok_or_else(|| malformed(number, "the key is not 32 bytes in base64url"))?;
                if check(&id, &key) != expected {
                    return Err(malformed(number, "the key does not fit its check characters"));
                }
                keys.push((id, key));
            }
            _ => return Err(malformed(number, "a line is `primary ID` or `key ID SECRET CHECK`")),
        }
    }
    let primary = primary.ok_or_else(|| malformed(last, "no line names the primary key"))?;
    KeyRing::from_keys(primary, keys)
        .map_err(|_| malformed(last, "the primary key is not among the keys, or a key is there twice"))
}

#[cfg(test)]
mod tests;
