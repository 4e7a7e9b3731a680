//! The sources of a run beside its marker: read on a task of their own, whenever something happens where they are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nightkeep_core::{Advance, Input, OpenActivity, RunId, Signal, Source};
use tokio::sync::{Notify, mpsc, oneshot};

use super::fact::Fact;
use super::task::Actor;
use crate::rundir::RunDir;
use crate::sources::sd_notify::Listening;
use crate::sources::{Begun, Feed, PassedOver, Places, SOURCES_MAX, SourceSpec, Waiting, Whereabouts};
use crate::store::entry::{Entry, Registration, Stamped};
use crate::store::heard::HeardEntry;

/// Sources are looked at this often when nothing tells of anything new.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Not more often than this, however much happens.
const NOT_BEFORE: Duration = Duration::from_millis(250);
/// So many looks wait at most.
const ASKS_MAX: usize = 8;

/// Who reads the sources of a run. The reading ends with this value.
#[derive(Debug, Clone)]
pub(super) struct SourceReader {
    asks: mpsc::Sender<oneshot::Sender<bool>>,
    /// What is read of an agent, so that what the hook of that agent tells of the same is not counted as well.
    pub(super) agent: Agent,
}

/// What is read of what Claude Code does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agent {
    /// Nothing.
    Unread,
    /// Its transcript, in which the calls of its sub-agents are missing.
    Joined,
    /// Its stream: every call.
    Streamed,
}

impl Agent {
    fn of(sources: &[String]) -> Self {
        let has = |kind: &str| sources.iter().any(|source| source.starts_with(kind));
        if has("claude-stream") {
            Self::Streamed
        } else if has("claude-transcript") {
            Self::Joined
        } else {
            Self::Unread
        }
    }
}

/// What a look at one source came to.
#[derive(Debug)]
pub(super) struct Heard {
    source: String,
    signals: Vec<Signal>,
    came_to: Option<String>,
    trouble: Option<String>,
    passed_over: PassedOver,
}

/// One source, and what reads it.
struct Fed {
    source: String,
    feed: Result<Box<dyn Feed>, String>,
}

impl SourceReader {
    /// Reads all sources at this moment: what they said is on its way when this comes back. Whether all could be read.
    pub(super) async fn look(self) -> bool {
        let (answer, looked) = oneshot::channel();
        self.asks.send(answer).await.is_ok() && looked.await.unwrap_or(false)
    }
}

impl Actor {
    /// Begins to read the sources of a run, where those left off that read them before.
    pub(super) fn read_sources(
        &self,
        id: RunId,
        run: &Registration,
        dir: Option<&RunDir>,
        notify: Option<PathBuf>,
        (read, doing): (&BTreeMap<String, String>, &[OpenActivity]),
    ) -> Option<SourceReader> {
        if run.sources.is_empty() {
            return None;
        }
        let woken = Arc::new(Notify::new());
        let whereabouts = Whereabouts {
            cwd: run.cwd.as_ref().map_or_else(|| self.around.home.clone(), PathBuf::from),
            home: self.around.home.clone(),
            output: dir.map(RunDir::output),
            notify: notify.map(|path| Listening { path, run: dir.cloned(), woken: Arc::clone(&woken) }),
        };
        let feeds = run.sources.iter().take(SOURCES_MAX).map(|text| {
            // A source that had said nothing yet is read from its beginning, as by the reader before.
            let from = read.get(text);
            let feed = SourceSpec::parse(text).and_then(|spec| spec.feed(&whereabouts, from.map(String::as_str)));
            let feed = feed.map(|mut feed| {
                feed.go_on_with(&begun(doing, text));
                feed
            });
            Fed { source: text.clone(), feed }
        });
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let (places, facts) = (self.places_of_sources.clone(), self.facts.clone());
        let _task = tokio::spawn(read_on(id, feeds.collect(), (places, woken), facts, asked));
        Some(SourceReader { asks, agent: Agent::of(&run.sources) })
    }

    /// A source of a run was read.
    pub(super) fn source_read(&mut self, id: RunId, heard: Heard) {
        let now = self.now();
        let at = self.stamp(now);
        let Heard { source, signals, came_to, trouble, passed_over } = heard;
        let Some(run) = self.runs.get_mut(&id) else { return };
        let mut entries = Vec::new();
        let known = run.source_trouble.get(&source).map(|(what, _)| what.clone());
        if known != trouble {
            match &trouble {
                Some(what) => {
                    let since = run.source_trouble.get(&source).map_or(now.wall, |(_, since)| *since);
                    let _former = run.source_trouble.insert(source.clone(), (what.clone(), since));
                }
                None => drop(run.source_trouble.remove(&source)),
            }
            entries.push(HeardEntry::SourceTrouble { source: source.clone(), what: trouble });
        }
        run.inlet.dropped = run.inlet.dropped.saturating_add(passed_over.too_fast);
        if let (Some(pid), true) = (passed_over.stranger, passed_over.strangers > 0) {
            if run.strangers == 0 {
                tracing::warn!(run = id.0, pid, %source, "a process that is not the run's is not heard");
                entries.push(HeardEntry::Stranger { source: source.clone(), pid });
            }
            run.strangers = run.strangers.saturating_add(passed_over.strangers);
        }
        if !signals.is_empty() {
            let _counted = self.take_signals(id, &Source::named(source.clone()), together(signals));
            self.give(Input::Settle(id));
            entries.extend(came_to.map(|at| HeardEntry::Read { source, at }));
        }
        if !entries.is_empty() {
            let stamped = entries.into_iter().map(|entry| Stamped { at: at.clone(), entry: Entry::Heard(entry) });
            self.store.try_append(id.0, stamped.collect());
        }
    }
}

