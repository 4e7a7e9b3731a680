//! What is to be done, in the order in which it is to be done.

use crate::ids::RunId;
use crate::input::{Doing, Exit};
use crate::jobs::{JobEffect, LastEnd};
use crate::life::{Method, Outcome, Reason};
use crate::pause::PauseEntry;
use crate::reports::Cap;
use crate::signal::{Claim, HumanWait, Source, Wait};
use crate::snapshot::{Liveness, Totals};
use crate::time::{Span, Wall};

/// Something for the engine to do. It leaves no choice to whoever carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write this into the journal.
    Record(RunId, Entry),
    /// Write this intent into the journal and answer with [`crate::Input::IntentStored`] once it is durable.
    RecordIntent(RunId, Entry),
    /// Read the source of the run again at this moment and answer with [`crate::Input::Looked`].
    Look(RunId),
    /// Take the evidence and answer with [`crate::Input::EvidenceTaken`].
    TakeEvidence(RunId),
    /// Carry out this stage of the stop.
    Signal(RunId, Stage),
    /// Leave the aborted note in the marker, which the agent did not.
    LeaveAbortedNote {
        /// Which run.
        run: RunId,
        /// Why it was stopped.
        reason: Reason,
        /// The best step.
        step: Option<i64>,
    },
    /// Tell the owner.
    Notify(Notice),
    /// The run has a slot: start it.
    Launch(RunId),
    /// There is no slot for the run: it waits until [`Effect::Launch`] or [`Effect::Cancel`].
    Wait(RunId),
    /// The run will not be started: its start was called off before there was a slot, or before it used the one it had.
    Cancel(RunId),
    /// The run is over, or what it left behind is gone; its sources can be let go.
    Forget(RunId),
    /// Something about a job.
    Job(JobEffect),
    /// Write into the journal that the watch is paused, or goes on.
    Pause(PauseEntry),
}

/// A stage of a stop, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The polite signal to the root process.
    PoliteRoot,
    /// The polite signal to everything that is left.
    PoliteRest,
    /// The forced signal, until the kernel says that nothing is left.
    Forced,
}

/// Why a stop that was intended did not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CalledOff {
    /// The run advanced in time.
    Advanced,
    /// The run ended in time.
    Ended,
    /// The intent could not be recorded.
    NotStored,
    /// The computer slept meanwhile.
    Slept,
    /// The observer came late, and what it had seen was old.
    Late,
    /// The last look before the first signal did not confirm it.
    NotConfirmed,
    /// A sign of life came.
    Beaten,
    /// The run asked for more time in time.
    Expected,
    /// A person paused the watch.
    Paused,
}

/// What the journal is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The command is up.
    Started,
    /// The run moved forward.
    Advanced {
        /// The how-manieth advance it is, from 1.
        n: u32,
        /// The step reached.
        step: i64,
        /// How many steps there are.
        total: Option<i64>,
        /// The note.
        note: Option<String>,
        /// Awake time since the advance before, or since the start.
        gap: Span,
        /// Who says so.
        source: Source,
    },
    /// Something that its sources said.
    Heard(HeardEntry),
    /// The step fell; the best one stays.
    WentBack {
        /// The step read.
        step: i64,
        /// The best step.
        best: i64,
    },
    /// The marker claims a time that lies in the future; the claim is ignored.
    ClaimIgnored {
        /// The claim.
        claimed: Wall,
    },
    /// The agent left its own aborted note.
    Acknowledged {
        /// The note.
        note: Option<String>,
    },
    /// The warning limit passed.
    Warned {
        /// What the stall clock showed.
        since: Span,
    },
    /// The run would have been stopped, had its mode been to enforce.
    WouldStop {
        /// Why.
        reason: Reason,
        /// What the stall clock showed.
        since: Span,
    },
    /// The limit passed, and nobody could look whether it had advanced; it was not stopped.
    CouldNotJudge {
        /// What the stall clock showed.
        since: Span,
    },
    /// A stop is about to begin.
    StopIntended {
        /// Why.
        reason: Reason,
        /// What the stall clock showed.
        since: Span,
        /// The best step.
        step: Option<i64>,
        /// The last note.
        note: Option<String>,
        /// Without a grace.
        force: bool,
    },
    /// A stop that was intended did not begin.
    StopAbandoned {
        /// Why not.
        why: CalledOff,
    },
    /// The computer slept while the run was watched.
    Slept {
        /// For how long.
        slept: Span,
    },
    /// The wall clock was set while the run was watched.
    ClockJumped {
        /// By so many milliseconds, forwards or backwards.
        by_ms: i64,
    },
    /// Whoever drives the core came late, so that nothing was judged before a fresh look.
    Starved {
        /// By how much.
        late: Span,
    },
    /// The watch is paused: the run is not judged from here on.
    WatchPaused {
        /// Until when; `None` until a person resumes it.
        until: Option<Wall>,
    },
    /// The run is judged again: the time of the pause is on no limit.
    WatchResumed,
    /// A stage of the stop begins.
    Signalled {
        /// Which one.
        stage: Stage,
    },
    /// Something about what the run left behind.
    Leftovers(LeftoverEntry),
    /// The run is over.
    Ended {
        /// How it ended.
        outcome: Outcome,
        /// Why it was stopped, if it was.
        reason: Option<Reason>,
        /// How it was stopped, if it was.
        method: Option<Method>,
        /// How its root process ended.
        exit: Exit,
        /// What was still alive after the forced stop.
        survivors: Vec<u32>,
    },
}

