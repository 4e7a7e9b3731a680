//! What lies in the directory of a repository: which commit a branch is at, and how it got there. Read directly, so that
//! no program is run in a directory that somebody else fills.

use std::path::{Path, PathBuf};

use super::CommitsTrouble;

/// `packed-refs` of a repository with tens of thousands of branches.
const PACKED_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Any other file that names a commit or a directory.
const SMALL_BYTES_MAX: u64 = 8 * 1024;
/// How much of the end of a log is read: some hundred entries.
const LOG_BYTES_MAX: u64 = 64 * 1024;
/// How many names lead to a commit at most.
const NAMES_MAX: usize = 5;

/// A repository, or one worktree of it.
#[derive(Debug)]
pub(super) struct Repository {
    /// What belongs to the worktree.
    own: PathBuf,
    /// What all worktrees share.
    common: PathBuf,
}

/// The commit that a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tip {
    /// The branch, in full; `HEAD` when it is on none.
    pub(super) name: String,
    pub(super) commit: String,
}

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogEntry {
    /// Where the branch was after it.
    pub(super) commit: String,
    pub(super) message: String,
}

impl Repository {
    /// The repository that `directory` is in. `None`: it is in none, so far.
    pub(super) fn of(directory: &Path) -> Result<Option<Self>, CommitsTrouble> {
        for above in directory.ancestors() {
            let dot = above.join(".git");
            let own = if dot.is_dir() {
                dot
            } else if let Some(text) = small(&dot)? {
                let Some(target) = text.trim_end().strip_prefix("gitdir: ") else { continue };
                above.join(target)
            } else if above.join("HEAD").is_file() && above.join("objects").is_dir() {
                above.to_owned()
            } else {
                continue;
            };
            let common = small(&own.join("commondir"))?.map_or_else(|| own.clone(), |text| own.join(text.trim_end()));
            return Ok(Some(Self { own, common }));
        }
        Ok(None)
    }

    /// The directories in which something happens when a branch moves.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        vec![self.own.clone(), self.own.join("logs"), self.common.clone(), self.common.join("refs/heads")]
    }

    /// Where `branch` is, or what is checked out. `None`: nothing was committed there so far.
    pub(super) fn tip(&self, branch: Option<&str>) -> Result<Option<Tip>, CommitsTrouble> {
        if self.common.join("reftable").is_dir() {
            return Err(CommitsTrouble::Reftable(self.common.clone()));
        }
        let mut name = branch.map_or_else(|| "HEAD".to_owned(), full);
        for _ in 0..NAMES_MAX {
            let home = if name == "HEAD" { &self.own } else { &self.common };
            let Some(text) = small(&home.join(&name))? else {
                return Ok(self.packed(&name)?.map(|commit| Tip { name, commit }));
            };
            let text = text.trim_end();
            match text.strip_prefix("ref: ") {
                Some(next) if is_branch_name(next) => name = next.to_owned(),
                Some(_) => return Ok(None),
                None => return Ok(is_commit(text).then(|| Tip { name, commit: text.to_owned() })),
            }
        }
        Ok(None)
    }

    /// The latest entries of the log of `branch`, or of the worktree, oldest first. None when there is no log.
    pub(super) fn log(&self, branch: Option<&str>) -> Result<Vec<LogEntry>, CommitsTrouble> {
        let (home, name) = branch.map_or_else(|| (&self.own, "HEAD".to_owned()), |name| (&self.common, full(name)));
        let path = home.join("logs").join(name);
        let Some(file) = opened(&path)? else { return Ok(Vec::new()) };
        let bytes = file.read_end(LOG_BYTES_MAX).map_err(|source| CommitsTrouble::Unreadable { path, source })?;
        // The first line may have lost its beginning: then it is no entry.
        Ok(String::from_utf8_lossy(&bytes).lines().filter_map(entry).collect())
    }

    fn packed(&self, name: &str) -> Result<Option<String>, CommitsTrouble> {
        let Some(text) = text(&self.common.join("packed-refs"), PACKED_BYTES_MAX)? else { return Ok(None) };
        let commit =
            |line: &str| line.split_once(' ').filter(|(_, found)| *found == name).map(|(commit, _)| commit.to_owned());
        Ok(text.lines().find_map(commit).filter(|commit| is_commit(commit)))
    }
}

fn full(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

/// `OLD NEW NAME <ADDRESS> TIME ZONE<tab>MESSAGE`.
pub(super) fn entry(line: &str) -> Option<LogEntry> {
    let (head, message) = line.split_once('\t').unwrap_or((line, ""));
    let mut words = head.split(' ');
    let (old, new) = (words.next()?, words.next()?);
    let is_entry = is_commit(old) && is_commit(new) && old.len() == new.len();
    is_entry.then(|| LogEntry { commit: new.to_owned(), message: message.to_owned() })
}

/// In SHA-1, or in SHA-256.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it names something below `refs`, and leads nowhere else.
pub(super) fn is_branch_name(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let is_odd = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    name.split('/').all(is_part) && !name.contains("..") && !name.contains(is_odd) && !name.starts_with('-')
}

fn small(path: &Path) -> Result<Option<String>, CommitsTrouble> {
    text(path, SMALL_BYTES_MAX)
}

/// The text of a file. `None`: there is none, or it is more than it could be.
fn text(path: &Path, bytes_max: u64) -> Result<Option<String>, CommitsTrouble> {
    let Some(file) = opened(path)? else { return Ok(None) };
    let unreadable = |source| CommitsTrouble::Unreadable { path: path.to_owned(), source };
    let bytes = file.read(bytes_max).map_err(unreadable)?;
    let is_whole = bytes.len() as u64 <= bytes_max;
    Ok(is_whole.then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

/// What is no plain file is as good as none.
fn opened(path: &Path) -> Result<Option<nightkeep_os::MarkerFile>, CommitsTrouble> {
    match nightkeep_os::open_marker(path) {
        Ok(file) => Ok(Some(file)),
        Err(nightkeep_os::FileError::Io { source, .. }) if !is_missing(&source) => {
            Err(CommitsTrouble::Unreadable { path: path.to_owned(), source })
        }
        Err(_) => Ok(None),
    }
}

fn is_missing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory)
}
