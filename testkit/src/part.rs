use std::fmt;
use std::path::PathBuf;

/// A program that is not ours and that some tests need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// PostgreSQL's server programs.
    Postgres,
    /// Chromium and its driver.
    Browser,
}

impl Part {
    /// Its name in `MAINSTAY_TEST_REQUIRE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Browser => "browser",
        }
    }

    const fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["initdb", "postgres", "createdb", "dropdb"],
            Self::Browser => &["chromium", "chromedriver"],
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::Postgres => "`apt-get install postgresql`",
            Self::Browser => "`apt-get install chromium chromium-driver`",
        }
    }

    /// The paths of its programs, in the order initdb, postgres, createdb, dropdb or chromium, chromedriver.
    ///
    /// `MAINSTAY_TEST_WITHOUT` (`postgres,browser`) lets a part count as missing, on a machine where it is broken.
    pub fn find(self) -> Result<Vec<PathBuf>, Missing> {
        if names(&variable("MAINSTAY_TEST_WITHOUT"), self) {
            return Err(Missing {
                part: self,
                reason: "MAINSTAY_TEST_WITHOUT asks for leaving it out".to_owned(),
            });
        }
        let directories = directories(self);
        let find = |program: &&str| {
            directories.iter().map(|directory| directory.join(program)).find(|path| path.is_file())
        };
        self.programs()
            .iter()
            .map(|program| {
                find(program).ok_or_else(|| Missing {
                    part: self,
                    reason: format!("the program `{program}` is not installed ({})", self.remedy()),
                })
            })
            .collect()
    }
}

/// A part that is not on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Which.
    pub part: Part,
    /// What is missing, and what would help.
    pub reason: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is missing: {}", self.part.name(), self.reason)
    }
}

impl std::error::Error for Missing {}

/// Whether `MAINSTAY_TEST_REQUIRE` (`postgres,browser`) says that the part's absence is a failure.
pub fn is_required(part: Part) -> bool {
    names(&variable("MAINSTAY_TEST_REQUIRE"), part)
}

fn names(list: &str, part: Part) -> bool {
    list.split(',').any(|name| name.trim() == part.name())
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are steered by the environment, as `cargo test` has no options of its own"
)]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn directories(part: Part) -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = std::env::split_paths(&variable("PATH")).collect();
    if part == Part::Postgres {
        // Debian keeps the server's programs out of PATH, a directory for each version; the newest comes first.
        let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .collect();
        versions.sort();
        directories.splice(0..0, versions.into_iter().rev().map(|(_, path)| path));
    }
    directories
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_parts_is_read() {
        for (list, postgres, browser) in [
            ("", false, false),
            ("postgres", true, false),
            ("postgres, browser", true, true),
            ("postgresql", false, false),
        ] {
            assert_eq!(names(list, Part::Postgres), postgres, "{list}");
            assert_eq!(names(list, Part::Browser), browser, "{list}");
        }
    }
}
