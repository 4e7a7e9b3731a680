//! The task that owns the list of markers.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::look::{self, Known, Looked};
use super::net::{Net, Trust};
use super::{Command, MarkerEvent};
use crate::api::{Fault, FaultKind};
use crate::marker::dirs::{Armed, Dirs, OpenWatcher};
use crate::marker::place::Stamp;
use crate::marker::reading::{LOOK_AGAIN, Reading};
use crate::marker::signals::{Asked, Id, Signals};
use crate::marker::trouble::Trouble;

/// So many looks go on at the same time: each takes a thread.
const LOOKS_AT_ONCE_MAX: usize = 8;
/// A look that takes longer hangs, and does not keep others from being made.
const LOOK_HANGS_AFTER: Duration = Duration::from_secs(1);
/// A marker that is half-written at every look and another one each time is being rewritten, for so long; then it is in
/// trouble as well.
const REWRITTEN_MAX: Duration = Duration::from_secs(5);
/// From this many unsent events on, the older one of a marker gives way to its next one.
const UNSENT_EVENTS_MAX: usize = 64;

/// The list of markers, and what is under way for them.
pub(super) struct Task {
    events: mpsc::Sender<MarkerEvent>,
    unsent: VecDeque<MarkerEvent>,
    fault: watch::Sender<Option<Fault>>,
    signals: Arc<Signals>,
    dirs: Arc<Mutex<Dirs>>,
    markers: HashMap<Id, Marker>,
    ids: HashMap<u64, Id>,
    last_id: u64,
    /// Markers to look at, in the order in which it was asked for.
    queue: VecDeque<Id>,
    /// When the looks that are under way began.
    looks: HashMap<Id, Instant>,
    under_way: JoinSet<Done>,
    net: Net,
    is_comparing: bool,
}

struct Marker {
    key: u64,
    path: PathBuf,
    armed: Option<Armed>,
    stamp: Option<Stamp>,
    /// What was sent or returned last.
    last: Option<Result<Reading, Trouble>>,
    look: Look,
    failing: Option<Failing>,
    /// Who waits for a look that begins from now on.
    asking: Vec<Reply>,
    /// Who waits for the look that is under way to come to something.
    waiting: Vec<Reply>,
}

type Reply = oneshot::Sender<Result<Reading, Trouble>>;

/// Whether a look is wanted or under way, and whether another is wanted after it. With `arm`, it makes sure of the
/// watch as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Idle,
    Queued { arm: bool },
    UnderWay,
    Again { arm: bool },
}

/// A marker that may be in the middle of being written.
#[derive(Debug, Clone, Copy)]
struct Failing {
    since: Instant,
    /// The state of the file since when these looks count.
    stamp: Option<Stamp>,
    /// When the next look on the schedule is due. One that began earlier is none of them.
    due: Instant,
    /// Looks on the schedule that were made.
    looks: usize,
}

enum Done {
    Looked(Box<Looked>),
    Compared(Vec<Id>),
    Released,
}

impl Task {
    pub(super) fn new(
        events: mpsc::Sender<MarkerEvent>,
        fault: watch::Sender<Option<Fault>>,
        open: OpenWatcher,
    ) -> Self {
        let signals = Arc::new(Signals::default());
        let dirs = Arc::new(Mutex::new(Dirs::new(Arc::clone(&signals), open)));
        Self {
            events,
            unsent: VecDeque::new(),
            fault,
            signals,
            dirs,
            markers: HashMap::new(),
            ids: HashMap::new(),
            last_id: 0,
            queue: VecDeque::new(),
            looks: HashMap::new(),
            under_way: JoinSet::new(),
            net: Net::cast_at(Instant::now()),
            is_comparing: false,
        }
    }

