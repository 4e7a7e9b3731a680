//! Carrying out what the core decided.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nightkeep_core::{Effect, Entry, Exit, Input, Look, Now, Outcome, Reason, RunId, Stage, Wall};
use nightkeep_os::ProcessFacts;

use super::attached::{self, Kin};
use super::fact::{Fact, Over, Unseen};
use super::record;
use super::run::{Body, MarkerTrouble, Top};
use super::task::Actor;
use super::{evidence, recovered};
use crate::api;
use crate::keeper::protocol::Request;
use crate::marker::{Mark, MarkStep, Reading, Trouble, WriteError, write_marker};
use crate::store::StoreHandle;
use crate::store::entry::{self, Stamped};

/// A look at a marker that does not come back in this time says that nobody could look.
const LOOK_MAX: Duration = Duration::from_millis(1_500);
/// The same for the last look at the marker of a run that is over, which holds up its end.
const LAST_LOOK_MAX: Duration = Duration::from_millis(500);
/// The step by which the core knows the aborted note.
const ABORTED: i64 = -1;
/// An end waits no longer than this for the note that Nightkeep leaves.
const NOTE_MAX: Duration = Duration::from_secs(1);
/// How many unseen runs surfaces are given.
const UNSEEN_MAX: u32 = 20;

impl Actor {
    /// Carries out one effect. Effects come in order, and records are written in that order.
    pub(super) fn carry_out(&mut self, now: Now, effect: Effect) {
        if let Some(id) = subject(&effect) {
            if self.left.contains_key(&id) {
                self.log_decision(&effect);
                self.carry_out_leftovers(now, &effect);
                return;
            }
            if !self.runs.contains_key(&id) {
                return;
            }
        }
        self.log_decision(&effect);
        match effect {
            Effect::Launch(id) => self.slot_given(id),
            Effect::Wait(id) => self.note_wait(id),
            Effect::Cancel(id) => self.cancelled(id),
            Effect::Record(id, entry) => self.record(now, id, entry),
            Effect::RecordIntent(id, entry) => self.record_intent(now, id, entry),
            Effect::Look(id) => self.look(id),
            Effect::TakeEvidence(id) => self.take_evidence(now, id),
            Effect::Signal(id, stage) => self.signal(id, stage),
            Effect::LeaveAbortedNote { run, reason, step } => self.leave_note(now, run, reason, step),
            Effect::Notify(notice) => self.notify(now, &notice),
            Effect::Forget(id) => self.forget(id),
            Effect::Job(effect) => self.carry_out_job(now, effect),
            Effect::Pause(entry) => self.note_pause(now, entry),
        }
    }

    fn record(&mut self, now: Now, id: RunId, entry: Entry) {
        if let Entry::Ended { outcome, exit, .. } = &entry {
            self.see_the_end(id, *outcome, exit);
        }
        if let Entry::Advanced { step, total, .. } = &entry {
            self.tell_advance(now, id);
            if let Some(run) = self.runs.get_mut(&id) {
                run.around.advanced(*step, *total, now.wall);
            }
        }
        let Some(run) = self.runs.get(&id) else { return };
        let ended = if let Entry::Ended { outcome, exit, .. } = &entry { Some((*outcome, exit.clone())) } else { None };
        let stamped = record::stored(run, self.stamp(now), entry);
        tracing::info!(run = id.0, job = %run.job, entry = stamped.entry.kind(), "recorded");
        if let Some((outcome, exit)) = ended {
            let took_ms = if let entry::Entry::Ended(end) = &stamped.entry { end.took_ms } else { None };
            self.tell_end(now, id, (outcome, &exit), took_ms);
            self.record_end(id, stamped);
        } else {
            self.store.try_append(id.0, vec![stamped]);
        }
    }

    /// An end that nobody watched is dated by what is known, and told.
    fn see_the_end(&mut self, id: RunId, outcome: Outcome, exit: &Exit) {
        let Some(run) = self.runs.get_mut(&id).filter(|run| run.recovered) else { return };
        if run.ended.is_none() && outcome == Outcome::Lost {
            run.ended = recovered::last_sign_ms(run).map(Wall::from_ms);
        }
        self.tell_ended(id, outcome, exit);
    }

