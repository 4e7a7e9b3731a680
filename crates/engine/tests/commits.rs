//! Commits, made by git itself. It must be there: without it, this proves nothing.
#![expect(clippy::unwrap_used, reason = "a test may fail anywhere, and says where")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nightkeep_core::{Advance, Signal};
use nightkeep_engine::sources::{Commits, CommitsTrouble};
use tempfile::TempDir;

struct Repo {
    home: TempDir,
    path: PathBuf,
}

impl Repo {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("repo");
        std::fs::create_dir(&path).unwrap();
        let repo = Self { home, path };
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    fn git(&self, arguments: &[&str]) {
        git(&self.path, arguments);
    }

    fn commit(&self, subject: &str) {
        self.git(&["commit", "-q", "--allow-empty", "-m", subject]);
    }

    fn commits(&self, branch: Option<&str>) -> Commits {
        Commits::new(&self.path, branch).unwrap()
    }
}

fn git(at: &Path, arguments: &[&str]) {
    let nowhere = if cfg!(windows) { "NUL" } else { "/dev/null" };
    let mut command = Command::new("git");
    command.arg("-C").arg(at).args(["-c", "user.name=Agent", "-c", "user.email=agent@example.org"]).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", nowhere).env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("`git` is needed for this test: {error}"));
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The subjects of the advances of a look, and `~` for a beat.
fn look(commits: &mut Commits) -> Vec<String> {
    let said = |signal: Signal| {
        if signal == Signal::Beat {
            return "~".to_owned();
        }
        let Signal::Advance(Advance { step: None, note: Some(note), .. }) = signal else { panic!("{signal:?}") };
        note.split_once(' ').unwrap().1.to_owned()
    };
    commits.look().unwrap().into_iter().map(said).collect()
}

#[test]
fn each_new_commit_is_an_advance_with_its_subject() {
    let repo = Repo::new();
    repo.commit("before the run");
    let mut commits = repo.commits(None);
    assert!(look(&mut commits).is_empty());
    repo.commit("first");
    assert_eq!(look(&mut commits), ["first"]);
    assert!(look(&mut commits).is_empty());
    repo.commit("feat: second");
    repo.commit("third");
    assert_eq!(look(&mut commits), ["feat: second", "third"]);
}

#[test]
fn going_back_and_amending_are_no_advance() {
    let repo = Repo::new();
    repo.commit("first");
    repo.commit("second");
    let mut commits = repo.commits(Some("main"));
    assert!(look(&mut commits).is_empty());
    for moves in [
        &["reset", "-q", "--hard", "HEAD~1"][..],
        &["reset", "-q", "--hard", "HEAD@{1}"],
        &["commit", "-q", "--amend", "--allow-empty", "-m", "second, again"],
        &["reset", "-q", "--hard", "HEAD@{1}"],
    ] {
        repo.git(moves);
        assert_eq!(look(&mut commits), ["~"], "{moves:?}");
    }
    repo.commit("third");
    assert_eq!(look(&mut commits), ["third"]);
}

#[test]
fn another_branch_is_no_advance_until_something_is_committed_there() {
    let repo = Repo::new();
    repo.commit("first");
    let (mut here, mut main) = (repo.commits(None), repo.commits(Some("main")));
    assert!(look(&mut here).is_empty() && look(&mut main).is_empty());
    repo.git(&["checkout", "-q", "-b", "side"]);
    assert_eq!(look(&mut here), ["~"]);
    repo.commit("aside");
    repo.git(&["pack-refs", "--all"]);
    assert_eq!(look(&mut here), ["aside"]);
    assert!(look(&mut main).is_empty());
    repo.git(&["checkout", "-q", "main"]);
    assert_eq!(look(&mut here), ["~"]);
    repo.git(&["merge", "-q", "side"]);
    assert_eq!(look(&mut main), ["merge side: Fast-forward"]);
}

#[test]
fn commits_in_a_worktree_are_seen_from_it_and_on_their_branch() {
    let repo = Repo::new();
    repo.commit("first");
    repo.git(&["worktree", "add", "-q", "-b", "side", "../tree"]);
    let tree = repo.home.path().join("tree");
    std::fs::create_dir(tree.join("deep")).unwrap();
    let mut there = Commits::new(&tree.join("deep"), None).unwrap();
    let (mut side, mut main) = (repo.commits(Some("side")), repo.commits(None));
    assert!(look(&mut there).is_empty() && look(&mut side).is_empty() && look(&mut main).is_empty());
    git(&tree, &["commit", "-q", "--allow-empty", "-m", "in the tree"]);
    assert_eq!(look(&mut there), ["in the tree"]);
    assert_eq!(look(&mut side), ["in the tree"]);
    assert!(look(&mut main).is_empty());
}

#[test]
fn a_repository_that_comes_to_be_during_the_run_counts_from_its_first_commit() {
    let home = tempfile::tempdir().unwrap();
    let mut commits = Commits::new(home.path(), None).unwrap();
    assert!(matches!(commits.look(), Err(CommitsTrouble::NoRepository(_))));
    git(home.path(), &["init", "-q"]);
    git(home.path(), &["commit", "-q", "--allow-empty", "-m", "first"]);
    assert_eq!(look(&mut commits), ["first"]);
}

#[test]
fn what_was_committed_while_nobody_looked_is_handed_on() {
    let repo = Repo::new();
    repo.commit("first");
    let mut before = repo.commits(None);
    assert!(look(&mut before).is_empty());
    let tip = before.tip().unwrap().to_owned();
    assert!(look(&mut repo.commits(None).going_on_from(&tip)).is_empty());
    repo.commit("second");
    let mut after = repo.commits(None).going_on_from(&tip);
    assert_eq!(look(&mut after), ["second"]);
    assert!(look(&mut after).is_empty());
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    assert_eq!(look(&mut after), ["~"]);
}

#[test]
fn a_rebase_is_no_new_work() {
    let repo = Repo::new();
    repo.commit("first");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit("aside");
    repo.git(&["checkout", "-q", "main"]);
    repo.commit("second");
    repo.git(&["checkout", "-q", "side"]);
    let (mut here, mut side) = (repo.commits(None), repo.commits(Some("side")));
    assert!(look(&mut here).is_empty() && look(&mut side).is_empty());
    repo.git(&["rebase", "-q", "--empty=keep", "main"]);
    assert_eq!(look(&mut here), ["~"]);
    assert_eq!(look(&mut side), ["~"]);
}
