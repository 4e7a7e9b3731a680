//! Comparing what the history calls running with what really runs: every five minutes, and whenever somebody asks.
//!
//! A run that is reached through its keeper is accounted for: the end of the connection tells of the end of the keeper.
//! What is compared is the rest, and the run directories that the history does not know. What does not fit is looked at
//! once more a little later, because an end or a beginning may be on its way; only then is it acted on.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use nightkeep_core::{Awake, RunId, Span};
use nightkeep_os::{ExitStatus, is_running};
use tokio::sync::mpsc;

use super::fact::{Fact, Reply};
use super::launch::Registered;
use super::run::{Body, Found, Watched};
use super::task::Actor;
use crate::api::Reconciled;
use crate::rundir::{RunDir, RunState};
use crate::store::entry::Stamp;
use crate::store::{StoreError, StoreHandle};

/// How often it is done unasked.
const RECONCILE_EVERY: Duration = Duration::from_mins(5);
/// What does not fit for this long is no beginning and no end that is on its way.
const SETTLE: Span = Span::from_secs(10);

/// What the comparisons keep in mind.
#[derive(Debug, Default)]
pub(super) struct Reconciling {
    /// Names of run directories that the history knows.
    known: HashSet<String>,
    /// Runs that did not fit, since when.
    doubtful: BTreeMap<RunId, Awake>,
}

impl Reconciling {
    /// With what a start has found already.
    pub(super) fn knowing(known: HashSet<String>) -> Self {
        Self { known, ..Self::default() }
    }
}

/// What was found in history and run directories.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// What the history calls running.
    open: Vec<RunId>,
    /// Runs that the history has not known until this look.
    strangers: Vec<(RunId, Registered)>,
    known: HashSet<String>,
}

/// Tells the engine every five minutes that it is time.
pub(super) fn remind(facts: mpsc::Sender<Fact>) {
    let _task = tokio::spawn(async move {
        loop {
            tokio::time::sleep(RECONCILE_EVERY).await;
            if facts.send(Fact::ReconcileDue).await.is_err() {
                return;
            }
        }
    });
}

/// The runs in `runs_dir` that the history does not know, and the names of those that it knows.
pub(super) async fn strangers(
    store: &StoreHandle,
    runs_dir: PathBuf,
    known: HashSet<String>,
) -> (Vec<Registered>, HashSet<String>) {
    let listed = tokio::task::spawn_blocking({
        let runs_dir = runs_dir.clone();
        move || tags_in(&runs_dir)
    });
    let (still_known, others): (Vec<String>, Vec<String>) =
        listed.await.unwrap_or_default().into_iter().partition(|tag| known.contains(tag));
    let mut known = HashSet::from_iter(still_known);
    if others.is_empty() {
        return (Vec::new(), known);
    }
    let unknown = match store.unknown_tags(others.clone()).await {
        Ok(unknown) => unknown,
        Err(fault) => {
            tracing::warn!(fault = %fault.with_causes(), "run directories cannot be compared with the history");
            return (Vec::new(), known);
        }
    };
    known.extend(others.into_iter().filter(|tag| !unknown.contains(tag)));
    let read = tokio::task::spawn_blocking(move || unknown.iter().filter_map(|tag| stranger(&runs_dir, tag)).collect());
    (read.await.unwrap_or_default(), known)
}

fn tags_in(runs_dir: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(runs_dir).into_iter().flatten().flatten();
    let mut tags: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    // They begin with the time, so that numbers are given in the order in which the runs were started.
    tags.sort_unstable();
    tags
}

fn stranger(runs_dir: &std::path::Path, tag: &str) -> Option<Registered> {
    let dir = RunDir::at(runs_dir.join(tag));
    let spec = dir.read_spec().ok().flatten().filter(|spec| spec.tag == tag)?;
    // Whoever made the directory may be about to start its keeper, and will register it then.
    let began = !matches!(dir.state(), Ok(RunState::NeverStarted));
    began.then(|| Registered::launched(&spec, dir))
}

/// Gives a stranger its number; `None` when somebody else has registered it in the meantime and it is over.
async fn take_number(store: &StoreHandle, at: &Stamp, stranger: &Registered) -> Result<Option<RunId>, StoreError> {
    let run = store.register(at.clone(), stranger.registration.clone()).await?;
    let is_over = store.run(run).await?.is_some_and(|stored| stored.ended.is_some());
    Ok((!is_over).then_some(RunId(run)))
}

async fn compare(store: StoreHandle, runs_dir: PathBuf, known: HashSet<String>, at: Stamp) -> Compared {
    let (found, known) = strangers(&store, runs_dir, known).await;
    let mut strangers = Vec::new();
    for stranger in found {
        match take_number(&store, &at, &stranger).await {
            Ok(Some(id)) => strangers.push((id, stranger)),
            Ok(None) => {}
            Err(fault) => tracing::warn!(fault = %fault.with_causes(), "a run cannot be taken in"),
        }
    }
    let open = store.open_numbers().await.unwrap_or_default();
    Compared { open: open.into_iter().map(RunId).collect(), strangers, known }
}

