//! A control group of a run's own, where this process may make one: one word ends everything in it, however fast it forks.
//!
//! Only below a group that its manager has handed over (`Delegate=yes` in a unit of systemd): elsewhere, groups are the
//! manager's own business. That nothing is left is never concluded from a group; it is only killed with one.

use std::fs::{self, File, OpenOptions};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

/// The mark that systemd sets on a group it has handed over.
const DELEGATED: &str = "user.delegate";

/// The group of one run.
#[derive(Debug)]
pub(crate) struct RunGroup {
    dir: PathBuf,
    members: File,
}

impl RunGroup {
    /// Makes the group of a run below that of this process. `None`: there is none to be had, and none is needed.
    pub(crate) fn make() -> Option<Self> {
        let own = own_group()?;
        let mut mark = [0; 1];
        let is_delegated = rustix::fs::getxattr(&own, DELEGATED, &mut mark).is_ok_and(|length| length == 1);
        if !is_delegated || mark != *b"1" {
            return None;
        }
        let dir = own.join(format!("nightkeep-run-{}", std::process::id()));
        fs::create_dir(&dir).ok()?;
        let members = OpenOptions::new().write(true).open(dir.join("cgroup.procs"));
        match members {
            Ok(members) if dir.join("cgroup.kill").exists() => Some(Self { dir, members }),
            Ok(_) | Err(_) => {
                drop(fs::remove_dir(&dir));
                None
            }
        }
    }

    /// Where a process writes `0` to move itself into the group.
    pub(crate) fn members(&self) -> BorrowedFd<'_> {
        self.members.as_fd()
    }

    /// Kills everything in the group at once.
    pub(crate) fn kill(&self) {
        // What is not killed here is found among the children.
        drop(fs::write(self.dir.join("cgroup.kill"), "1"));
    }
}

impl Drop for RunGroup {
    /// A group in which something lives stays, and goes with the one above it.
    fn drop(&mut self) {
        drop(fs::remove_dir(&self.dir));
    }
}

/// The directory of this process's own group.
fn own_group() -> Option<PathBuf> {
    let mount = mount_in(&fs::read_to_string("/proc/self/mountinfo").ok()?)?;
    let group = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = group.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(&mount).join(path))
}

/// Where the whole tree of groups is mounted. A part of it would have other paths.
fn mount_in(mounts: &str) -> Option<String> {
    mounts.lines().find_map(|line| {
        let (fields, kind) = line.split_once(" - ")?;
        let mut fields = fields.split(' ').skip(3);
        let (root, place) = (fields.next()?, fields.next()?);
        (kind.starts_with("cgroup2 ") && root == "/").then(|| place.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_groups_is_found_among_the_mounts() {
        let old = "30 25 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu\n";
        let part = "31 25 0:27 /a /mnt rw - cgroup2 cgroup2 rw\n";
        let whole = "32 25 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";
        assert_eq!(mount_in(&format!("{old}{part}{whole}")).as_deref(), Some("/sys/fs/cgroup/unified"));
        assert_eq!(mount_in(&format!("{old}{part}")), None);
    }
}
