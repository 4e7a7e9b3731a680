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
        self.looks.remove(&id);
        let Some(marker) = self.markers.get_mut(&id) else {
            // It was removed meanwhile, maybe before its watch came into place.
            self.release(id);
            self.begin_looks();
            return;
        };
        marker.stamp = looked.stamp;
        marker.armed = looked.armed.or(marker.armed);
        let again = std::mem::replace(&mut marker.look, Look::Idle);
        if marker.is_settled(&looked.result) {
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
        let mut due = Vec::new();
        for (id, marker) in &mut self.markers {
            if marker.look_again_at().is_some_and(|at| at <= now) {
                if let Some(failing) = &mut marker.failing {
                    failing.looks += 1;
                }
                due.push(*id);
            }
        }
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

    /// Whether a result is what it is, and not a moment in the middle of writing. Such a moment is given half a second.
    fn is_settled(&mut self, result: &Result<Reading, Trouble>) -> bool {
        let was_read = matches!(self.last, Some(Ok(_)));
        let is_moment = |trouble: &Trouble| trouble.is_half_written() || (was_read && trouble.is_absent());
        if !result.as_ref().is_err_and(is_moment) || self.last.as_ref() == Some(result) {
            self.failing = None;
            return true;
        }
        let failing = self.failing.get_or_insert_with(|| Failing { since: Instant::now(), looks: 0 });
        let is_settled = failing.looks >= LOOK_AGAIN.len();
        if is_settled {
            self.failing = None;
        }
        is_settled
    }

    fn look_again_at(&self) -> Option<Instant> {
        let failing = self.failing.as_ref()?;
        LOOK_AGAIN.get(failing.looks).map(|after| failing.since + *after)
    }
}