    /// The end of a run changes the history that surfaces show, so they are told when it is in the store.
    fn record_end(&mut self, id: RunId, stamped: Stamped) {
        let store = self.store.clone();
        let note = self.runs.get_mut(&id).and_then(|run| run.note.take());
        let end = self.end_to_tell(id);
        let of_job = self.with_end.remove(&id);
        self.spawn(async move {
            let left = match note {
                Some(note) => tokio::time::timeout(NOTE_MAX, note).await.ok().and_then(Result::ok).flatten(),
                None => None,
            };
            let entries = left.into_iter().chain([stamped]).collect();
            let recorded = match of_job {
                Some(of_job) => store.end_in_the_end(id.0, entries, of_job).await,
                None => store.append_in_the_end(id.0, entries).await,
            };
            if let Err(fault) = recorded {
                // Its directory tells the next engine.
                tracing::error!(run = id.0, fault = %fault.with_causes(), "an end was not recorded");
            }
            end.tell(&store).await;
            Fact::History(unseen(&store).await)
        });
    }

    fn record_intent(&mut self, now: Now, id: RunId, entry: Entry) {
        let Some(run) = self.runs.get(&id) else { return };
        let stamped = record::stored(run, self.stamp(now), entry);
        self.append_intent(id, stamped);
    }

    /// Writes an intent down; the core hears when it is durable, or could not be written.
    pub(super) fn append_intent(&self, id: RunId, stamped: Stamped) {
        let store = self.store.clone();
        let is_asked_for = matches!(stamped.entry, entry::Entry::StopIntended { reason: api::Reason::User, .. });
        self.spawn(async move {
            let Err(fault) = store.append(id.0, vec![stamped.clone()]).await else { return Fact::Intent(id, true) };
            tracing::error!(run = id.0, fault = %fault.with_causes(), "an intent could not be recorded");
            if is_asked_for {
                // Whoever stops the run that fills the disk must not be told to make room first.
                store.try_append(id.0, vec![stamped]);
            }
            Fact::Intent(id, is_asked_for)
        });
    }

    fn look(&self, id: RunId) {
        let (look, whereabouts) = (self.looked(id, LOOK_MAX), self.whereabouts(id));
        self.spawn(async move {
            let gone = tokio::task::spawn_blocking(move || whereabouts.is_gone());
            let (look, gone) = tokio::join!(look, tokio::time::timeout(LOOK_MAX, gone));
            Fact::Looked(id, if matches!(gone, Ok(Ok(true))) { Look::NotRunning } else { look })
        });
    }

    /// What the marker of a run says at this moment.
    fn looked(&self, id: RunId, within: Duration) -> impl Future<Output = Look> + Send + use<> {
        let markers = Arc::clone(&self.markers);
        let run = self.runs.get(&id);
        let before = run.and_then(|run| run.marker_before);
        let sources = run.and_then(|run| run.sources.clone());
        async move {
            // What they say comes in before the answer; a source that cannot be read may hold the advance.
            if let Some(sources) = sources
                && !matches!(tokio::time::timeout(within, sources.look()).await, Ok(true))
            {
                return Look::CouldNotLook;
            }
            match tokio::time::timeout(within, markers.read_now(id.0)).await {
                Ok(Ok(reading)) => Look::Read(core_reading(reading, before)),
                Ok(Err(Trouble::NotPermitted)) | Err(_) => Look::CouldNotLook,
                Ok(Err(trouble)) => {
                    tracing::debug!(run = id.0, %trouble, "the marker says nothing");
                    Look::Nothing
                }
            }
        }
    }