/// What of all that is open was told by one source.
fn begun(doing: &[OpenActivity], source: &str) -> Vec<Begun> {
    let of_it = doing.iter().filter(|open| open.source.as_str() == source).cloned();
    of_it.map(|OpenActivity { id, activity, what, .. }| Begun { id, activity, what }).collect()
}

/// Of steps that follow one another only the last is worth a line in the story: they were reached between two looks.
fn together(signals: Vec<Signal>) -> Vec<Signal> {
    let mut kept: Vec<Signal> = Vec::with_capacity(signals.len().min(64));
    for signal in signals {
        match (kept.last_mut(), signal) {
            (Some(Signal::Beat), Signal::Beat) => {}
            (Some(Signal::Advance(last)), Signal::Advance(next)) if follows(last, &next) => *last = next,
            (_, signal) => kept.push(signal),
        }
    }
    kept
}

fn follows(last: &Advance, next: &Advance) -> bool {
    last.series == next.series && last.step.is_some() && next.step > last.step
}

/// Reads the sources of one run until nobody asks for them any more.
async fn read_on(
    id: RunId,
    mut feeds: Vec<Fed>,
    (places, woken): (Places, Arc<Notify>),
    facts: mpsc::Sender<Fact>,
    mut asked: mpsc::Receiver<oneshot::Sender<bool>>,
) {
    woken.notify_one();
    let (mut more, mut quiet) = (false, NOT_BEFORE / 2);
    loop {
        let pause = if more { NOT_BEFORE } else { quiet };
        let answer = tokio::select! {
            answer = asked.recv() => match answer {
                Some(answer) => Some(answer),
                None => return,
            },
            () = woken.notified() => None,
            () = tokio::time::sleep(pause) => None,
        };
        let Ok((fed, heard, around)) = tokio::task::spawn_blocking(move || look(feeds)).await else {
            tracing::error!(run = id.0, "a source could not be read, and its run goes on without");
            return;
        };
        feeds = fed;
        let waits: Vec<Waiting> = around.iter().map(|place| places.wait_in(place, &woken)).collect();
        if waits.contains(&Waiting::Begun) {
            // What happened between the look and the wait is seen by another look.
            woken.notify_one();
        }
        // A folder may be there a moment later, and only then be waited in.
        quiet = if waits.contains(&Waiting::Impossible) { (quiet * 2).min(LOOK_EVERY) } else { LOOK_EVERY };
        more = heard.iter().any(|(_, more)| *more);
        let all = heard.iter().all(|(heard, _)| heard.trouble.is_none());
        for (heard, _) in heard {
            if facts.send(Fact::Heard(id, Box::new(heard))).await.is_err() {
                return;
            }
        }
        if let Some(answer) = answer {
            // Whoever asked may no longer wait.
            let _waits = answer.send(all);
        } else {
            tokio::time::sleep(NOT_BEFORE).await;
        }
    }
}

/// Looks at all sources once; what each said and whether it has more, and where something may happen next.
fn look(mut feeds: Vec<Fed>) -> (Vec<Fed>, Vec<(Heard, bool)>, Vec<PathBuf>) {
    let (mut heard, mut places) = (Vec::new(), Vec::new());
    for fed in &mut feeds {
        let mut signals = Vec::new();
        let (more, came_to, trouble) = match &mut fed.feed {
            Ok(feed) => {
                let looked = feed.look(&mut signals);
                places.extend(feed.places());
                match looked {
                    Ok(more) => (more, feed.came_to(), None),
                    Err(trouble) => (false, feed.came_to(), Some(trouble)),
                }
            }
            Err(trouble) => (false, None, Some(trouble.clone())),
        };
        let passed_over = fed.feed.as_mut().map(|feed| feed.passed_over()).unwrap_or_default();
        heard.push((Heard { source: fed.source.clone(), signals, came_to, trouble, passed_over }, more));
    }
    (feeds, heard, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: i64) -> Signal {
        Signal::Advance(Advance { step: Some(step), ..Advance::default() })
    }

    #[test]
    fn of_steps_that_were_reached_between_two_looks_the_last_is_told() {
        let said = vec![Signal::Beat, Signal::Beat, step(1), step(2), step(9), step(3), Signal::Beat, step(10)];
        assert_eq!(together(said), [Signal::Beat, step(9), step(3), Signal::Beat, step(10)]);
    }

    #[test]
    fn calls_that_count_by_themselves_are_all_told() {
        let call = Signal::Advance(Advance::default());
        assert_eq!(together(vec![call.clone(), call.clone()]).len(), 2);
    }
}