impl Actor {
    /// Begins a comparison; `told` hears what came of it.
    pub(super) fn reconcile(&mut self, told: Option<Reply<Reconciled>>) {
        let now = self.now();
        let (store, at, runs_dir) = (self.store.clone(), self.stamp(now), self.places.runs_dir());
        let known = std::mem::take(&mut self.reconciling.known);
        self.spawn(async move { Fact::Compared(Box::new(compare(store, runs_dir, known, at).await), told) });
    }

    /// History and run directories were read: what does not fit is mended.
    pub(super) fn compared(&mut self, compared: Compared, told: Option<Reply<Reconciled>>) {
        let Compared { open, strangers, known } = compared;
        self.reconciling.known.extend(known);
        let mut recovered = Vec::new();
        for (id, stranger) in strangers {
            if !self.is_known(id) {
                self.take_in(id, stranger);
                recovered.push(id.0);
            }
        }
        let unwatched = open.into_iter().filter(|id| !self.is_known(*id));
        let unaccounted = self.runs.values().filter(|run| !self.is_accounted_for(run)).map(|run| run.id);
        let doubtful: Vec<RunId> = unwatched.chain(unaccounted).collect();
        for id in self.settled(&doubtful) {
            self.mend(id);
            recovered.push(id.0);
        }
        let doubtful = doubtful.iter().map(|id| id.0).filter(|id| !recovered.contains(id)).collect();
        if let Some(told) = told {
            let watched = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
            let _heard = told.send(Ok(Reconciled { watched, recovered, doubtful }));
        }
    }

    /// Those of `doubtful` that have not fitted for long enough. The others are looked at again.
    fn settled(&mut self, doubtful: &[RunId]) -> Vec<RunId> {
        let now = self.now().awake;
        self.reconciling.doubtful.retain(|id, _| doubtful.contains(id));
        let mut settled = Vec::new();
        let mut is_new = false;
        for id in doubtful {
            let since = *self.reconciling.doubtful.entry(*id).or_insert_with(|| {
                is_new = true;
                now
            });
            if now.since(since) >= SETTLE {
                settled.push(*id);
            }
        }
        if is_new {
            self.spawn_aside(async {
                tokio::time::sleep(Duration::from_millis(SETTLE.as_ms())).await;
                Fact::ReconcileDue
            });
        }
        settled
    }

    /// Whether somebody is sure to tell of the run's end.
    fn is_accounted_for(&self, run: &Watched) -> bool {
        if run.over || self.starting.contains_key(&run.id) {
            return true;
        }
        match &run.body {
            Body::Kept { .. } => true,
            Body::Unreached => run.dir.as_ref().is_some_and(has_a_keeper),
            Body::Attached(members) => !members.alive.contains_key(&members.root.pid) || is_running(&members.root),
        }
    }

    /// Finds out what has become of a run that nobody will tell about.
    pub(super) fn mend(&mut self, id: RunId) {
        let _settled = self.reconciling.doubtful.remove(&id);
        match self.runs.get_mut(&id) {
            None => self.watch_again(id),
            Some(run) => {
                tracing::warn!(run = id.0, job = %run.job, tag = %run.tag, "a run is not accounted for");
                run.recovered = true;
                let root = match &run.body {
                    Body::Attached(members) => Some(members.root.clone()),
                    Body::Unreached | Body::Kept { .. } => None,
                };
                match root {
                    Some(root) => self.exited(&root, ExitStatus::Unknown),
                    None => self.adopt(id),
                }
                self.see_from_here_on(id);
            }
        }
    }

    /// A run that the history calls running, and that nobody watches.
    fn watch_again(&self, id: RunId) {
        let store = self.store.clone();
        self.spawn(async move {
            match store.run(id.0).await {
                Ok(stored) => Fact::Unwatched(stored.map(Box::new)),
                Err(fault) => {
                    tracing::warn!(run = id.0, fault = %fault.with_causes(), "a run cannot be watched again");
                    Fact::Unwatched(None)
                }
            }
        });
    }

    /// Whether a run is watched, is over, or waits to be started.
    fn is_known(&self, id: RunId) -> bool {
        self.runs.contains_key(&id) || self.ended.contains(&id) || self.waiting.contains_key(&id)
    }

    /// The state of a run that nobody watches was read.
    pub(super) fn unwatched(&mut self, stored: Option<&crate::store::state::StoredRun>) {
        let Some(stored) = stored.filter(|stored| stored.ended.is_none()) else { return };
        let id = RunId(stored.run);
        if self.is_known(id) {
            return;
        }
        match self.still_waits(stored) {
            Some(waiting) => self.wait_again(vec![waiting]),
            None => self.go_on_with(stored, Found::AfterCrash),
        }
    }
}

/// A keeper that holds its lock will be reached, or will write down the end.
fn has_a_keeper(dir: &RunDir) -> bool {
    matches!(dir.state(), Ok(RunState::Kept(_) | RunState::Ended { kept: true, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_done_every_five_minutes() {
        let (facts, mut told) = mpsc::channel(1);
        let start = tokio::time::Instant::now();
        remind(facts);
        for nth in 1..=3 {
            assert!(matches!(told.recv().await, Some(Fact::ReconcileDue)));
            assert_eq!(start.elapsed().as_secs(), nth * 300);
        }
    }
}
