//! Each hostile role is what its name says, so that a test that stops it has stopped something.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nightkeep_tests::eventually;
use nightkeep_tests::night::Tree;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// A tree of a root and what it makes, looked at from outside.
struct Stage {
    child: Child,
    tree: Tree,
    _folder: TempDir,
}

impl Stage {
    fn set(steps: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::watched_in(folder.path(), "stage").unwrap();
        let marker = folder.path().join("marker.json");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-agent"));
        command.args(steps).args(["mark 1", "linger"]).envs(tree.environment()).env("NIGHTKEEP_PROGRESS", &marker);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        eventually("the mark", || marker.exists().then_some(())).unwrap();
        Self { child, tree, _folder: folder }
    }

    /// What lives besides the root, as far as it gave its number.
    fn others(&self) -> Vec<u32> {
        self.tree.members().iter().map(|member| member.pid).filter(|pid| *pid != self.child.id()).collect()
    }

    /// The one process that lives besides the root.
    fn other(&self) -> u32 {
        let others = self.others();
        assert_eq!(others.len(), 1, "{others:?}");
        others[0]
    }

    /// Waits until nothing of the tree lives.
    fn is_empty(&self) {
        eventually("the end of all", || (!self.tree.lives().unwrap()).then_some(())).unwrap();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.tree.end();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
}

fn environment(pid: u32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/environ")).unwrap_or_default()
}

/// The fields of `/proc/PID/stat` from the state on: state, parent, group, session.
fn stat(pid: u32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    text.rsplit_once(") ").unwrap().1.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_stopped_one_stops_again_when_it_is_made_to_go_on() {
    let stage = Stage::set(&["role stopped"]);
    let pid = stage.other();
    for _ in 0..3 {
        eventually("its stop", || (stat(pid)[0] == "T").then_some(())).unwrap();
        kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::CONT).unwrap();
    }
    eventually("its stop", || (stat(pid)[0] == "T").then_some(())).unwrap();
}

#[test]
fn a_deaf_one_waits_in_the_kernel_where_it_can() {
    let stage = Stage::set(&["role deaf"]);
    let has_perl = Command::new("perl").arg("-e1").status().is_ok_and(|status| status.success());
    let states = || -> Vec<String> { stage.others().into_iter().map(|pid| stat(pid)[0].clone()).collect() };
    let wanted = if has_perl { vec!["D", "S"] } else { vec!["S"] };
    eventually("its wait", || (states() == wanted).then_some(())).unwrap();
    let deaf = stage.others()[0];
    kill_process(Pid::from_raw(i32::try_from(deaf).unwrap()).unwrap(), Signal::TERM).unwrap();
    eventually("it to wait on", || (states() == wanted && stage.others()[0] == deaf).then_some(())).unwrap();
}

#[test]
fn daemons_are_orphans_of_a_session_of_their_own_that_show_no_environment() {
    for (role, shows) in [("role daemon", true), ("role cleared", false), ("role overwritten", false)] {
        let stage = Stage::set(&[role]);
        let pid = stage.other();
        let (fields, root) = (stat(pid), stage.child.id());
        assert!(fields[1] != root.to_string() && fields[3] != stat(root)[3], "{role}: {fields:?}");
        let environment = environment(pid);
        assert_eq!(environment.iter().any(|byte| *byte != 0), shows, "{role}");
    }
}

#[test]
fn a_hidden_one_shows_its_environment_to_the_superuser_only() {
    let stage = Stage::set(&["role hidden"]);
    let shown = environment(stage.other());
    assert_eq!(!shown.is_empty(), geteuid().is_root(), "{}", shown.len());
}

#[test]
fn one_of_two_respawners_brings_the_other_one_back() {
    let stage = Stage::set(&["role respawners"]);
    for _ in 0..3 {
        let before = eventually("both", || Some(stage.others()).filter(|pids| pids.len() == 2)).unwrap();
        kill(before[0]);
        let is_back = || Some(stage.others()).filter(|pids| pids.len() == 2 && !pids.contains(&before[0]));
        eventually("another one", is_back).unwrap();
    }
}

#[test]
fn a_hopper_and_a_storm_outlive_their_root_and_end_without_their_leash() {
    for role in ["role hopper", "role storm"] {
        let stage = Stage::set(&[role]);
        kill(stage.child.id());
        assert!(stage.tree.lives().unwrap(), "{role}");
        stage.tree.end();
        stage.is_empty();
    }
}

#[test]
fn a_hopper_is_soon_somebody_who_never_gave_a_number() {
    let stage = Stage::set(&["role hopper"]);
    eventually("its successor", || stage.others().is_empty().then_some(())).unwrap();
    kill(stage.child.id());
    assert_eq!((stage.others(), stage.tree.lives().unwrap()), (vec![], true));
}

#[test]
fn every_role_ends_by_itself_when_nobody_stops_it() {
    let soon = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(4);
    let stage = Stage::set(&[&format!("until {}", soon.as_millis()), "hostile-twelve"]);
    let known = stage.others().len();
    assert!(known >= 11, "{known} of the twelve roles are there");
    stage.is_empty();
}
