//! What happens to runs, told one event at a time to whoever follows it. Nothing here costs anything while nobody does.

use std::collections::BTreeMap;
use std::sync::Arc;

use nightkeep_core::{Now, RunId};
use tokio::sync::broadcast;

use super::output::bytes_printed;
use super::task::Actor;
use super::view::run_view;
use crate::api::{Live, Phase, RunEvent, RunEventKind, RunView};
use crate::clock::rfc3339;
use crate::store::StoreHandle;

impl Actor {
    fn is_followed(&self) -> bool {
        self.story.receiver_count() > 0
    }

    /// A run moved forward.
    pub(super) fn tell_advance(&self, now: Now, id: RunId) {
        if !self.is_followed() {
            return;
        }
        let core = self.core.snapshot(now.awake);
        let run = core.iter().find(|core| core.run == id).zip(self.runs.get(&id));
        if let Some((core, watched)) = run {
            let view = run_view(watched, core, now);
            self.tell(self.event(RunEventKind::Advance, rfc3339(now.wall), &view));
        }
    }

    /// Some runs may be in another state than they were when surfaces were told last.
    pub(super) fn tell_changes(&self, live: &Live) {
        if !self.is_followed() {
            return;
        }
        let former = self.live.borrow().clone();
        let before: BTreeMap<u64, &RunView> = former.status.runs.iter().map(|run| (run.run, run)).collect();
        let state = |run: &RunView| (run.phase, run.progress, run.liveness, run.activity);
        for run in &live.status.runs {
            if before.get(&run.run).map(|former| state(former)) != Some(state(run)) {
                self.tell(self.event(RunEventKind::State, live.at.clone(), run));
            }
        }
    }

    /// Every run as an event, `of_life` with a look at its processes.
    pub(super) fn signs(&mut self, of_life: bool) -> Vec<RunEvent> {
        if of_life {
            self.refresh_usage();
        }
        let live = self.document();
        let sign = |run: &RunView| {
            let mut event = self.event(RunEventKind::Liveness, live.at.clone(), run);
            if of_life {
                event.processes = run.processes;
                event.alive = run.processes.map(|count| count > 0).filter(|_| run.phase != Phase::Queued);
            }
            event
        };
        live.status.runs.iter().map(sign).collect()
    }

    /// What is told of the end of a run when it is in the history, so that whoever hears of it finds it there.
    pub(super) fn end_to_tell(&self, id: RunId) -> EndToTell {
        EndToTell { id, at: rfc3339(self.now().wall), story: self.story.clone(), last: self.last_told(id) }
    }

    /// The run as it was when surfaces were told last.
    fn last_told(&self, id: RunId) -> Option<RunEvent> {
        let live = self.live.borrow();
        let run = live.status.runs.iter().find(|run| run.run == id.0)?;
        self.is_followed().then(|| self.event(RunEventKind::State, live.at.clone(), run))
    }

    fn event(&self, kind: RunEventKind, at: String, run: &RunView) -> RunEvent {
        let dir = self.runs.get(&RunId(run.run)).and_then(|watched| watched.dir.as_ref());
        RunEvent { output_bytes: dir.map(bytes_printed), ..RunEvent::of(kind, at, run) }
    }

    fn tell(&self, event: RunEvent) {
        // The last of those who followed may have gone.
        let _heard = self.story.send(Arc::new(event));
    }
}

/// The end of a run that is on its way into the history.
#[derive(Debug)]
pub(super) struct EndToTell {
    id: RunId,
    at: String,
    story: broadcast::Sender<Arc<RunEvent>>,
    last: Option<RunEvent>,
}

impl EndToTell {
    /// Tells it.
    pub(super) async fn tell(self, store: &StoreHandle) {
        if self.story.receiver_count() == 0 {
            return;
        }
        let row = store.row(self.id.0).await.unwrap_or_default();
        if let Some(event) = RunEvent::end(self.at, self.last, row) {
            // The last of those who followed may have gone.
            let _heard = self.story.send(Arc::new(event));
        }
    }
}
