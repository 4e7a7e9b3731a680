//! The processes below the fake agent, as `/proc` shows them.

use std::fs;
use std::path::Path;

use nightkeep_tests::eventually;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::agent;

#[test]
fn its_hostile_tree_has_six_processes_of_which_two_are_orphans_and_none_ends_politely() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = agent(folder.path(), &["hostile-tree", "mark 1", "hang"]).spawn().unwrap();
    eventually("the mark", || folder.path().join("marker.json").exists().then_some(())).unwrap();
    // Two more were the parents of the orphans and are gone.
    let all = eventually("eight processes", || Some(pids(folder.path())).filter(|pids| pids.len() == 8)).unwrap();
    let tree = eventually("six that live", || {
        let tree: Vec<Pid> = all.iter().copied().filter(|pid| lives(*pid)).collect();
        (tree.len() == 6).then_some(tree)
    })
    .unwrap();
    for pid in &tree {
        kill_process(*pid, Signal::TERM).unwrap();
    }
    assert!(tree.iter().all(|pid| lives(*pid)));
    for pid in &tree {
        kill_process(*pid, Signal::KILL).unwrap();
    }
    child.wait().unwrap();
    eventually("the end of all", || tree.iter().all(|pid| !lives(*pid)).then_some(())).unwrap();
}

fn pids(folder: &Path) -> Vec<Pid> {
    let text = fs::read_to_string(folder.join("pids")).unwrap_or_default();
    text.lines().map(|line| Pid::from_raw(line.parse().unwrap()).unwrap()).collect()
}

/// Whether it can still do something; a zombie cannot.
fn lives(pid: Pid) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap_or_default();
    test_kill_process(pid).is_ok() && !state.contains(") Z ")
}