    /// Runs until nobody asks or listens any more.
    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let events = self.events.clone();
        loop {
            let again_at = self.next_look_again();
            let net_at = self.net.next(self.markers.values().map(Marker::trust)).filter(|_| !self.is_comparing);
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                asked = self.signals.asked() => self.follow(&asked),
                Some(done) = self.under_way.join_next() => if let Ok(done) = done { self.take_in(done) },
                permit = events.reserve(), if !self.unsent.is_empty() => {
                    let Ok(permit) = permit else { return };
                    if let Some(event) = self.unsent.pop_front() {
                        permit.send(event);
                    }
                }
                () = until(again_at) => self.look_again(),
                () = until(net_at) => self.cast_net(),
                () = events.closed() => return,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Add { key, path } => self.add(key, path),
            Command::Remove { key } => self.remove(key),
            Command::ReadNow { key, reply } => {
                // When it is not watched, the reply is dropped, which says so.
                let Some(id) = self.ids.get(&key).copied() else { return };
                if let Some(marker) = self.markers.get_mut(&id) {
                    marker.asking.push(reply);
                }
                self.look(id, false);
            }
        }
    }

    fn add(&mut self, key: u64, path: PathBuf) {
        self.remove(key);
        if self.markers.is_empty() {
            self.net = Net::cast_at(Instant::now());
        }
        self.last_id += 1;
        let id = Id(self.last_id);
        self.ids.insert(key, id);
        self.markers.insert(id, Marker::new(key, path));
        self.look(id, true);
    }

    fn remove(&mut self, key: u64) {
        let Some(id) = self.ids.remove(&key) else { return };
        self.markers.remove(&id);
        self.unsent.retain(|event| event.key != key);
        self.release(id);
        self.tell_fault();
    }

    fn release(&mut self, id: Id) {
        let dirs = Arc::clone(&self.dirs);
        self.under_way.spawn_blocking(move || {
            look::lock(&dirs).release(id);
            Done::Released
        });
    }

    fn follow(&mut self, asked: &Asked) {
        if asked.everything {
            let all: Vec<Id> = self.markers.keys().copied().collect();
            all.into_iter().for_each(|id| self.look(id, true));
        } else {
            asked.look.difference(&asked.arm).for_each(|id| self.look(*id, false));
            asked.arm.iter().for_each(|id| self.look(*id, true));
        }
    }

    /// Has a marker looked at: at once, or after the look that is under way.
    fn look(&mut self, id: Id, arm: bool) {
        let Some(marker) = self.markers.get_mut(&id) else { return };
        marker.look = match marker.look {
            Look::Idle => {
                self.queue.push_back(id);
                Look::Queued { arm }
            }
            Look::Queued { arm: wanted } => Look::Queued { arm: arm || wanted },
            Look::UnderWay => Look::Again { arm },
            Look::Again { arm: wanted } => Look::Again { arm: arm || wanted },
        };
        self.begin_looks();
    }

    fn begin_looks(&mut self) {
        while self.looks.len() < LOOKS_AT_ONCE_MAX || self.moving_looks() < LOOKS_AT_ONCE_MAX {
            let Some(id) = self.queue.pop_front() else { return };
            let Some(marker) = self.markers.get_mut(&id) else { continue };
            let Look::Queued { arm } = std::mem::replace(&mut marker.look, Look::UnderWay) else { continue };
            marker.waiting.append(&mut marker.asking);
            self.looks.insert(id, Instant::now());
            let (dirs, path) = (Arc::clone(&self.dirs), marker.path.clone());
            self.under_way.spawn_blocking(move || Done::Looked(Box::new(look::look(&dirs, id, &path, arm))));
        }
    }

    fn moving_looks(&self) -> usize {
        self.looks.values().filter(|began| began.elapsed() < LOOK_HANGS_AFTER).count()
    }

    fn take_in(&mut self, done: Done) {
        match done {
            Done::Looked(looked) => self.looked(*looked),
            Done::Compared(missed) => {
                self.is_comparing = false;
                missed.into_iter().for_each(|id| self.look(id, true));
            }
            Done::Released => {}
        }
    }

    fn looked(&mut self, looked: Looked) {
        let id = looked.id;
        let began = self.looks.remove(&id);
        let Some(marker) = self.markers.get_mut(&id) else {
            // It was removed meanwhile, maybe before its watch came into place.
            self.release(id);
            self.begin_looks();
            return;
        };
        marker.stamp = looked.stamp;
        marker.armed = looked.armed.or(marker.armed);
        let again = std::mem::replace(&mut marker.look, Look::Idle);
        let now = Instant::now();
        if marker.is_settled(&looked.result, began.unwrap_or(now), now) {
            self.deliver(id, looked.result);
        }
        match again {
            Look::Again { arm } => self.look(id, arm),
            Look::Idle | Look::Queued { .. } | Look::UnderWay => self.begin_looks(),
        }
        if looked.armed.is_some() {
            self.tell_fault();
        }
    }

    /// Answers those who wait for this result; when nobody does, sends it.
    fn deliver(&mut self, id: Id, result: Result<Reading, Trouble>) {
        let Some(marker) = self.markers.get_mut(&id) else { return };
        let key = marker.key;
        let mut is_answered = false;
        for reply in marker.waiting.drain(..) {
            // Who stopped waiting must not keep the result from being sent.
            is_answered |= reply.send(result.clone()).is_ok();
        }
        let is_known = marker.last.as_ref() == Some(&result);
        marker.last = Some(result.clone());
        if is_answered || self.unsent.len() >= UNSENT_EVENTS_MAX {
            // What is older must not come later.
            self.unsent.retain(|event| event.key != key);
        }
        if !is_answered && !is_known {
            self.unsent.push_back(MarkerEvent { key, result });
        }
    }

    fn next_look_again(&self) -> Option<Instant> {
        self.markers.values().filter_map(Marker::look_again_at).min()
    }

    fn look_again(&mut self) {
        let now = Instant::now();
        let is_due = |marker: &Marker| marker.look_again_at().is_some_and(|at| at <= now);
        let due: Vec<Id> = self.markers.iter().filter(|(_, marker)| is_due(marker)).map(|(id, _)| *id).collect();
        due.into_iter().for_each(|id| self.look(id, false));
    }

    /// Compares those markers with what is known whose turn it is.
    fn cast_net(&mut self) {
        // Where all looks hung, the next ones may begin.
        self.begin_looks();
        let due = self.net.due(Instant::now());
        let known = |(id, marker): (&Id, &Marker)| Known {
            id: *id,
            path: marker.path.clone(),
            stamp: marker.stamp,
            // At the limit, a watch is tried for again less often than the marker is compared.
            is_armed: matches!(marker.armed, Some(Armed::Yes | Armed::Partly)) || !due.of(Trust::Doubtful),
        };
        let idle = self.markers.iter().filter(|(_, marker)| marker.look == Look::Idle);
        let known: Vec<Known> = idle.filter(|(_, marker)| due.of(marker.trust())).map(known).collect();
        let dirs = Arc::clone(&self.dirs);
        self.is_comparing = true;
        self.under_way.spawn_blocking(move || Done::Compared(look::compare(&dirs, &known)));
    }

    fn tell_fault(&mut self) {
        let count = self.markers.values().filter(|marker| marker.armed == Some(Armed::AtLimit)).count();
        let message = || {
            let markers = if count == 1 { "1 marker is".to_owned() } else { format!("{count} markers are") };
            format!(
                "The system has no more file watches to give; {markers} looked at every {} seconds instead.",
                Trust::AtLimit.every().as_secs()
            )
        };
        let fault = (count > 0).then(|| Fault { kind: FaultKind::Watch, message: message() });
        self.fault.send_if_modified(|present| {
            let is_other = *present != fault;
            *present = fault;
            is_other
        });
    }
}

