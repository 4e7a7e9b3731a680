//! The files of the checkout.

use std::fs;
use std::path::Path;
use std::process::Command;

use nightkeep_tests::root;
use walkdir::WalkDir;

/// A text file of the checkout.
pub(crate) struct File {
    /// Its path from the top, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Whether it lies in a folder.
    pub(crate) fn is_in(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether its name ends so.
    pub(crate) fn has_ending(&self, endings: &[&str]) -> bool {
        Path::new(&self.path).extension().is_some_and(|ending| endings.iter().any(|known| ending == *known))
    }

    /// Whether it is a test, or only used by tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|folder| folder == "tests")
    }

    /// Its numbered lines without its module of tests at the end and without comments.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.text.find("#[cfg(test)]\nmod tests").unwrap_or(self.text.len());
        let code = self.text.get(..end).unwrap();
        code.lines()
            .enumerate()
            .map(|(number, line)| (number + 1, line))
            .filter(|(_, line)| !line.trim().starts_with("//"))
    }
}

/// Every text file that is tracked, or would be.
pub(crate) fn files() -> Vec<File> {
    let read = |path: String| fs::read_to_string(root().join(&path)).ok().map(|text| File { path, text });
    let files: Vec<File> = paths().into_iter().filter_map(read).collect();
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "the checkout was not found");
    files
}

/// Rust sources of our own.
pub(crate) fn rust() -> Vec<File> {
    files().into_iter().filter(|file| file.has_ending(&["rs"])).collect()
}

fn paths() -> Vec<String> {
    let git = Command::new("git").args(["ls-files", "-co", "--exclude-standard"]).current_dir(root()).output();
    if let Some(list) = git.ok().filter(|output| output.status.success()) {
        return String::from_utf8(list.stdout).unwrap().lines().map(str::to_owned).collect();
    }
    // An unpacked archive: everything but what is made.
    let made = ["target", "node_modules", "dist", "gen", ".git"];
    let entries =
        WalkDir::new(root()).into_iter().filter_entry(|entry| !made.iter().any(|name| entry.file_name() == *name));
    let files = entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files.map(|entry| entry.path().strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/")).collect()
}

/// Fails with every place at which a rule is broken.
pub(crate) fn check(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}
