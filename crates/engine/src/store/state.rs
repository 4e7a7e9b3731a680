//! What is known of a run: the fold of its entries. Pure, so that the live path and the rebuild cannot differ.

mod clocks;
mod removal;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entry::{Ending, Entry, LimitsMs, Registration, Stage, Stamp, Stamped, Survivor};
use super::heard::Heard;
use super::held::Held;
use crate::api::{OnStall, Reason};

pub use removal::Removal;

/// Grows whenever the fold or the shape of [`StoredRun`] changes; a database that was folded by another version of
/// it is folded again when it is opened.
pub(super) const FOLD_VERSION: i64 = 9;

/// The source that an advance without a source is of.
const MARKER: &str = "marker";

/// Two tellings of the same moment that differ by more than this are of a clock that was set.
const CLOCKS_AGREE_MS: u64 = 2_000;

/// A run with everything that its journal says: what is needed to go on after a crash, and to tell its story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredRun {
    /// Its number.
    pub run: u64,
    /// When it became known.
    pub registered: Stamp,
    /// The name of its directory below `runs/`.
    pub tag: String,
    /// The job's name.
    pub job: String,
    /// The job's type.
    pub job_type: String,
    /// The command and its arguments; empty for an attached run.
    pub command: Vec<String>,
    /// Where it runs.
    pub cwd: Option<String>,
    /// Its marker.
    pub marker: Option<String>,
    /// Whether the run was attached, not launched.
    pub attached: bool,
    /// Whether a stall is only recorded.
    pub observe: bool,
    /// The limits it is judged by.
    pub limits: LimitsMs,
    /// The root's identity.
    pub identity: Option<Value>,
    /// Its sources beside the marker, as they are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The root process.
    pub pid: Option<u32>,
    /// When its command started.
    pub started: Option<Stamp>,
    /// When it last moved forward.
    pub last_advance: Option<Stamp>,
    /// The step that it has come to: the best one of the source that spoke last.
    pub best_step: Option<i64>,
    /// The best step of each source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<String, i64>,
    /// What its sources said beside steps.
    #[serde(default)]
    pub heard: Heard,
    /// How many steps the marker says there are.
    pub total: Option<i64>,
    /// The note of the last advance, as the agent wrote it.
    pub note: Option<String>,
    /// The times between advances.
    pub gaps: Gaps,
    /// Why the marker cannot be used, while it cannot.
    pub marker_trouble: Option<String>,
    /// The warning that is in force: an advance ends it.
    pub warned: Option<Warning>,
    /// What would have been done, for a run that is only observed; the first time counts.
    pub would_stop: Option<WouldStop>,
    /// The stop that was decided on and not abandoned.
    pub stop: Option<Stop>,
    /// The end of the root.
    pub root_ended: Option<RootEnd>,
    /// The agent's own aborted note.
    pub acknowledged: Option<Acknowledgement>,
    /// The aborted note that Nightkeep left.
    pub aborted_note: Option<String>,
    /// How the run was last found again.
    pub adopted: Option<String>,
    /// What was still there after the forced stop.
    pub survivors: Vec<Survivor>,
    /// What the root left behind when it ended by itself.
    pub leftovers: Vec<u32>,
    /// Their identities.
    pub left_identities: Vec<Value>,
    /// The stop of what was left behind that was decided on: whether it is killed without a grace.
    pub leftover_stop: Option<bool>,
    /// What has become of what was left behind, while any of it may be there and afterwards.
    pub leftover_fate: Option<LeftoverFate>,
    /// How it ended.
    pub ended: Option<Ending>,
    /// How long it took, once it is over: sleep included, a wall clock that was set left out.
    #[serde(default)]
    pub took_ms: Option<u64>,
    /// Whether somebody has looked at it.
    pub seen: bool,
    /// Its wait for a slot, if it had to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<Wait>,
    /// What becomes of it when it stalls, for a run of a job; `None` for any other.
    #[serde(default)]
    pub by_job: Option<OnStall>,
    /// The how-manieth restart in a row it is.
    #[serde(default)]
    pub restart: Option<u32>,
    /// For how long it was not judged because the watch was paused.
    #[serde(default)]
    pub held: Held,
    /// The removal of what was left of it.
    #[serde(default, skip_serializing_if = "Removal::is_none")]
    pub removed: Removal,
}