/// Sleeps until then; for ever when there is no such time.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Marker {
    fn new(key: u64, path: PathBuf) -> Self {
        Self {
            key,
            path,
            armed: None,
            stamp: None,
            last: None,
            look: Look::Idle,
            failing: None,
            asking: Vec::new(),
            waiting: Vec::new(),
        }
    }

    const fn trust(&self) -> Trust {
        Trust::of(self.armed)
    }

    /// Whether the result of a look that began then is what it is, and not a moment in the middle of writing. Such a
    /// moment is given half a second, and every look of that time: whoever is held up makes them later, not all at once.
    /// One that is followed by another such moment is none that lasts.
    fn is_settled(&mut self, result: &Result<Reading, Trouble>, began: Instant, now: Instant) -> bool {
        let was_read = matches!(self.last, Some(Ok(_)));
        let is_moment = |trouble: &Trouble| trouble.is_half_written() || (was_read && trouble.is_absent());
        if !result.as_ref().is_err_and(is_moment) || self.last.as_ref() == Some(result) {
            self.failing = None;
            return true;
        }
        let stamp = self.stamp;
        let (since, looks) = match self.failing {
            None => (now, 0),
            Some(failing) if began < failing.due => return false,
            Some(Failing { since, stamp: before, .. }) if before != stamp && now - since < REWRITTEN_MAX => (since, 0),
            Some(failing) => (failing.since, failing.looks + 1),
        };
        self.failing = pause_after(looks).map(|pause| Failing { since, stamp, due: now + pause, looks });
        self.failing.is_none()
    }

    /// When a look on the schedule has to be asked for: one that is coming anyway is as good.
    fn look_again_at(&self) -> Option<Instant> {
        self.failing.filter(|_| self.look == Look::Idle).map(|failing| failing.due)
    }
}

