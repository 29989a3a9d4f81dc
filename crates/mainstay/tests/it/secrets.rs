//! No secret is stored or logged in clear: a full walk is made, every secret that went over the wire is written down, and then
//! databases, journals, spill files, logs and answers are searched for each of them in every spelling.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::binary::mainstay;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The spellings in which a secret could lie somewhere.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut spellings = vec![secret.to_owned(), hex(bytes), hex(bytes).to_uppercase()];
    // In base64 the same bytes look different by where they begin in the text around them; what the neighbours decide is cut off.
    for padding in 0..3 {
        let shifted = [&vec![0; padding][..], bytes].concat();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let text = engine.encode(&shifted);
            let (from, to) = (
                if padding == 0 { 0 } else { padding + 1 },
                text.len() - usize::from(shifted.len() % 3 != 0),
            );
            spellings.push(text[from..to].to_owned());
        }
    }
    spellings.extend([STANDARD.encode(bytes), URL_SAFE.encode(bytes)]);
    // Tokens that are base64url themselves could be kept as the bytes they stand for.
    let mut all: Vec<Vec<u8>> = spellings.into_iter().map(String::into_bytes).collect();
    if let Ok(decoded) = URL_SAFE_NO_PAD.decode(secret)
        && decoded.len() >= 12
    {
        all.push(decoded);
    }
    all
}

/// Looks for many texts at once: by their first bytes, then whole.
struct Search {
    by_head: BTreeMap<[u8; 4], Vec<(Vec<u8>, usize)>>,
}

impl Search {
    fn new(secrets: &[String]) -> Self {
        let mut by_head: BTreeMap<[u8; 4], Vec<(Vec<u8>, usize)>> = BTreeMap::new();
        for (index, secret) in secrets.iter().enumerate() {
            for spelling in spellings(secret) {
                let head = spelling[..4].try_into().unwrap();
                by_head.entry(head).or_default().push((spelling, index));
            }
        }
        Self { by_head }
    }

    /// Which secrets are in `haystack`, by index.
    fn found(&self, haystack: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        for (at, window) in haystack.windows(4).enumerate() {
            let head: [u8; 4] = window.try_into().unwrap();
            for (spelling, index) in self.by_head.get(&head).into_iter().flatten() {
                if haystack[at..].starts_with(spelling) {
                    found.push(*index);
                }
            }
        }
        found
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.is_file() {
            all.push(path);
        }
    }
    all
}

pub(crate) fn the_search_finds_a_secret_in_every_spelling() {
    let secret = "planted_secret-value-1234".to_owned();
    let search = Search::new(std::slice::from_ref(&secret));
    let around = |text: &str| format!("some text before {text} and after").into_bytes();
    let bytes = secret.as_bytes();
    let hex = hex(bytes);
    for planted in [
        around(&secret),
        around(&hex),
        around(&hex.to_uppercase()),
        around(&STANDARD.encode(bytes)),
        around(&URL_SAFE.encode(bytes)),
    ] {
        assert_eq!(search.found(&planted).first(), Some(&0), "{}", String::from_utf8_lossy(&planted));
    }
    // Inside a longer text that was encoded as a whole, wherever it begins.
    for before in ["", "x", "xy", "xyz"] {
        let whole = STANDARD.encode(format!("{before}{secret}, and more"));
        assert_eq!(search.found(whole.as_bytes()).first(), Some(&0), "{before}");
    }
    assert!(search.found(&around("planted_secret-value-123")).is_empty());
}

pub(crate) fn no_secret_of_a_whole_walk_is_stored_or_logged_in_clear() {
    let directory = tempfile::tempdir().unwrap();
    let (data, seen) = (directory.path().join("data"), directory.path().join("seen"));
    let output = mainstay()
        .env("MAINSTAY_LOG", "debug")
        .args([
            "demo",
            "--headless",
            "--data",
            data.to_str().unwrap(),
            "--seen-secrets",
            seen.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}\n{log}", String::from_utf8_lossy(&output.stdout));
    let mut secrets: Vec<String> = fs::read_to_string(&seen).unwrap().lines().map(str::to_owned).collect();
    // Codes, verifiers, tokens of two sides and two stand-ins, cookies, links, keys, passwords, client secrets.
    assert!(secrets.len() > 60, "only {} secrets were seen", secrets.len());
    for prefix in ["mst_api_", "mst_at_", "mst_rt_", "mst_ac_", "plp_"] {
        assert!(secrets.iter().any(|secret| secret.starts_with(prefix)), "no {prefix}… among the secrets");
    }
    assert!(
        log.lines().count() > 50,
        "the log of the walk is short, so that nothing is shown by searching it"
    );
    secrets.push("a-secret-that-was-planted-on-purpose".to_owned());
    let planted = secrets.len() - 1;
    let search = Search::new(&secrets);

    let keys = data.join("keys");
    let stored: Vec<PathBuf> = files(&data).into_iter().filter(|path| !path.starts_with(&keys)).collect();
    let databases =
        stored.iter().filter(|path| path.extension().is_some_and(|extension| extension == "db")).count();
    assert_eq!(databases, 4, "{stored:?}");
    for path in &stored {
        let found = search.found(&fs::read(path).unwrap());
        let found: Vec<&str> = found.iter().map(|index| kind(&secrets[*index])).collect();
        assert!(
            found.is_empty(),
            "{} holds {} secrets in clear, such as {:?}",
            path.display(),
            found.len(),
            found.first()
        );
    }
    let refusals = fs::read(seen.with_extension("refusals")).unwrap();
    assert!(refusals.len() > 1000, "few refusals were answered, so that nothing is shown by searching them");
    let answers =
        [("the log", &output.stderr), ("the walk's own report", &output.stdout), ("a refusal", &refusals)];
    for (name, text) in answers {
        let found = search.found(text);
        let found: Vec<&str> = found.iter().map(|index| kind(&secrets[*index])).collect();
        assert!(
            found.is_empty(),
            "{name} holds {} secrets in clear, such as {:?}",
            found.len(),
            found.first()
        );
    }
    // And the same search does find one that lies in a database.
    let database = rusqlite::Connection::open(data.join("connect.db")).unwrap();
    database.execute("CREATE TABLE planted (value TEXT)", []).unwrap();
    database.execute("INSERT INTO planted VALUES (?1)", [&secrets[planted]]).unwrap();
    drop(database);
    assert_eq!(search.found(&fs::read(data.join("connect.db")).unwrap()).first(), Some(&planted));
}

/// What may be told of a secret that was found: how it begins.
fn kind(secret: &str) -> &str {
    &secret[..secret.len().min(8)]
}
