//! The control group of a run, where one can be had. A nursery collects every child of its process, so there is one test
//! to this program.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use nightkeep_os::{ChildSpec, ChildStdio, Nursery, Sweep};
use rustix::fs::{XattrFlags, setxattr};

/// As root, a group is made and handed over to this process as systemd does it; elsewhere there is none to be had, and
/// the run is killed just as surely without.
#[test]
fn a_run_has_a_group_of_its_own_where_groups_are_handed_over_and_everything_in_it_is_killed() {
    let handed_over = HandedOver::make();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let script =
        "setsid sh -c '(trap \"\" TERM; echo ready; exec sleep 600) & wait' & (sleep 600 &) ; echo ready; wait";
    let spec = ChildSpec {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        stdout: ChildStdio::File(File::from(std::os::fd::OwnedFd::from(writer))),
        ..ChildSpec::default()
    };
    let mut nursery = Nursery::start(spec).expect("it starts");
    assert_eq!(BufReader::new(reader).lines().take(2).flatten().collect::<Vec<_>>(), ["ready", "ready"]);
    let (own, of_run) = (group_of("self"), group_of(&nursery.root().pid.to_string()));
    let expected = if handed_over.is_some() { format!("{own}/nightkeep-run-{}", std::process::id()) } else { own };
    assert_eq!(of_run, expected);
    let waiter = nursery.waiter();
    while !nursery.reap().empty {
        nursery.kill_sweep(Sweep::Tree);
        let _news = waiter.wait();
    }
    drop(nursery);
    if let Some(HandedOver { dir, .. }) = &handed_over {
        let left = fs::read_dir(dir).expect("it is there").flatten().filter(|entry| entry.path().is_dir()).count();
        assert_eq!(left, 0, "the group of the run is gone with it");
    }
}

/// The group of a process in the unified tree; empty where there is no such tree.
fn group_of(process: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{process}/cgroup")).expect("every process has groups");
    text.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or_default().to_owned()
}

/// A group that belongs to this process.
struct HandedOver {
    dir: PathBuf,
    parent: PathBuf,
}

impl HandedOver {
    /// `None` where this process may not make groups.
    fn make() -> Option<Self> {
        let parent = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].map(Path::new);
        let parent = parent.into_iter().find(|root| root.join("cgroup.controllers").exists())?;
        let parent = parent.join(group_of("self").trim_start_matches('/'));
        let dir = parent.join(format!("nightkeep-test-{}", std::process::id()));
        fs::create_dir(&dir).ok()?;
        let made = Self { dir, parent };
        setxattr(&made.dir, "user.delegate", b"1", XattrFlags::empty()).ok()?;
        let moved = made.dir.join("cgroup.kill").exists() && fs::write(made.dir.join("cgroup.procs"), "0").is_ok();
        moved.then_some(made)
    }
}

impl Drop for HandedOver {
    fn drop(&mut self) {
        // Where this fails, an empty group stays behind.
        drop(fs::write(self.parent.join("cgroup.procs"), "0"));
        drop(fs::remove_dir(&self.dir));
    }
}