    /// Nothing of a run is left. What it stamped last may not have been read yet, and is part of its story.
    pub(super) fn over(&mut self, id: RunId, exit: Exit) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        if std::mem::replace(&mut run.over, true) {
            return;
        }
        let recovered = run.recovered;
        let look = self.looked(id, LAST_LOOK_MAX);
        self.spawn(async move { Fact::Over(id, Over { exit, recovered, look: look.await }) });
    }

    /// The last reading of a run that is over.
    pub(super) fn is_over(&mut self, id: RunId, over: Over) {
        let Over { exit, recovered, look } = over;
        if let Look::Read(reading) = look {
            self.give(Input::Marker(id, reading));
        }
        if let Some(run) = self.runs.get_mut(&id) {
            run.recovered = recovered;
        }
        let left = self.leave_behind(id);
        let grace = self.core.grace_of(id).unwrap_or_default();
        self.give(Input::AllGone(id, exit));
        if let Some(left) = left {
            self.watch_leftovers(id, left, grace, None);
        }
    }

    fn take_evidence(&mut self, now: Now, id: RunId) {
        self.note_stop(now, id);
        let Some(run) = self.runs.get(&id) else { return };
        let (top, dir, store, at) = (run.top(), run.dir.clone(), self.store.clone(), self.stamp(now));
        let marker = run.marker.clone();
        self.spawn(async move {
            let evidence = Box::new(evidence::take(top, dir, marker).await);
            let processes = evidence.processes.len();
            store.try_append(id.0, vec![Stamped { at, entry: entry::Entry::EvidenceTaken { evidence } }]);
            Fact::EvidenceDone(id, processes)
        });
    }

    /// Carries out a stage of a stop, or remembers it until the run can be reached.
    pub(super) fn signal(&mut self, id: RunId, stage: Stage) {
        let at = self.stamp(self.now());
        let Some(run) = self.runs.get_mut(&id) else { return };
        run.stage = Some(stage);
        let (top, present) = (run.top(), present(run.top()));
        if stage == Stage::Forced {
            run.around.stubborn = names(present.as_deref().unwrap_or_default());
        }
        // Below a keeper nobody is missing; below a root that has ended nobody would be found.
        if let (Some(Top { is_member: false, .. }), Some(present)) = (top, present) {
            let pids = present.iter().map(|process| process.identity.pid).collect();
            let entry = entry::Entry::Present { stage: record::stage(stage), pids };
            self.store.try_append(id.0, vec![Stamped { at, entry }]);
        }
        match &mut run.body {
            Body::Unreached => {}
            Body::Kept { requests, .. } => {
                let requests = requests.clone();
                let request = match stage {
                    Stage::PoliteRoot => Request::SignalRoot { signal: run.stop_signal },
                    Stage::PoliteRest => Request::SignalRest { signal: run.stop_signal },
                    Stage::Forced => Request::KillAll,
                };
                let facts = self.facts.clone();
                let _task = tokio::spawn(async move {
                    if let Err(fault) = requests.send(request).await {
                        // The end of the connection is told by its reader, which takes it from there.
                        tracing::warn!(run = id.0, %fault, "the keeper did not take a request");
                        drop(facts.send(Fact::KeeperGone(id)).await);
                    }
                });
            }
            Body::Attached(members) => {
                members.forcing = stage == Stage::Forced;
                members.searches += 1;
                let tag = run.dir.is_some().then(|| run.tag.clone());
                let (kin, polite) = (Kin { members: members.clone(), tag }, run.stop_signal);
                let (store, facts) = (self.store.clone(), self.facts.clone());
                let _task = tokio::spawn(attached::stop(id, kin, (stage, polite), store, facts));
            }
        }
    }

    /// The end that follows is recorded behind the note, so that the next run of the job learns of it.
    fn leave_note(&mut self, now: Now, id: RunId, reason: Reason, step: Option<i64>) {
        let at = self.stamp(now);
        let Some(run) = self.runs.get_mut(&id) else { return };
        let Some(path) = run.marker.clone() else { return };
        let why = match reason {
            Reason::Stalled => "stalled",
            Reason::MaxRuntime => "longest run time",
            Reason::User => "stopped by hand",
            Reason::Unresponsive => "no sign of life",
            Reason::Circling => "going round in circles",
            Reason::Budget => "its budget was spent",
        };
        let note = match step {
            Some(step) => format!("aborted: {why} at step {step}"),
            None => format!("aborted: {why} before the first step"),
        };
        tracing::debug!(run = run.id.0, "leaves the aborted note");
        run.note = Some(tokio::task::spawn_blocking(move || match write_aborted_note(&path, &note, now.wall) {
            Ok(_) => Some(Stamped { at, entry: entry::Entry::AbortedNoteWritten { note } }),
            Err(fault) => {
                tracing::warn!(run = id.0, %fault, "the aborted note could not be left");
                None
            }
        }));
    }

    fn forget(&mut self, id: RunId) {
        self.markers.remove(id.0);
        let _new = self.ended.insert(id);
        self.stop_begun(id);
        let Some(run) = self.runs.remove(&id) else { return };
        self.ping_run_ended(&run.job);
        if let Body::Attached(members) = run.body {
            for member in members.alive.values() {
                self.exits.forget(member);
            }
        }
    }

    /// The marker of a run was read.
    pub(super) fn marker_read(&mut self, id: RunId, result: Result<Reading, Trouble>) {
        let now = self.now();
        let at = self.stamp(now);
        let Some(run) = self.runs.get_mut(&id) else { return };
        match result {
            Ok(reading) => {
                run.marker_read = Some(now.wall);
                if run.marker_trouble.take().is_some_and(|trouble| trouble.recorded) {
                    self.store.try_append(id.0, vec![Stamped { at, entry: entry::Entry::MarkerReadable }]);
                }
                let reading = core_reading(reading, run.marker_before);
                self.give(Input::Marker(id, reading));
            }
            Err(trouble) => {
                // A run that has not stamped yet is no trouble worth a record.
                let recorded = !matches!(trouble, Trouble::Missing | Trouble::NoDirectory);
                let what = trouble.to_string();
                run.marker_trouble = Some(MarkerTrouble { what: what.clone(), recorded });
                if recorded {
                    let entry = entry::Entry::MarkerTrouble { what };
                    self.store.try_append(id.0, vec![Stamped { at, entry }]);
                }
            }
        }
    }
}

