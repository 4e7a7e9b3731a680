//! Trees that do all they can not to be stopped: who is left is told by the kernel and not by whoever stopped them.

use std::process::{Child, Command, Stdio};

use nightkeep_engine::api::{HistoryRow, Outcome, Reason};
use nightkeep_os::{Identity, Process, Signal};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, Tree, fake_agent};

/// Roles that can be identified as long as the environment and the tree tell of them.
const KNOWN: [&str; 7] = ["plain", "deaf", "stopped", "group", "session", "respawners", "daemon"];
/// Roles that hide from whoever is not their ancestor.
const UNKNOWN: [&str; 5] = ["cleared", "overwritten", "hidden", "hopper", "storm"];

const STOP: [&str; 2] = ["stop", "hostile"];

/// An agent that can be found by the mark of a coding agent: its own number in the environment of all it starts.
const MARKED: &str = r#"CLAUDE_PID=$$ exec "$0" "$@""#;

/// The steps of a tree that is made so, and whose root is deaf as well.
fn steps(made: &str) -> Vec<String> {
    [made, "ignore all", "mark 1", "linger"].map(str::to_owned).to_vec()
}

fn launch(night: &Night, tree: &Tree, made: &str) -> Begun {
    let named = tree.environment().map(|(name, value)| format!("{name}={value}"));
    let options = ["run", "--detach", "--name", "hostile", "--grace", "200ms", "--", "env"].map(str::to_owned);
    let words = [options.to_vec(), named.to_vec(), vec![fake_agent().unwrap()], steps(made)].concat();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    night.begin(&words).unwrap()
}

/// Stops the trees side by side and looks who is left when each is said to be over.
fn check_launched(stop: &[&str], made: &[String], rounds: usize) {
    let night = Night::watched("").unwrap();
    for round in 0..rounds {
        let begin = |made| {
            let tree = Tree::watched_in(&night.work(), &format!("{made} {round}")).unwrap();
            (made, launch(&night, &tree, made), tree)
        };
        let runs: Vec<(&str, Begun, Tree)> = made.iter().map(String::as_str).map(begin).collect();
        for (made, begun, tree) in &runs {
            night.until_step(begun.run, 1).unwrap();
            assert!(tree.lives().unwrap(), "{made}: nothing is held, so that nothing is known");
        }
        let members: Vec<Identity> = runs.iter().flat_map(|(_, _, tree)| tree.members()).collect();
        assert!(members.len() >= runs.len(), "{members:?}");
        night.told(stop).unwrap();
        for (made, begun, tree) in &runs {
            let row = night.ended(begun.run).unwrap();
            let lives = tree.lives().unwrap();
            assert!(!lives, "round {round}, {made}: over, and alive are {:?}\n{row:#?}", tree.members());
            assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)), "{made}: {row:#?}");
            assert_eq!(row.survivors, Vec::<u32>::new(), "{made}");
        }
        let left: Vec<Identity> = members.into_iter().filter(is_there).collect();
        assert_eq!(left, []);
    }
}

fn is_there(known: &Identity) -> bool {
    nightkeep_os::identify(known.pid).unwrap().is_some_and(|found| found == *known)
}

fn roles(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("role {name}")).collect()
}

#[test]
fn a_launched_run_of_any_hostile_role_is_over_when_the_last_process_has_ended() {
    check_launched(&STOP, &roles(&[&KNOWN[..], &UNKNOWN[..]].concat()), 3);
}

#[test]
fn a_launched_run_of_all_hostile_roles_is_over_when_the_last_process_has_ended() {
    check_launched(&STOP, &["hostile-twelve".to_owned()], 5);
}

#[test]
fn a_launched_run_of_all_hostile_roles_is_over_without_a_grace_as_well() {
    check_launched(&["stop", "--force", "hostile"], &["hostile-twelve".to_owned()], 5);
}

#[test]
fn a_hostile_run_whose_keeper_was_killed_is_not_said_to_be_stopped_as_a_whole() {
    let night = Night::watched("").unwrap();
    let tree = Tree::watched_in(&night.work(), "orphaned").unwrap();
    let begun = launch(&night, &tree, "hostile-twelve");
    night.until_step(begun.run, 1).unwrap();
    let keeper = night.run_dir(&begun.tag).read_started().unwrap().unwrap().keeper;
    Process::open(&keeper).unwrap().unwrap().signal(Signal::Kill).unwrap();
    night.until_happened(begun.run, "adopted").unwrap();
    night.told(&STOP).unwrap();
    check_said(&night, begun.run, "orphaned");
    assert!(tree.lives().unwrap(), "nothing tells of a daemon without its environment, and yet it is gone");
    tree.end();
    eventually("the end of what was left", || (!tree.lives().unwrap()).then_some(())).unwrap();
}