/// The time before the start of a run for which there was no slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// From when.
    pub from: Stamp,
    /// Whether somebody waits for its turn and starts it himself.
    pub by_caller: bool,
    /// When its turn came.
    pub given: Option<Stamp>,
    /// It was not started after all.
    pub cancelled: Option<Cancelled>,
}

/// A run that was not started after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// Why, as a fragment; `None` when a person asked for it.
    pub why: Option<String>,
}

/// What has become of processes that a run left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftoverFate {
    /// Some of it may be there.
    Alive,
    /// It ended by itself.
    Ended,
    /// It was stopped.
    Stopped,
}

/// The times between advances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gaps {
    /// How many advances there were.
    pub count: u32,
    /// The longest.
    pub longest_ms: Option<u64>,
    /// All of them together.
    pub sum_ms: u64,
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// When.
    pub at: Stamp,
    /// Awake time without an advance.
    pub since_ms: u64,
}

/// A stop that was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WouldStop {
    /// When.
    pub at: Stamp,
    /// Why.
    pub reason: Reason,
    /// The time that was measured against the limit.
    pub since_ms: u64,
}

/// A stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// When it was decided.
    pub at: Stamp,
    /// Why.
    pub reason: Reason,
    /// The time that was measured against the limit.
    pub since_ms: u64,
    /// The best step at that moment.
    pub step: Option<i64>,
    /// The note at that moment, as the agent wrote it.
    pub note: Option<String>,
    /// Whether it is killed without a grace.
    pub force: bool,
    /// The furthest stage, and when it was reached.
    pub stage: Option<(Stage, Stamp)>,
    /// When the first signal was sent.
    pub first_signal: Option<Stamp>,
    /// When the polite signal is known to have reached it.
    pub delivered: Option<Stamp>,
}

/// The end of the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootEnd {
    /// When.
    pub at: Stamp,
    /// Its exit code.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// An aborted note of the agent's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// When.
    pub at: Stamp,
    /// The note, as the agent wrote it.
    pub note: Option<String>,
}

impl StoredRun {
    /// The state after the first entry.
    pub(crate) fn register(run: u64, at: &Stamp, registration: &Registration) -> Self {
        let Registration {
            tag, job, job_type, command, cwd, marker, attached, observe, limits, identity, sources, ..
        } = registration.clone();
        let Registration { by_job, restart, .. } = *registration;
        Self {
            run,
            registered: at.clone(),
            tag,
            job,
            job_type,
            command,
            cwd,
            marker,
            attached,
            observe,
            limits,
            identity,
            sources,
            pid: None,
            started: None,
            last_advance: None,
            best_step: None,
            steps: BTreeMap::new(),
            heard: Heard::default(),
            total: None,
            note: None,
            gaps: Gaps::default(),
            marker_trouble: None,
            warned: None,
            would_stop: None,
            stop: None,
            root_ended: None,
            acknowledged: None,
            aborted_note: None,
            adopted: None,
            survivors: Vec::new(),
            leftovers: Vec::new(),
            left_identities: Vec::new(),
            leftover_stop: None,
            leftover_fate: None,
            ended: None,
            took_ms: None,
            seen: false,
            queued: None,
            by_job,
            restart,
            held: Held::default(),
            removed: Removal::default(),
        }
    }

    /// When the run started, on the wall clock as it went on: its command, or failing that its registration.
    #[must_use]
    pub fn started_wall_ms(&self) -> i64 {
        let noted = self.start().at_wall_ms;
        let (Some(ending), Some(took_ms)) = (&self.ended, self.took_ms) else { return noted };
        let counted = ending.ended_wall_ms.saturating_sub_unsigned(took_ms);
        // A clock that was set while nobody watched shows only here.
        if counted.abs_diff(noted) > CLOCKS_AGREE_MS { counted } else { noted }
    }

    /// When the run started: its command, or failing that its turn or its registration.
    #[must_use]
    pub fn start(&self) -> &Stamp {
        let given = self.queued.as_ref().and_then(|wait| wait.given.as_ref());
        self.started.as_ref().or(given).unwrap_or(&self.registered)
    }