/// The run that an effect concerns.
const fn subject(effect: &Effect) -> Option<RunId> {
    match effect {
        Effect::Record(id, _)
        | Effect::RecordIntent(id, _)
        | Effect::Look(id)
        | Effect::TakeEvidence(id)
        | Effect::Signal(id, _)
        | Effect::LeaveAbortedNote { run: id, .. }
        | Effect::Forget(id) => Some(*id),
        Effect::Notify(_)
        | Effect::Launch(_)
        | Effect::Wait(_)
        | Effect::Cancel(_)
        | Effect::Job(_)
        | Effect::Pause(_) => None,
    }
}

/// Who of a run is there, where that can be seen. What has ended and was not collected is not.
fn present(top: Option<Top>) -> Option<Vec<ProcessFacts>> {
    let mut found = top?.processes().ok()?;
    found.retain(|process| process.state != nightkeep_os::ProcessState::Zombie);
    Some(found)
}

/// The names of processes, each once.
fn names(found: &[ProcessFacts]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for process in found {
        if !names.contains(&process.name) {
            names.push(process.name.clone());
        }
    }
    names
}

fn write_aborted_note(path: &Path, note: &str, at: Wall) -> Result<i64, WriteError> {
    write_marker(path, &Mark { step: MarkStep::Aborted, note: Some(note), total: None, expect: None, series: None, at })
}

/// A reading as the core takes it.
fn core_reading(reading: Reading, before: Option<nightkeep_os::FileStamp>) -> nightkeep_core::Reading {
    nightkeep_core::Reading {
        before_start: before.is_some_and(|before| reading.stamp.is(&before)),
        step: if reading.aborted { Some(ABORTED) } else { reading.step },
        total: reading.total,
        note: reading.note,
        claimed: reading.claimed_at,
        series: reading.series,
        expect: reading.expect,
    }
}

/// The aborted runs that nobody has looked at.
pub(super) async fn unseen(store: &StoreHandle) -> Unseen {
    let rows = store.unseen(UNSEEN_MAX).await.unwrap_or_default();
    let count = store.unseen_count().await.unwrap_or_default();
    Unseen { rows, count }
}