/// Waits until the run is over. No more is said of it than can be known without a keeper.
fn check_said(night: &Night, run: u64, made: &str) -> HistoryRow {
    let row = night.ended(run).unwrap();
    let shown = night.told(&["show", &run.to_string()]).unwrap().to_lowercase();
    for word in ["everything", "all of it", "all its processes", "nothing is left"] {
        assert!(!shown.contains(word), "{made}: more is said than can be known:\n{shown}");
    }
    assert!(shown.contains("could be identified"), "{made}: {shown}");
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)), "{made}: {row:#?}");
    row
}

/// A tree that somebody else started, and that Nightkeep is attached to.
struct Stranger {
    made: String,
    child: Child,
    tree: Tree,
    begun: Begun,
}

impl Stranger {
    fn start(night: &Night, made: &str, round: usize) -> Self {
        let tree = Tree::watched_in(&night.work(), &format!("{made} {round}")).unwrap();
        let marker = night.work().join(format!("{made} {round}.json"));
        let mut command = Command::new("sh");
        command.args(["-c", MARKED, &fake_agent().unwrap()]).args(steps(made)).envs(tree.environment());
        let child = command.env("NIGHTKEEP_PROGRESS", &marker).stdin(Stdio::null()).spawn().unwrap();
        eventually("its mark", || marker.exists().then_some(())).unwrap();
        let (pid, marker) = (child.id().to_string(), marker.display().to_string());
        let attach = ["attach", "--name", "hostile", "--grace", "200ms", "--pid", &pid, "--progress", &marker];
        let begun = night.begin(&attach).unwrap();
        Self { made: made.to_owned(), child, tree, begun }
    }

    /// What is said once it is over, and whether any of it is left at that moment.
    fn over(&self, night: &Night) -> (HistoryRow, bool) {
        night.ended(self.begun.run).unwrap();
        let lives = self.tree.lives().unwrap();
        (check_said(night, self.begun.run, &self.made), lives)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.tree.end();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

/// Attaches to the trees, stops them side by side, and says of each whether any of it is left.
fn stop_attached(night: &Night, made: &[String], round: usize) -> Vec<(Stranger, HistoryRow, bool)> {
    let strangers: Vec<Stranger> = made.iter().map(|made| Stranger::start(night, made, round)).collect();
    for stranger in &strangers {
        night.until_step(stranger.begun.run, 1).unwrap();
        assert!(stranger.tree.lives().unwrap(), "{}: nothing is held, so that nothing is known", stranger.made);
    }
    night.told(&STOP).unwrap();
    let over = |stranger: Stranger| {
        let (row, lives) = stranger.over(night);
        (stranger, row, lives)
    };
    strangers.into_iter().map(over).collect()
}

#[test]
fn an_attached_run_of_a_role_that_can_be_identified_is_stopped_to_the_last_process() {
    let night = Night::watched("").unwrap();
    for round in 0..3 {
        for (stranger, row, lives) in stop_attached(&night, &roles(&KNOWN), round) {
            let alive = stranger.tree.members();
            assert!(!lives, "round {round}, {}: over, and alive are {alive:?}\n{row:#?}", stranger.made);
            assert_eq!(row.survivors, Vec::<u32>::new());
        }
    }
}

#[test]
fn what_an_attached_run_leaves_unseen_is_never_said_to_be_stopped() {
    let night = Night::watched("").unwrap();
    let made = [roles(&UNKNOWN), vec!["hostile-twelve".to_owned()]].concat();
    for round in 0..3 {
        for (stranger, row, lives) in stop_attached(&night, &made, round) {
            assert!(stranger.made != "role cleared" || lives, "nothing tells of it, and yet it is gone: {row:#?}");
            stranger.tree.end();
            eventually("the end of what was left", || (!stranger.tree.lives().unwrap()).then_some(())).unwrap();
        }
    }
}
