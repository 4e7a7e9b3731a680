use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::repository::entry;
use super::*;

/// A made-up commit.
fn commit(number: usize) -> String {
    format!("{number:040x}")
}

/// A bare repository, which keeps no log.
fn bare() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for directory in ["objects", "refs/heads"] {
        fs::create_dir_all(home.path().join(directory)).unwrap();
    }
    fs::write(home.path().join("HEAD"), "ref: refs/heads/main\n").unwrap();
    home
}

fn put(home: &TempDir, branch: &str, number: usize) {
    let path = home.path().join("refs/heads").join(branch);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, commit(number) + "\n").unwrap();
}

fn notes(signals: &[Signal]) -> Vec<String> {
    let note = |signal: &Signal| {
        let advance = if let Signal::Advance(advance) = signal { advance.note.clone() } else { None };
        advance.unwrap_or_else(|| format!("{signal:?}"))
    };
    signals.iter().map(note).collect()
}

#[test]
fn without_a_log_a_commit_counts_once_and_another_branch_does_not() {
    let home = bare();
    let mut commits = Commits::new(home.path(), None).unwrap();
    assert_eq!(commits.look().unwrap(), [], "nothing was committed so far");
    for (number, said) in
        [(1, vec!["0000000"]), (2, vec!["0000000"]), (1, vec!["Beat"]), (2, vec!["Beat"]), (2, vec![])]
    {
        put(&home, "main", number);
        assert_eq!(notes(&commits.look().unwrap()), said, "{number}");
    }
    put(&home, "other/branch", 9);
    fs::write(home.path().join("HEAD"), "ref: refs/heads/other/branch\n").unwrap();
    assert_eq!(notes(&commits.look().unwrap()), ["Beat"]);
    put(&home, "other/branch", 10);
    assert_eq!(notes(&commits.look().unwrap()), ["0000000"]);
}

#[test]
fn a_branch_may_be_packed() {
    let home = bare();
    let packed = |number: usize| {
        let text = format!(
            "# pack-refs with: peeled\n{} refs/heads/m\n{} refs/heads/main\n^{}\n",
            commit(7),
            commit(number),
            commit(8)
        );
        fs::write(home.path().join("packed-refs"), text).unwrap();
    };
    packed(1);
    let mut commits = Commits::new(home.path(), Some("main")).unwrap();
    assert_eq!(commits.look().unwrap(), []);
    packed(2);
    assert_eq!(notes(&commits.look().unwrap()), ["0000000"]);
    assert_eq!(commits.tip(), Some(commit(2).as_str()));
}

#[test]
fn what_is_no_repository_is_said_and_garbage_in_one_is_no_commit() {
    let home = tempfile::tempdir().unwrap();
    let mut commits = Commits::new(&home.path().join("deep"), Some("main")).unwrap();
    assert!(matches!(commits.look(), Err(CommitsTrouble::NoRepository(_))));
    let home = bare();
    let mut commits = Commits::new(home.path(), None).unwrap();
    for text in ["", "garbage", "ref: ../../../../etc/passwd", "ref: refs/heads/.invalid", "ref: HEAD", "\u{0}\u{0}"] {
        fs::write(home.path().join("HEAD"), text).unwrap();
        assert_eq!(commits.look().unwrap(), [], "{text:?}");
    }
    fs::create_dir(home.path().join("reftable")).unwrap();
    let trouble = commits.look().unwrap_err();
    assert!(trouble.to_string().contains("reftable"), "{trouble}");
}

#[test]
fn a_name_that_leads_elsewhere_is_no_branch() {
    for name in ["", "..", "a/../b", "/a", "a/", "a//b", "-x", "a b", "a.lock", ".a", "a\nb", "a:b", "HEAD^"] {
        assert_eq!(Commits::new(Path::new("/"), Some(name)).map(drop), Err(BranchFault(name.to_owned())));
    }
    assert!(Commits::new(Path::new("/"), Some("feature/été-2")).is_ok());
}

#[test]
fn the_kinds_of_moves_are_told_apart() {
    for message in [
        "commit: x",
        "commit (initial): x",
        "commit (merge): x",
        "merge b: Fast-forward",
        "pull: Fast-forward",
        "cherry-pick: x",
        "am: x",
        "",
        "push",
    ] {
        assert!(adds(message), "{message}");
    }
    for message in [
        "commit (amend): x",
        "reset: moving to HEAD~1",
        "checkout: moving from a to b",
        "rebase (finish): x",
        "pull --rebase (pick): x",
        "branch: Created from main",
    ] {
        assert!(!adds(message), "{message}");
    }
    assert_eq!(subject("commit (merge): fix: a thing"), "fix: a thing");
    assert_eq!(subject("merge b: Fast-forward"), "merge b: Fast-forward");
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut seen = Seen::default();
    (0..SEEN_MAX * 2).for_each(|number| assert!(seen.add(&commit(number))));
    assert_eq!((seen.commits.len(), seen.order.len()), (SEEN_MAX, SEEN_MAX));
    assert!(!seen.add(&commit(SEEN_MAX * 2 - 1)));
}

proptest! {
    #[test]
    fn any_line_is_an_entry_or_not(line in any::<String>(), hex in "[0-9a-f]{38,42} [0-9a-f]{38,42}[ \t].{0,20}") {
        for line in [line, hex] {
            if let Some(entry) = entry(&line) {
                prop_assert!(matches!(entry.commit.len(), 40 | 64));
                prop_assert!(note(&entry.commit, &entry.message).chars().count() <= NOTE_CHARS_MAX);
            }
        }
    }
}
