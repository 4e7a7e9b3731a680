//! The stream of single events of runs. Only while somebody follows it does anything tick: output is looked at once a
//! second, and signs of life are told at a fixed interval.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::Sse;
use futures_util::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Failure;
use super::events::{Told, event, kept_open};
use crate::actor::Handle;
use crate::api::{ApiError, ErrorCode, RunEvent, RunEventKind};

/// Between two looks at what runs have printed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two signs of life, in seconds, unless somebody asks for another interval.
const LIVENESS_EVERY_S: u32 = 10;
/// The longest interval between two signs of life, in seconds.
const LIVENESS_EVERY_S_MAX: u32 = 3600;

/// What is followed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(super) struct Following {
    /// Seconds between two `liveness` events of a run, from 1 to 3600; 10 when left out.
    every_s: Option<u32>,
}

/// What happens to runs, one event at a time, each with all of its fields. Begins with a `liveness` of every run, which
/// comes again at a fixed interval whether or not anything is printed. A reader that is far behind misses events.
#[utoipa::path(get, path = "/v1/events/runs", params(Following), responses((status = 200, description = "events named `liveness`, `output`, `advance` or `state`", body = RunEvent), (status = "4XX", body = ApiError)))]
pub(super) async fn run_events(
    State(handle): State<Handle>,
    Query(query): Query<Following>,
) -> Result<Sse<impl Stream<Item = Told>>, Failure> {
    let every_s = query.every_s.unwrap_or(LIVENESS_EVERY_S);
    if !(1..=LIVENESS_EVERY_S_MAX).contains(&every_s) {
        let what = format!("signs of life come every 1 to {LIVENESS_EVERY_S_MAX} seconds, not every {every_s}");
        return Err(ApiError::new(ErrorCode::Invalid, what).at_field("every_s").into());
    }
    let events = stream::unfold(Follower::new(handle, every_s), |mut follower| async move {
        let told = follower.next().await?;
        Some((told, follower))
    });
    Ok(kept_open(events.filter_map(|told| async move { event(told.event.word(), &told) })))
}

/// One reader.
struct Follower {
    handle: Handle,
    story: Receiver<Arc<RunEvent>>,
    looks: Interval,
    /// How many looks ago the last signs of life were told, and after how many they are due again.
    since_life: u32,
    life_after: u32,
    /// What was found and is still to be told.
    found: VecDeque<RunEvent>,
    /// How long the output of each run was.
    printed: BTreeMap<u64, u64>,
}

impl Follower {
    fn new(handle: Handle, every_s: u32) -> Self {
        let mut looks = interval(LOOK_EVERY);
        // What a machine that stood still has missed is not made up for.
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let story = handle.story();
        let (found, printed) = (VecDeque::new(), BTreeMap::new());
        Self { handle, story, looks, since_life: every_s, life_after: every_s, found, printed }
    }

    /// The next event; `None` when the engine ends.
    async fn next(&mut self) -> Option<RunEvent> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Some(found);
            }
            tokio::select! {
                told = self.story.recv() => match told {
                    Ok(told) => return Some(Arc::unwrap_or_clone(told)),
                    // The next signs of life tell how it stands.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
                _at = self.looks.tick() => self.look().await?,
            }
        }
    }

    async fn look(&mut self) -> Option<()> {
        let of_life = self.since_life >= self.life_after;
        self.since_life = if of_life { 1 } else { self.since_life + 1 };
        let signs = self.handle.signs(of_life).await.ok()?;
        let before = std::mem::take(&mut self.printed);
        for sign in signs {
            if let Some(bytes) = sign.output_bytes {
                let _new = self.printed.insert(sign.run, bytes);
                self.found.extend(grown(&sign, before.get(&sign.run).copied(), bytes));
            }
            if of_life {
                self.found.push_back(sign);
            }
        }
        Some(())
    }
}

/// The output of a run, if it is more than before. One that was begun anew is shorter.
fn grown(sign: &RunEvent, before: Option<u64>, bytes: u64) -> Option<RunEvent> {
    let before = before?;
    let by = if bytes < before { bytes } else { bytes - before };
    let event = RunEventKind::Output;
    (by > 0).then(|| RunEvent { event, output_grew_by: Some(by), alive: None, processes: None, ..sign.clone() })
}
