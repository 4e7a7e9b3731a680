//! When agents end, told by the kernel.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::moment::Moment;
use super::scout::{End, Seen, lock};
use super::shots::Sign;
use crate::night::alive;

/// Waits in a thread for the end of an agent's root, which has just noted its number.
pub(super) fn watch(seen: &Arc<Seen>, label: &str, pid: u32) {
    let (seen, label) = (Arc::clone(seen), label.to_owned());
    let handle = i32::try_from(pid).ok().and_then(Pid::from_raw).map(|pid| pidfd_open(pid, PidfdFlags::empty()));
    thread::spawn(move || {
        // No handle: it has ended already.
        if let Some(Ok(handle)) = handle {
            while let Err(Errno::INTR) = poll(&mut [PollFd::new(&handle, PollFlags::IN)], None) {}
        }
        let at_ms = now_ms();
        seen.shots.see(&seen, &Sign { label: Some(label.clone()), ..Sign::of(Moment::RootEnded) });
        lock(&seen.deaths).insert(label, at_ms);
    });
}

/// Who of an agent's processes lives at this moment.
pub(super) fn look(seen: &Seen, label: &str) -> End {
    let root = super::notes::of(&seen.notes, label).first().map(|note| note.pid);
    let any_lived = is_held(seen, label);
    // All of them hold the file, the root included: its number alone could be somebody else's by this time.
    End { root_lived: any_lived && root.is_some_and(alive), any_lived }
}

/// Whether anything of an agent's tree lives.
pub(super) fn is_held(seen: &Seen, label: &str) -> bool {
    let Ok(file) = fs::File::open(seen.notes.join(format!("{label}.held"))) else { return false };
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
}

/// The calendar, as agents read it for their notes.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
