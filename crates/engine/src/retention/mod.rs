//! What is left of runs that ended long ago is removed: their outputs after a number of days, their directories after
//! another, and the outputs of the oldest ones when all of them together are too much. The history of a run stays, and says
//! when that was.
//!
//! Nothing is removed but of runs that the history calls ended and whose keeper is gone. While the clock cannot be believed,
//! nothing is too old.

mod belief;
mod broom;
mod sweep;

use std::sync::Arc;
use std::time::Duration;

use nightkeep_core::Belief;
use tokio::sync::mpsc;

use self::broom::Wish;
pub(crate) use self::broom::{Broom, storage};
use self::sweep::{Removed, Sweep};
use crate::api::{ApiError, Cleaned, ErrorCode};
use crate::clock::Clock;
use crate::config::ConfigFile;
use crate::places::Places;
use crate::store::entry::{Entry, Stamp, Stamped};
use crate::store::{StoreError, StoreHandle};

/// From the engine's start to the first look: a start has other things to do.
const FIRST_AFTER: Duration = Duration::from_secs(5 * 60);
/// Between two looks.
const AGAIN_AFTER: Duration = Duration::from_hours(24);
/// Between two looks at the clock.
const CLOCK_EVERY: Duration = Duration::from_hours(1);

/// Whoever removes what is left of old runs.
#[derive(Debug)]
pub(crate) struct Tidier {
    pub(crate) places: Places,
    pub(crate) store: StoreHandle,
    pub(crate) clock: Clock,
    pub(crate) broom: Broom,
}

impl Tidier {
    /// Removes what is too old or too much, once a day and whenever somebody wants it. Ends with the task that runs it.
    pub(crate) async fn keep_small(self, config: Arc<ConfigFile>, mut wanted: mpsc::Receiver<Wish>) {
        let mut belief = belief::begin(&self.places, &self.clock);
        let mut left = FIRST_AFTER;
        loop {
            let pause = left.min(CLOCK_EVERY);
            let wish = tokio::select! {
                () = tokio::time::sleep(pause) => None,
                Some(wish) = wanted.recv() => Some(wish),
            };
            belief.take(self.clock.sample());
            belief::keep(&self.places, &belief);
            if let Some(wish) = wish {
                let _heard = wish.send(self.tidy(&config, &belief).await);
                continue;
            }
            left = left.saturating_sub(pause);
            if left.is_zero() {
                left = AGAIN_AFTER;
                drop(self.tidy(&config, &belief).await);
            }
        }
    }

    async fn tidy(&self, config: &ConfigFile, belief: &Belief) -> Result<Cleaned, ApiError> {
        let failed = |fault: String| {
            tracing::warn!(fault, "old runs are not removed");
            ApiError::new(ErrorCode::Storage, format!("old runs are not removed: {fault}"))
        };
        let ended = self.store.ended_runs().await.map_err(|fault| failed(fault.with_causes()))?;
        let (runs, config, now_ms) = (self.places.runs_dir(), config.current(), self.believed_ms(belief));
        let note = self.notes().map_err(|fault| failed(fault.to_string()))?;
        let progress = self.broom.progress();
        progress.begin();
        let work = move || {
            let sweep = Sweep { runs: &runs, settings: config.settings(), now_ms, progress: &progress, note: &note };
            let removed = sweep.remove_old(&ended);
            progress.end();
            (removed, !progress.goes_on())
        };
        let (removed, is_cancelled) =
            tokio::task::spawn_blocking(work).await.map_err(|fault| failed(fault.to_string()))?;
        let removed = removed.map_err(|fault| failed(fault.to_string()))?;
        let Removed { runs, outputs, bytes, failures } = removed;
        if removed != Removed::default() {
            tracing::info!(runs, outputs, bytes, failures, "what was left of old runs was removed");
        }
        Ok(Cleaned { runs, outputs, bytes, failures, is_cancelled, is_clock_doubted: now_ms.is_none() })
    }

    /// Puts on record what becomes of a run. For a thread that may wait.
    fn notes(&self) -> std::io::Result<impl Fn(u64, Entry) -> Result<(), StoreError> + Send + use<>> {
        let (store, clock, boot) = (self.store.clone(), self.clock.clone(), nightkeep_os::boot_id()?);
        let runtime = tokio::runtime::Handle::current();
        Ok(move |run, entry| {
            let now = clock.now();
            let at = Stamp { at_wall_ms: now.wall.as_ms(), at_awake_ms: now.awake.as_ms(), boot: boot.clone() };
            runtime.block_on(store.append(run, vec![Stamped { at, entry }]))
        })
    }

    /// This moment, if the clock can be believed.
    fn believed_ms(&self, belief: &Belief) -> Option<i64> {
        let is_firm = belief.is_firm();
        if !is_firm {
            tracing::debug!("the clock was set, or is not known for long: no run is too old");
        }
        is_firm.then(|| self.clock.now().wall.as_ms())
    }
}