    /// Whether it waits to be started.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        let waits = self.queued.as_ref().is_some_and(|wait| wait.given.is_none());
        waits && self.started.is_none() && self.ended.is_none()
    }

    /// Its wait, when that is all there was of it.
    #[must_use]
    pub fn cancelled(&self) -> Option<(&Wait, Option<&str>)> {
        let wait = self.queued.as_ref()?;
        Some((wait, wait.cancelled.as_ref()?.why.as_deref()))
    }

    /// Takes one entry in. Total: an entry that makes no sense in the present state changes nothing, and once the run
    /// is over, only what was found out afterwards does.
    pub(crate) fn apply(&mut self, stamped: &Stamped) {
        if self.ended.is_some() {
            self.apply_afterwards(stamped);
        } else {
            self.apply_alive(stamped);
        }
    }

    fn apply_alive(&mut self, Stamped { at, entry }: &Stamped) {
        match entry {
            Entry::Registered(_) | Entry::Seen | Entry::Unseen | Entry::Removing { .. } | Entry::NotRemoved => {}
            Entry::EvidenceTaken { .. } | Entry::Present { .. } => {}
            Entry::WentBack { .. } | Entry::ClaimIgnored { .. } | Entry::Slept { .. } | Entry::Starved { .. } => {}
            Entry::WatchPaused { .. } => self.held.begin(at),
            Entry::WatchResumed => self.held.end(at, self.last_advance.as_ref()),
            Entry::ClockJumped { by_ms } => self.set_clock_by(*by_ms),
            Entry::Started { pid, identity } => {
                self.pid = Some(*pid);
                self.started = Some(at.clone());
                if identity.is_some() {
                    self.identity.clone_from(identity);
                }
            }
            Entry::Advanced { n: _, step, total, note, gap_ms, source } => {
                self.advance(at, source.as_deref().unwrap_or(MARKER), *step, *gap_ms);
                self.total = total.or(self.total);
                self.note.clone_from(note);
            }
            Entry::Heard(heard) => self.heard.apply(heard, at, self.last_advance.as_ref()),
            Entry::MarkerTrouble { what } => self.marker_trouble = Some(what.clone()),
            Entry::MarkerReadable => self.marker_trouble = None,
            Entry::Warned { since_ms } => self.warned = Some(Warning { at: at.clone(), since_ms: *since_ms }),
            Entry::WouldStop { reason, since_ms } => {
                let would = WouldStop { at: at.clone(), reason: *reason, since_ms: *since_ms };
                self.would_stop.get_or_insert(would);
            }
            Entry::StopIntended { reason, since_ms, step, note, force } => {
                let stop = Stop {
                    at: at.clone(),
                    reason: *reason,
                    since_ms: *since_ms,
                    step: *step,
                    note: note.clone(),
                    force: *force,
                    stage: None,
                    first_signal: None,
                    delivered: None,
                };
                // A stop that is under way keeps its cause; asked for again with force, it loses its grace.
                self.stop.get_or_insert(stop).force |= *force;
            }
            Entry::StopAbandoned { .. } => self.stop = None,
            Entry::Signalled { stage } => self.signalled(at, *stage),
            Entry::SignalDelivered => {
                if let Some(stop) = &mut self.stop {
                    stop.delivered.get_or_insert_with(|| at.clone());
                }
            }
            Entry::RootEnded { code, signal } => {
                self.root_ended = Some(RootEnd { at: at.clone(), code: *code, signal: *signal });
            }
            Entry::Acknowledged { note } => {
                self.acknowledged = Some(Acknowledgement { at: at.clone(), note: note.clone() });
            }
            Entry::AbortedNoteWritten { note } => self.aborted_note = Some(note.clone()),
            Entry::Adopted { how } => self.adopted = Some(how.clone()),
            Entry::CouldNotStop { survivors } => self.survivors.clone_from(survivors),
            Entry::Leftovers { .. }
            | Entry::LeftoverStopIntended { .. }
            | Entry::LeftoversSignalled { .. }
            | Entry::LeftoversGone { .. } => self.apply_leftovers(entry),
            Entry::Queued { .. } | Entry::SlotGiven | Entry::Cancelled { .. } => self.apply_wait(at, entry),
            Entry::Ended(ending) => {
                self.survivors.clone_from(&ending.survivors);
                self.took_ms = Some(ending.took_ms.unwrap_or_else(|| self.passed_ms(at, ending.ended_wall_ms)));
                self.ended = Some((**ending).clone());
            }
        }
    }

    fn apply_afterwards(&mut self, Stamped { at, entry }: &Stamped) {
        match entry {
            Entry::Seen => self.seen = true,
            Entry::Unseen => self.seen = false,
            Entry::Removing { folder } => self.removed.begin(*folder, at.at_wall_ms),
            Entry::NotRemoved => self.removed.take_back(),
            Entry::AbortedNoteWritten { note } => self.aborted_note = Some(note.clone()),
            Entry::Leftovers { .. }
            | Entry::LeftoverStopIntended { .. }
            | Entry::LeftoversSignalled { .. }
            | Entry::LeftoversGone { .. } => self.apply_leftovers(entry),
            Entry::Registered(_)
            | Entry::Started { .. }
            | Entry::Advanced { .. }
            | Entry::Heard(_)
            | Entry::WentBack { .. }
            | Entry::MarkerTrouble { .. }
            | Entry::MarkerReadable
            | Entry::ClaimIgnored { .. }
            | Entry::Warned { .. }
            | Entry::WouldStop { .. }
            | Entry::StopIntended { .. }
            | Entry::StopAbandoned { .. }
            | Entry::Signalled { .. }
            | Entry::Present { .. }
            | Entry::SignalDelivered
            | Entry::RootEnded { .. }
            | Entry::Acknowledged { .. }
            | Entry::Adopted { .. }
            | Entry::CouldNotStop { .. }
            | Entry::Slept { .. }
            | Entry::ClockJumped { .. }
            | Entry::Starved { .. }
            | Entry::WatchPaused { .. }
            | Entry::WatchResumed
            | Entry::Ended(_)
            | Entry::Queued { .. }
            | Entry::SlotGiven
            | Entry::Cancelled { .. }
            | Entry::EvidenceTaken { .. } => {}
        }
    }

    fn apply_wait(&mut self, at: &Stamp, entry: &Entry) {
        if let Entry::Queued { by_caller } = entry {
            let wait = Wait { from: at.clone(), by_caller: *by_caller, given: None, cancelled: None };
            // Its turn had come, and the engine ended before it began: it waits on.
            self.queued.get_or_insert(wait).given = None;
        } else if let Entry::Cancelled { why } = entry {
            let wait = Wait { from: self.registered.clone(), by_caller: false, given: None, cancelled: None };
            self.queued.get_or_insert(wait).cancelled = Some(Cancelled { why: why.clone() });
        } else if let Some(wait) = &mut self.queued {
            wait.given = Some(at.clone());
        }
    }

    fn apply_leftovers(&mut self, entry: &Entry) {
        if let Entry::Leftovers { pids, identities } = entry {
            self.leftovers.clone_from(pids);
            self.left_identities.clone_from(identities);
            self.leftover_fate = Some(LeftoverFate::Alive);
        } else if let Entry::LeftoverStopIntended { force } = entry {
            self.leftover_stop = Some(*force || self.leftover_stop == Some(true));
        } else if let Entry::LeftoversGone { stopped } = entry {
            self.leftover_fate = Some(if *stopped { LeftoverFate::Stopped } else { LeftoverFate::Ended });
        }
    }

    fn advance(&mut self, at: &Stamp, source: &str, step: i64, gap_ms: u64) {
        self.last_advance = Some(at.clone());
        let best = self.steps.entry(source.to_owned()).or_insert(step);
        *best = step.max(*best);
        self.best_step = Some(*best);
        self.heard.advanced();
        self.warned = None;
        self.held.advance();
        self.gaps.count = self.gaps.count.saturating_add(1);
        self.gaps.sum_ms = self.gaps.sum_ms.saturating_add(gap_ms);
        self.gaps.longest_ms = Some(self.gaps.longest_ms.map_or(gap_ms, |longest| longest.max(gap_ms)));
    }

    fn signalled(&mut self, at: &Stamp, stage: Stage) {
        let Some(stop) = &mut self.stop else { return };
        stop.first_signal.get_or_insert_with(|| at.clone());
        if stop.stage.as_ref().is_none_or(|(reached, _)| *reached < stage) {
            stop.stage = Some((stage, at.clone()));
        }
    }
}
