//! New commits on a branch.
//!
//! Where the repository keeps a log of the branch, as it does unless it is bare, the log says how the branch moved: a
//! commit, a merge, a cherry-pick are advances; an amended commit, a reset, a rebase and a checkout are none. Without a
//! log, any commit that the branch was not at before is an advance.

mod repository;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use nightkeep_core::{Advance, Signal};

use self::repository::{LogEntry, Repository, Tip, is_branch_name};
use super::NOTE_CHARS_MAX;
use crate::clean::clean_text;

/// How many commits are remembered, so that going back to one is no advance.
const SEEN_MAX: usize = 4096;
/// How many advances one look makes at most.
const ADVANCES_MAX: usize = 32;
/// How much of a commit's name is shown.
const SHORT: usize = 7;

/// Watches a branch for new commits. A look reads a few small files, so it belongs on a thread that may wait.
#[derive(Debug)]
pub struct Commits {
    directory: PathBuf,
    branch: Option<String>,
    /// Where it was at the last look; `None` before there was a commit.
    tip: Option<Tip>,
    begun: bool,
    seen: Seen,
}

/// A name that no branch can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("use `{0}` as a branch: no branch can have this name")]
pub struct BranchFault(String);

/// Why commits cannot be seen at this moment.
#[derive(Debug, thiserror::Error)]
pub enum CommitsTrouble {
    /// There is no repository, so far.
    #[error("find a git repository at `{}`", .0.display())]
    NoRepository(PathBuf),
    /// The repository keeps its branches in a format that is not read.
    #[error("read the branches in `{}`: they are kept as a `reftable`", .0.display())]
    Reftable(PathBuf),
    /// A file cannot be read.
    #[error("read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Commits {
    /// The commits on `branch` of the repository that `directory` is in; on whatever is checked out there when no branch
    /// is named. The first look is where it begins: what is there already is no progress.
    ///
    /// # Errors
    /// When no branch can have this name.
    pub fn new(directory: &Path, branch: Option<&str>) -> Result<Self, BranchFault> {
        if let Some(name) = branch.filter(|name| !is_branch_name(name)) {
            return Err(BranchFault(name.to_owned()));
        }
        let (directory, branch) = (directory.to_owned(), branch.map(str::to_owned));
        Ok(Self { directory, branch, tip: None, begun: false, seen: Seen::default() })
    }

    /// For a run that was watched before, up to the commit `tip`: what came after it is handed on at the first look.
    #[must_use]
    pub fn going_on_from(mut self, tip: &str) -> Self {
        let name = String::new();
        self.tip = Some(Tip { name, commit: tip.to_owned() });
        self
    }

    /// The commit at which the branch was at the last look, for [`Self::going_on_from`].
    #[must_use]
    pub fn tip(&self) -> Option<&str> {
        self.tip.as_ref().map(|tip| tip.commit.as_str())
    }

    /// The directories in which something happens when the branch moves, as far as they are there.
    #[must_use]
    pub fn places(&self) -> Vec<PathBuf> {
        let Ok(Some(repository)) = Repository::of(&self.directory) else { return vec![self.directory.clone()] };
        repository.places()
    }

    /// Says what is different: an advance for each new commit, a beat when the branch moved without one.
    ///
    /// # Errors
    /// Why it cannot be seen; nothing is known then. A repository may come to be during the run.
    pub fn look(&mut self) -> Result<Vec<Signal>, CommitsTrouble> {
        let Some(repository) = Repository::of(&self.directory)? else {
            // What is committed in a repository that comes to be later was committed by the run.
            self.begun = true;
            return Err(CommitsTrouble::NoRepository(self.directory.clone()));
        };
        let branch = self.branch.as_deref();
        let tip = repository.tip(branch)?;
        if self.begun && tip == self.tip {
            return Ok(Vec::new());
        }
        let log = repository.log(branch)?;
        if !std::mem::replace(&mut self.begun, true) {
            let is_known = self.begin(tip.as_ref(), &log);
            if is_known {
                self.tip = tip;
                return Ok(Vec::new());
            }
        }
        let before = std::mem::replace(&mut self.tip, tip.clone());
        let Some(tip) = tip else { return Ok(vec![Signal::Beat]) };
        Ok(self.moved(before.as_ref(), &tip, &log))
    }

    /// Takes what was there before for seen, and tells whether that is all.
    fn begin(&mut self, tip: Option<&Tip>, log: &[LogEntry]) -> bool {
        let last = self.tip.as_ref().map(|known| known.commit.clone());
        let is_last = |entry: &LogEntry| Some(&entry.commit) == last.as_ref();
        let until = log.iter().rposition(is_last).map_or(log.len(), |at| at + 1);
        let start = last.as_ref().or(tip.map(|tip| &tip.commit));
        for commit in log.iter().take(until).map(|entry| &entry.commit).chain(start) {
            self.seen.add(commit);
        }
        last.is_none() || last.as_deref() == tip.map(|tip| tip.commit.as_str())
    }

    fn moved(&mut self, before: Option<&Tip>, tip: &Tip, log: &[LogEntry]) -> Vec<Signal> {
        let is_logged = log.iter().any(|entry| entry.commit == tip.commit);
        let mut new = Vec::new();
        for entry in log {
            if self.seen.add(&entry.commit) && adds(&entry.message) {
                new.push(note(&entry.commit, subject(&entry.message)));
            }
        }
        let is_other_branch = before.is_some_and(|before| !before.name.is_empty() && before.name != tip.name);
        if !is_logged && self.seen.add(&tip.commit) && !is_other_branch {
            new.push(note(&tip.commit, ""));
        }
        if new.is_empty() {
            return vec![Signal::Beat];
        }
        let too_many = new.len().saturating_sub(ADVANCES_MAX);
        let advance = |note| Signal::Advance(Advance { note: Some(note), ..Advance::default() });
        new.into_iter().skip(too_many).map(advance).collect()
    }
}

/// Whether a log's message is about a commit that was not there before. A message of an unknown kind is.
fn adds(message: &str) -> bool {
    let moves = ["commit (amend)", "reset:", "checkout:", "rebase", "branch:", "Branch:", "clone:", "filter-branch:"];
    !moves.iter().any(|kind| message.starts_with(kind)) && !message.starts_with("pull --rebase")
}

/// What a commit says, out of the message in the log.
fn subject(message: &str) -> &str {
    let commit = message.split_once(": ").filter(|(kind, _)| kind.starts_with("commit"));
    commit.map_or(message, |(_, subject)| subject)
}

fn note(commit: &str, subject: &str) -> String {
    clean_text(&format!("{} {subject}", commit.get(..SHORT).unwrap_or(commit)), NOTE_CHARS_MAX)
}

/// The latest commits at which the branch was.
#[derive(Debug, Default)]
struct Seen {
    commits: HashSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    /// Remembers a commit, and tells whether it is new.
    fn add(&mut self, commit: &str) -> bool {
        if !self.commits.insert(commit.to_owned()) {
            return false;
        }
        self.order.push_back(commit.to_owned());
        if self.order.len() > SEEN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.commits.remove(&oldest);
        }
        true
    }
}
