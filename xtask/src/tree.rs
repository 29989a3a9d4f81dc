//! The files of the repository, by path.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Text files by their path relative to the root, with `/`.
#[derive(Debug, Default)]
pub(crate) struct Tree(BTreeMap<String, String>);

/// Endings that are read.
const READ: [&str; 8] = ["rs", "toml", "sql", "md", "html", "css", "js", "svg"];
/// Folders that hold nothing of ours.
const LEFT_OUT: [&str; 5] = ["target", ".git", "mutants.out", "mutants.out.old", "node_modules"];

impl Tree {
    /// What lies on disk above this crate.
    pub(crate) fn of_the_repository() -> Result<Self> {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("this crate lies in the repository")?;
        let mut tree = Self::default();
        tree.add_folder(root, root)?;
        Ok(tree)
    }

    /// A tree from texts, for tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Files with this ending.
    pub(crate) fn ending(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| path.rsplit_once('.').is_some_and(|(_, e)| e == ending))
    }

    /// The manifests of the crates, with their folder.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter_map(|(path, text)| path.strip_suffix("/Cargo.toml").map(|folder| (folder, text)))
    }

    fn add_folder(&mut self, root: &Path, folder: &Path) -> Result<()> {
        for entry in std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !LEFT_OUT.contains(&name) {
                    self.add_folder(root, &path)?;
                }
            } else if path.extension().and_then(|e| e.to_str()).is_some_and(|e| READ.contains(&e)) {
                let text =
                    std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
                let relative = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
                self.0.insert(relative, text);
            }
        }
        Ok(())
    }
}
