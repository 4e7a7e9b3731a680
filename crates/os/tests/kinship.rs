//! Who belongs to a family of processes.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do, by a panic")]

mod support;

use nightkeep_os::{Family, Identity, Kinship, Process, Signal, identify, kinship};
use support::{Killed, shell, shell_with_env, wait_until_shown, wait_until_zombie};

/// The heir is a process that has nothing to do with it, as for a family whose eldest was handed over.
fn family(eldest: &Killed, heir: &Killed, tag: &str) -> Family {
    let identity = |process: &Killed| identify(process.pid()).unwrap().unwrap();
    Family { tag: tag.to_owned(), heir: identity(heir), eldest: identity(eldest) }
}

/// Somebody whose parent does not end it.
struct Ended(Identity);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Ok(Some(process)) = Process::open(&self.0) {
            drop(process.signal(Signal::Kill));
        }
    }
}

fn ended(line: &str) -> Ended {
    Ended(identify(line.parse().unwrap()).unwrap().unwrap())
}

#[test]
fn whoever_stems_from_the_family_or_carries_its_tag_is_a_member_and_nobody_else() {
    let (heir, _) = shell("echo; exec sleep 600");
    // Its grandchild is given nothing at all.
    let (eldest, grandchild) = shell("env -i sh -c 'echo $$; exec sleep 600' & wait");
    let grandchild = ended(&grandchild);
    let family = family(&eldest, &heir, "NK_KIN=a b");
    let (tagged, child) = shell_with_env("env -i sleep 600 & echo $!; wait", &[("NK_KIN", "a b")]);
    let child = ended(&child);
    let (stranger, _) = shell_with_env("echo; exec sleep 600", &[("NK_KIN", "a")]);
    let of = |pid: u32| kinship(pid, &family);
    assert_eq!([eldest.pid(), grandchild.0.pid, heir.pid()].map(of), [Kinship::Member; 3]);
    assert_eq!([tagged.pid(), child.0.pid].map(of), [Kinship::Member; 2], "and whoever stems from one that does");
    assert_eq!([stranger.pid(), std::process::id(), 1].map(of), [Kinship::Outsider; 3]);
}

#[test]
fn of_one_that_is_gone_nothing_is_told_and_a_dead_one_is_judged_by_its_parent_while_the_heir_lives() {
    let (heir, _) = shell("echo; exec sleep 600");
    // `exec` leaves nobody who would collect the dead child, which lives until it is done.
    let (eldest, dead) = shell("sleep 600 & echo $!; exec tail -f /dev/null");
    wait_until_shown(eldest.pid(), "Name:\ttail");
    let dead: u32 = dead.parse().unwrap();
    drop(ended(&dead.to_string()));
    wait_until_shown(dead, "State:\tZ");
    let (stranger, _) = shell("echo");
    wait_until_zombie(stranger.pid());
    let family = family(&eldest, &heir, "NK_KIN=c");
    assert_eq!(kinship(dead, &family), Kinship::Member);
    assert_eq!(kinship(stranger.pid(), &family), Kinship::Outsider);
    drop(heir);
    assert_eq!(kinship(stranger.pid(), &family), Kinship::Untold);
    let pid = stranger.pid();
    drop(stranger);
    assert_eq!(kinship(pid, &family), Kinship::Untold);
}