/// Between so many looks at a half-written marker and the next one; `None` after the last.
fn pause_after(looks: usize) -> Option<Duration> {
    let at = LOOK_AGAIN.get(looks)?;
    let before = looks.checked_sub(1).and_then(|last| LOOK_AGAIN.get(last));
    Some(at.saturating_sub(before.copied().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marker::place;

    #[test]
    fn whoever_is_held_up_looks_as_often_at_a_half_written_marker_before_it_is_in_trouble() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut marker = Marker::new(1, PathBuf::from("/progress.json"));
        let mut looks_at = |began: u64| {
            let at = start + ms(began);
            let is_settled = marker.is_settled(&Err(Trouble::Empty), at, at);
            (is_settled, marker.look_again_at().map(|at| at - start))
        };
        assert_eq!(looks_at(0), (false, Some(ms(50))));
        assert_eq!(looks_at(30), (false, Some(ms(50))), "an event made this look, not the schedule");
        assert_eq!(looks_at(2_000), (false, Some(ms(2_150))));
        assert_eq!(looks_at(2_001), (false, Some(ms(2_150))));
        assert_eq!(looks_at(2_150), (false, Some(ms(2_450))));
        assert_eq!(looks_at(2_450), (true, None));
    }

    #[test]
    fn a_marker_that_is_in_the_middle_of_another_rewriting_at_every_look_is_in_trouble_after_five_seconds() {
        let (home, start) = (tempfile::tempdir().unwrap(), Instant::now());
        let path = home.path().join("progress.json");
        let mut marker = Marker::new(1, path.clone());
        let (mut now, mut bytes) = (start, String::new());
        loop {
            bytes.push('{');
            std::fs::write(&path, &bytes).unwrap();
            marker.stamp = place::stamp(&path);
            if marker.is_settled(&Err(Trouble::NotJson), now, now) {
                break;
            }
            now = marker.look_again_at().unwrap();
        }
        let after = now - start;
        assert!((REWRITTEN_MAX..REWRITTEN_MAX + Duration::from_secs(1)).contains(&after), "{after:?}");
    }

    #[test]
    fn a_look_that_is_coming_anyway_is_not_asked_for_again() {
        let now = Instant::now();
        let mut marker = Marker::new(1, PathBuf::from("/progress.json"));
        assert!(!marker.is_settled(&Err(Trouble::NotJson), now, now));
        for look in [Look::Queued { arm: false }, Look::UnderWay, Look::Again { arm: true }] {
            marker.look = look;
            assert_eq!(marker.look_again_at(), None, "{look:?}");
        }
    }
}