/// What the journal is told about what the sources of a run said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeardEntry {
    /// The run waits: its stall clock stands still.
    Waits {
        /// For what.
        wait: Wait,
        /// Who says so.
        source: Source,
    },
    /// The run no longer waits.
    Resumed,
    /// What it does that has limits of its own, all of it: this takes the place of what was said before.
    Doing(Doing),
    /// Beats came late, stayed away, or came again.
    Liveness {
        /// What is said of it from here on.
        liveness: Liveness,
        /// Awake time since the last sign of life.
        since: Span,
    },
    /// The run asked for more time for its present step, or a person gave it.
    Expects {
        /// What the stall clock may show.
        until: Span,
        /// A person gave it, unasked.
        by_person: bool,
    },
    /// The run said how it ends, before it did.
    Claimed(Claim),
    /// The run goes on: what it said of its end no longer holds.
    Unclaimed,
    /// What the run hands back, as JSON.
    Result(String),
    /// The run is busy with the same thing again and again.
    Circling {
        /// So many times in a row.
        times: u32,
        /// It was turns without any call, not calls with the same result.
        empty_turns: bool,
    },
    /// The run has cost most of what it may, or all of it.
    Spent {
        /// So many millionths of a dollar so far.
        cost_microusd: u64,
        /// Of so many,
        max_microusd: u64,
        /// which are meant so.
        cap: Cap,
    },
    /// What its work took so far.
    Totals(Totals),
}

/// What the journal is told about what a run left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftoverEntry {
    /// A stop of it is about to begin.
    StopIntended {
        /// Without a grace.
        force: bool,
    },
    /// A stage of its stop begins.
    Signalled {
        /// Which one.
        stage: Stage,
    },
    /// Nothing is left of it.
    Gone {
        /// It was stopped; otherwise it ended by itself.
        stopped: bool,
    },
}

/// Something to tell the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The warning limit passed.
    Warning {
        /// Which run.
        run: RunId,
        /// The job's name.
        job: String,
        /// What the stall clock showed.
        since: Span,
        /// The best step.
        step: Option<i64>,
        /// Awake time until the stop; `None` when the run is only observed.
        stop_in: Option<Span>,
    },
    /// The run was stopped.
    Stopped {
        /// Which run.
        run: RunId,
        /// The job's name.
        job: String,
        /// Why.
        reason: Reason,
        /// How.
        method: Method,
        /// What the stall clock showed when the stop began.
        since: Span,
        /// The best step.
        step: Option<i64>,
        /// The grace that passed, for a forced stop.
        grace: Span,
    },
    /// The forced stop left something alive.
    CouldNotStop {
        /// Which run.
        run: RunId,
        /// The job's name.
        job: String,
        /// What is alive.
        survivors: Vec<u32>,
    },
    /// Something came of what the sources of a run said, or did not say.
    Heard {
        /// Which run.
        run: RunId,
        /// The job's name.
        job: String,
        /// What.
        what: HeardNotice,
    },
    /// The limit passed, and nobody could look whether the run had advanced; it was not stopped.
    CouldNotJudge {
        /// Which run.
        run: RunId,
        /// The job's name.
        job: String,
        /// What the stall clock showed.
        since: Span,
    },
    /// The run stalls, and its job wants that told and nothing done.
    Stalled {
        /// Which run.
        run: RunId,
        /// The job's name.
        job: String,
        /// What the stall clock showed.
        since: Span,
        /// The best step.
        step: Option<i64>,
    },
    /// Too many runs of a job in a row failed or were aborted: it is not started again.
    BreakerOpened {
        /// The last one of them.
        run: RunId,
        /// The job's name.
        job: String,
        /// How many they are.
        failures: u32,
        /// How the last one ended.
        last: LastEnd,
    },
}

/// What is told of a run because of its reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeardNotice {
    /// It has waited for a person for a while.
    WaitsForPerson {
        /// What the person is asked for.
        kind: HumanWait,
        /// The question.
        what: Option<String>,
        /// For how long.
        since: Span,
    },
    /// No beats came for the unreachable limit.
    Unreachable {
        /// Awake time since the last sign of life.
        since: Span,
    },
    /// It is busy with the same thing again and again.
    Circling {
        /// So many times in a row.
        times: u32,
    },
    /// It has cost most of what it may, or all of it.
    Spent {
        /// So many millionths of a dollar so far.
        cost_microusd: u64,
        /// Of so many,
        max_microusd: u64,
        /// which are meant so.
        cap: Cap,
    },
}
