//! How many files match a pattern, such as `articles/*.md`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use nightkeep_core::{Advance, Signal};

/// The most that is looked at in one look: more would be a look at a whole disk, time and again.
const ENTRIES_MAX: usize = 50_000;
/// How deep `**` reaches.
const DEPTH_MAX: usize = 32;

/// Counts the files that match a pattern. A look reads directories, so it belongs on a thread that may wait.
///
/// Links to directories are not followed, and only plain files count. Names that begin with a dot count only where the
/// pattern asks for one: they are what programs keep for themselves, or have not finished.
#[derive(Debug)]
pub struct Files {
    /// Where the part of the pattern that needs matching begins.
    base: PathBuf,
    matcher: GlobMatcher,
    depth: usize,
    hidden: bool,
    entries_max: usize,
    goes_on: bool,
    last: Option<i64>,
    best: i64,
}

/// Why a text is no pattern for files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the pattern for files: {0}")]
pub struct FilesFault(String);

/// Why files cannot be counted at this moment.
#[derive(Debug, thiserror::Error)]
pub enum FilesTrouble {
    /// There is too much to look through.
    #[error("count the files below `{}`: there are more than {ENTRIES_MAX} entries", .0.display())]
    TooMany(PathBuf),
    /// The directory in which the pattern begins cannot be read.
    #[error("read the directory `{}`", path.display())]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Files {
    /// The files that match `pattern`, which is relative to `cwd`. The first look is where it begins: what is there
    /// already is no progress.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn new(pattern: &str, cwd: &Path) -> Result<Self, FilesFault> {
        let (fixed, matched) = split(pattern);
        if matched.is_empty() || matched.split('/').any(|part| part == "..") {
            return Err(FilesFault(
                "it has to end with a file's name, and `..` can stand at its beginning only".to_owned(),
            ));
        }
        let glob = GlobBuilder::new(matched).literal_separator(true).build();
        let glob = glob.map_err(|error| FilesFault(error.kind().to_string()))?;
        // With alternatives, a `/` may or may not be part of a match.
        let is_deep = matched.contains("**") || matched.contains('{');
        Ok(Self {
            base: cwd.join(fixed),
            matcher: glob.compile_matcher(),
            depth: if is_deep { DEPTH_MAX } else { matched.split('/').count() },
            hidden: matched.split('/').any(|part| part.starts_with('.')),
            entries_max: ENTRIES_MAX,
            goes_on: false,
            last: None,
            best: 0,
        })
    }

    /// For a run that was watched before: what is there at the first look is handed on as well.
    #[must_use]
    pub fn going_on(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// Where they are looked for.
    #[must_use]
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Counts, and says what is different: an advance when there are more than ever, a beat when there are fewer than
    /// that and not as many as before.
    ///
    /// # Errors
    /// Why they cannot be counted; nothing is known then.
    pub fn look(&mut self) -> Result<Vec<Signal>, FilesTrouble> {
        let count = self.count()?;
        let before = self.last.replace(count);
        let best = self.best;
        self.best = best.max(count);
        if before.unwrap_or(if self.goes_on { 0 } else { count }) == count {
            return Ok(Vec::new());
        }
        if count <= best {
            return Ok(vec![Signal::Beat]);
        }
        let note = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        Ok(vec![Signal::Advance(Advance { step: Some(count), total: None, note: Some(note), series: None })])
    }

    fn count(&self) -> Result<i64, FilesTrouble> {
        let (mut count, mut seen) = (0, 0);
        let mut open = vec![(PathBuf::new(), 1)];
        while let Some((directory, depth)) = open.pop() {
            let path = self.base.join(&directory);
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                // It may come to be, and what lies deeper may go at any moment, or be somebody else's.
                Err(error) if depth > 1 || is_missing(&error) => continue,
                Err(source) => return Err(FilesTrouble::Unreadable { path, source }),
            };
            for entry in entries.map_while(Result::ok) {
                seen += 1;
                if seen > self.entries_max {
                    return Err(FilesTrouble::TooMany(self.base.clone()));
                }
                let name = entry.file_name();
                let Ok(kind) = entry.file_type() else { continue };
                if !self.hidden && name.as_encoded_bytes().starts_with(b".") {
                    continue;
                }
                let inner = directory.join(name);
                if kind.is_dir() && depth < self.depth {
                    open.push((inner, depth + 1));
                } else if kind.is_file() && self.matcher.is_match(&inner) {
                    count += 1;
                }
            }
        }
        Ok(count)
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The directories at the beginning that are named outright, and the rest, which has a file's name at least.
fn split(pattern: &str) -> (&str, &str) {
    let is_open = |part: &str| part.contains(['*', '?', '[', ']', '{', '}', '\\']);
    let mut at = 0;
    for (slash, _) in pattern.match_indices('/') {
        if pattern.get(at..slash).is_some_and(is_open) {
            break;
        }
        at = slash + 1;
    }
    let (fixed, matched) = pattern.split_at(at);
    (fixed, matched)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn home(files: &[&str]) -> TempDir {
        let home = tempfile::tempdir().unwrap();
        files.iter().for_each(|file| make(&home, file));
        home
    }

    fn make(home: &TempDir, file: &str) {
        let path = home.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    fn advance(count: i64) -> Signal {
        let note = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        Signal::Advance(Advance { step: Some(count), note: Some(note), ..Advance::default() })
    }

    fn matching(home: &TempDir, pattern: &str) -> i64 {
        Files::new(pattern, home.path()).unwrap().count().unwrap()
    }

    #[test]
    fn one_file_more_than_ever_is_an_advance_and_nothing_else_is() {
        let home = home(&["out/1.md", "out/2.md"]);
        let mut files = Files::new("out/*.md", home.path()).unwrap();
        assert_eq!(files.look().unwrap(), [], "what was there before the run is no progress");
        assert_eq!(files.look().unwrap(), []);
        make(&home, "out/3.md");
        assert_eq!(files.look().unwrap(), [advance(3)]);
        assert_eq!(files.look().unwrap(), []);
        fs::remove_file(home.path().join("out/1.md")).unwrap();
        assert_eq!(files.look().unwrap(), [Signal::Beat]);
        make(&home, "out/1.md");
        assert_eq!(files.look().unwrap(), [Signal::Beat], "made again is not made anew");
        make(&home, "out/4.md");
        assert_eq!(files.look().unwrap(), [advance(4)]);
    }

    #[test]
    fn a_run_that_was_watched_before_goes_on_with_what_is_there() {
        let home = home(&["a", "b"]);
        let mut files = Files::new("*", home.path()).unwrap().going_on();
        assert_eq!(files.look().unwrap(), [advance(2)]);
        assert_eq!(files.look().unwrap(), []);
    }

    #[test]
    fn a_directory_may_come_to_be_during_the_run() {
        let home = home(&[]);
        let mut files = Files::new("out/*.md", home.path()).unwrap();
        assert_eq!(files.look().unwrap(), []);
        make(&home, "out/1.md");
        assert_eq!(files.look().unwrap(), [advance(1)]);
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        let home = home(&["a.md", ".b.md", "c.txt", "x/d.md", "x/y/e.md", ".git/f.md", "x/[g].md"]);
        for (pattern, count) in [
            ("*.md", 1),
            ("./*.md", 1),
            (".*.md", 1),
            ("*/*.md", 2),
            ("**/*.md", 4),
            ("x/**/*.md", 3),
            ("{x,y}/*.md", 2),
            ("*.{md,txt}", 2),
            ("x/y/?.md", 1),
            ("x/\\[g\\].md", 1),
            ("x/../a.md", 1),
            ("c.txt", 1),
            ("[abc].*", 2),
            ("*.rs", 0),
        ] {
            assert_eq!(matching(&home, pattern), count, "{pattern}");
        }
        let absolute = home.path().join("x/*.md");
        assert_eq!(matching(&home, absolute.to_str().unwrap()), 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_to_directories_are_not_followed_and_only_plain_files_count() {
        let home = home(&["x/a.md"]);
        std::os::unix::fs::symlink("..", home.path().join("x/up")).unwrap();
        std::os::unix::fs::symlink("a.md", home.path().join("x/b.md")).unwrap();
        fs::create_dir(home.path().join("x/c.md")).unwrap();
        assert_eq!(matching(&home, "**/*.md"), 1);
    }

    #[test]
    fn a_look_that_would_take_too_long_counts_nothing() {
        let home = home(&["a.md", "b.txt", "x/c.md", "x/d.txt"]);
        let mut files = Files::new("**/*.md", home.path()).unwrap();
        files.entries_max = 4;
        assert!(matches!(files.look(), Err(FilesTrouble::TooMany(base)) if base == home.path().join("")));
        files.entries_max = 5;
        assert_eq!(files.look().unwrap(), []);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in ["", "out/", "*/../x", "[a", "{a"] {
            let fault = Files::new(pattern, Path::new("/")).map(|files| files.base).unwrap_err();
            assert!(fault.to_string().starts_with("read the pattern for files: "), "{pattern}: {fault}");
        }
    }
}
