//! What the accounting stand-ins are filled with: a file with tables for each system.

use std::collections::BTreeMap;
use std::path::Path;

use sandbox::{Seed, StandinKind};

use crate::failure::Failure;
use crate::input;
use crate::wiring::sandbox::StandinSide;

/// Seeds by system.
#[derive(Debug, Default)]
pub(crate) struct Seeds(BTreeMap<StandinKind, Seed>);

impl Seeds {
    /// The seed of a system, if the file has one.
    pub(crate) fn of(&self, kind: StandinKind) -> Option<&Seed> {
        self.0.get(&kind)
    }
}

/// Reads and checks a file; nothing is done before that.
pub(crate) fn read(path: &Path) -> Result<Seeds, Failure> {
    let text = input::file(path)?;
    let broken = |why: String| {
        Failure::new(
            format!("the seed file {} cannot be used; nothing was written", path.display()),
            why,
            "correct it and give the command again",
        )
    };
    // Only the message and the line: toml's own excerpt could show a password.
    let tables: BTreeMap<String, Seed> = toml::from_str(&text).map_err(|error: toml::de::Error| {
        let line =
            error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        broken(format!("line {line}: {}", error.message()))
    })?;
    let seeds = tables.into_iter().map(|(name, seed)| {
        let kind = name.parse().map_err(|error| broken(format!("`{name}`: {error}")))?;
        Ok((kind, seed))
    });
    Ok(Seeds(seeds.collect::<Result<_, Failure>>()?))
}

/// Fills a stand-in.
pub(crate) async fn fill(stand_in: &StandinSide, seed: &Seed) -> Result<(), Failure> {
    stand_in.standin.seed(seed).await.map(drop).map_err(|error| {
        let system = stand_in.standin.system();
        Failure::new(
            format!("the stand-in of {} cannot be filled", system.name),
            error,
            "correct the seed file, or choose an empty directory with `--data DIR`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Seeds, Failure> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("seed.toml");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn a_file_has_tables_for_each_system() {
        let seeds = read_text("[[xero.companies]]\nid = \"1\"\nname = \"A\"\ncountry = \"NL\"\n").unwrap();
        assert_eq!(seeds.of(StandinKind::Xero).unwrap().companies.len(), 1);
        assert!(seeds.of(StandinKind::Sage).is_none());
    }

    #[test]
    fn an_error_names_the_line_and_shows_nothing_of_it() {
        let failure = read_text("[[xero.users]]\nemail = \"a@b.c\"\npasword = \"planted\"\n").unwrap_err();
        assert!(failure.why.contains("line ") && !failure.to_string().contains("planted"), "{failure}");
        assert!(
            read_text("[[zero.companies]]\nid = \"1\"\nname = \"A\"\ncountry = \"NL\"")
                .unwrap_err()
                .why
                .contains("zero")
        );
    }
}
