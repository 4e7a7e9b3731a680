//! All runs together: the one door for inputs, the one queue of effects, the next wake-up.

use std::collections::{BTreeMap, VecDeque};

use crate::effect::{Effect, Entry, HeardEntry, Notice};
use crate::ids::RunId;
use crate::input::{Input, Watch};
use crate::jobs::{End, JobInput, JobState, Jobs, LastEnd, Refusal};
use crate::leftovers::Leftovers;
use crate::life::{Event, Life};
use crate::pause::{Pause, PauseEntry, Paused};
use crate::run::{Judgement, Run};
use crate::signal::{Signal, Source};
use crate::slots::{Place, Slots};
use crate::snapshot::{Liveness, RunSnapshot};
use crate::spending::Spending;
use crate::time::{Awake, Now, Span, Wall};

/// A tick that comes this much after its time: whoever drives the core was starved, and so perhaps was what it watches.
pub const LATE: Span = Span::from_secs(2);
/// After a late tick and a fresh look, this long passes before anything is judged.
pub const FRESH_LOOK: Span = Span::from_secs(2);
/// After the computer woke, this long passes before anything is judged: networks and agents need a moment.
pub const WAKE_GRACE: Span = Span::from_secs(60);

/// Why the next wake-up comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeReason {
    /// A warning is due.
    Warning,
    /// A verdict is due.
    Verdict,
    /// A stage of a stop is over.
    Stage,
    /// A job is to be started again.
    Restart,
    /// A pause of the watch is over.
    Pause,
}

/// The judge of all runs. See the crate's documentation for how it is driven.
#[derive(Debug, Default)]
pub struct Supervisor {
    runs: BTreeMap<RunId, Run>,
    left: BTreeMap<RunId, Leftovers>,
    effects: VecDeque<Effect>,
    jobs: Jobs,
    unwritable: bool,
    slots: Slots,
    spending: Spending,
    paused: Option<Paused>,
}

impl Supervisor {
    /// A supervisor of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one input in. Total: any input in any state has a defined result; inputs about unknown runs change nothing.
    ///
    /// Afterwards [`Self::poll_effect`] has to be called until it returns `None`, before the next input.
    pub fn handle(&mut self, now: Now, input: Input) {
        let mut out = Vec::new();
        if self.paused.is_some_and(|paused| paused.is_over(now)) {
            self.go_on(now, false, &mut out);
        }
        match input {
            Input::Watch(watch) => self.watch(now, *watch, &mut out),
            Input::Storage { writable } => self.unwritable = !writable,
            Input::Woke { .. } | Input::ClockJumped { .. } => self.broken(now, &input, &mut out),
            Input::Pause { until } => self.pause(now, until, &mut out),
            Input::PausedBefore(pause) => self.paused_before(now, pause, &mut out),
            Input::GoOn => self.go_on(now, true, &mut out),
            Input::Tick => self.tick(now, &mut out),
            Input::LeftBehind(what) => {
                let run = what.run;
                let _former = self.left.insert(run, Leftovers::new(now, *what, &mut out));
            }
            Input::StopLeftovers { run, force } => {
                if let Some(left) = self.left.get_mut(&run) {
                    left.stop(now, force, &mut out);
                }
            }
            Input::LeftoversGone(id) => {
                if let Some(left) = self.left.remove(&id) {
                    left.gone(&mut out);
                }
            }
            Input::IntentStored(id) | Input::IntentNotStored(id) if self.left.contains_key(&id) => {
                let is_durable = matches!(input, Input::IntentStored(_));
                if let Some(left) = self.left.get_mut(&id) {
                    left.stored(now, is_durable, &mut out);
                }
            }
            Input::Delivered(id) if self.left.contains_key(&id) => {
                if let Some(left) = self.left.get_mut(&id) {
                    left.delivered(now);
                }
            }
            Input::Signal(id, source, signal) => self.hear(now, id, &source, signal, &mut out),
            Input::Spent { job, at, microusd } => self.spending.add(&job, at, microusd),
            Input::Job(input) => self.jobs.handle(now, input, &mut out),
            Input::Ask { run, .. } if self.jobs.is_refused(run) => self.cancel(run, &mut out),
            Input::Ask { run, kind } => self.ask(run, kind),
            Input::Holds { run, kind } => self.slots.hold(run, kind),
            Input::GivenUp(id) => self.give_up(id, &mut out),
            Input::Capacities(capacities) => self.slots.set(capacities),
            Input::Stop { run: id, .. } if self.slots.waits(id) => self.give_up(id, &mut out),
            Input::Started(id)
            | Input::Marker(id, _)
            | Input::Looked(id, _)
            | Input::Settle(id)
            | Input::EvidenceTaken(id)
            | Input::IntentStored(id)
            | Input::IntentNotStored(id)
            | Input::Delivered(id)
            | Input::RootEnded(id)
            | Input::AllGone(id, _)
            | Input::Killed(id)
            | Input::Survivors(id, _)
            | Input::Extend { run: id, .. }
            | Input::Stop { run: id, .. } => {
                if matches!(input, Input::Started(_)) {
                    self.jobs.began(id, &mut out);
                }
                if let Some(run) = self.runs.get_mut(&id) {
                    run_input(run, now, input, &mut out);
                }
            }
        }
        self.settle(now, out);
    }

    /// The next thing to do, in order. To be called until `None` after every [`Self::handle`].
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Input::Tick`] is due, and why; `None` when nothing is waited for. May change with every input.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<(Awake, WakeReason)> {
        let left = self.left.values().filter_map(|left| Some((left.stage_ends()?, WakeReason::Stage)));
        let restart = self.jobs.due().filter(|_| self.paused.is_none()).map(|at| (at, WakeReason::Restart));
        let pause = self.paused.and_then(|paused| Some((paused.due()?, WakeReason::Pause)));
        let runs = self.runs.values().filter_map(|run| self.due(run));
        runs.chain(left).chain(restart).chain(pause).min_by_key(|(at, _)| *at)
    }

    /// The pause of the watch, while there is one.
    #[must_use]
    pub fn paused(&self) -> Option<Pause> {
        self.paused.map(|paused| paused.what)
    }

    /// All runs that are not over, oldest first, as they stand at `now`.
    #[must_use]
    pub fn snapshot(&self, now: Awake) -> Vec<RunSnapshot> {
        self.runs.values().map(|run| run.snapshot(now)).collect()
    }

    /// From the polite signal to the forced one, for a run that is not over.
    #[must_use]
    pub fn grace_of(&self, run: RunId) -> Option<Span> {
        self.runs.get(&run).map(|run| run.limits.grace)
    }

    /// Whether what `run` left behind is being stopped.
    #[must_use]
    pub fn is_stopping_leftovers(&self, run: RunId) -> bool {
        self.left.get(&run).is_some_and(Leftovers::is_stopping)
    }

    /// What a run waits for; `None` when it does not wait for a slot.
    #[must_use]
    pub fn place(&self, run: RunId) -> Option<Place> {
        self.slots.place(run)
    }

    /// What is known of a job beyond its runs.
    #[must_use]
    pub fn job(&self, job: &str) -> JobState {
        self.jobs.state(job)
    }

    /// All jobs of which there is anything to say.
    pub fn jobs(&self) -> impl Iterator<Item = (&str, &JobState)> {
        self.jobs.states()
    }

    /// Why a job is not to be started, if it is not.
    #[must_use]
    pub fn refusal(&self, job: &str) -> Option<Refusal> {
        self.jobs.refusal(job)
    }

    /// Whether a job is being started again at this moment, by a run that has no number so far.
    #[must_use]
    pub fn is_restarting(&self, job: &str) -> bool {
        self.jobs.is_restarting(job)
    }

    fn watch(&mut self, now: Now, watch: Watch, out: &mut Vec<Effect>) {
        if self.runs.contains_key(&watch.run) {
            return;
        }
        let mut run = Run::new(now, watch);
        match self.paused {
            Some(paused) => run.hold(now, paused.what.until, out),
            None => run.release(now, out),
        }
        run.go_on(now, out);
        let _none = self.runs.insert(run.id, run);
    }

    /// The clocks did not go on evenly.
    fn broken(&mut self, now: Now, input: &Input, out: &mut Vec<Effect>) {
        if let Some(paused) = &mut self.paused {
            paused.set(now);
        }
        for run in self.runs.values_mut() {
            if let Input::Woke { slept } = input {
                run.woke(now, *slept, out);
            } else if let Input::ClockJumped { by_ms } = input {
                run.clock_jumped(*by_ms, out);
            }
        }
    }

    /// A person pauses the watch, or wants another end of the pause.
    fn pause(&mut self, now: Now, until: Option<Wall>, out: &mut Vec<Effect>) {
        let since = self.paused.map_or(now.wall, |paused| paused.what.since);
        let paused = Paused::new(now, Pause { since, until });
        if paused.is_over(now) {
            return;
        }
        self.paused = Some(paused);
        out.push(Effect::Pause(PauseEntry::Paused { until }));
        self.runs.values_mut().for_each(|run| run.hold(now, until, out));
    }

    /// A pause that an earlier watch had begun. It may have ended since: then that is put on record.
    fn paused_before(&mut self, now: Now, pause: Pause, out: &mut Vec<Effect>) {
        self.paused = Some(Paused::new(now, pause));
        if self.paused.is_some_and(|paused| paused.is_over(now)) {
            self.go_on(now, false, out);
        }
    }

    /// The pause is over: everything has the time that was left, and what was owed is due at the earliest now.
    fn go_on(&mut self, now: Now, by_person: bool, out: &mut Vec<Effect>) {
        if self.paused.take().is_none() {
            return;
        }
        out.push(Effect::Pause(PauseEntry::Resumed { by_person }));
        self.jobs.none_before(now.awake);
        self.runs.values_mut().for_each(|run| run.release(now, out));
    }

    /// A source of a run says something. What it cost is on the account of its job.
    fn hear(&mut self, now: Now, id: RunId, source: &Source, signal: Signal, out: &mut Vec<Effect>) {
        let microusd = if let Signal::Metrics(metrics) = &signal { metrics.cost_microusd } else { 0 };
        let Some(run) = self.runs.get_mut(&id) else { return };
        run.hear(now, source, signal, out);
        if microusd > 0 {
            let job = run.job.clone();
            self.spending.add(&job, now.wall, microusd);
            let day = self.spending.of(&job, now.wall);
            self.runs.values_mut().filter(|run| run.job == job).for_each(|run| run.check_budget(now, day, out));
        }
    }

    /// The run is started in its turn, which may be this moment.
    fn ask(&mut self, run: RunId, kind: String) {
        if self.slots.ask(run, kind) {
            self.give_slots();
            if self.slots.waits(run) {
                self.effects.push_back(Effect::Wait(run));
            }
        }
    }

    /// A run that is watched is stopped, not given up.
    fn give_up(&mut self, id: RunId, out: &mut Vec<Effect>) {
        if !self.runs.contains_key(&id) && self.slots.free(id) {
            self.cancel(id, out);
        }
    }

    fn cancel(&mut self, id: RunId, out: &mut Vec<Effect>) {
        self.jobs.cancelled(id, out);
        out.push(Effect::Cancel(id));
    }

    /// Runs that wait for a slot and whose job is not started any more will not be started either.
    fn call_off_refused(&mut self, out: &mut Vec<Effect>) {
        for id in self.jobs.refused_runs() {
            if self.slots.waits(id) {
                self.give_up(id, out);
            }
        }
    }

    fn give_slots(&mut self) {
        self.effects.extend(self.slots.give().into_iter().map(Effect::Launch));
    }

    fn due(&self, run: &Run) -> Option<(Awake, WakeReason)> {
        let stage = run.stage_ends().map(|at| (at, WakeReason::Stage));
        let judgement = run.judgement_due(!self.unwritable).map(|(at, what)| match what {
            Judgement::Warning | Judgement::Tell(_) => (at, WakeReason::Warning),
            Judgement::Verdict(_) => (at, WakeReason::Verdict),
        });
        [stage, judgement].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        let late = self.next_wakeup().map_or(Span::ZERO, |(due, _)| now.awake.since(due));
        if late > LATE {
            self.runs.values_mut().for_each(|run| run.late(now, late, out));
        }
        for left in self.left.values_mut() {
            if left.stage_ends().is_some_and(|at| at <= now.awake) {
                left.stage_over(now, out);
            }
        }
        match &mut self.paused {
            // A wall clock that is steered is not there yet.
            Some(paused) => paused.set(now),
            None => self.jobs.tick(now, out),
        }
        let writable = !self.unwritable;
        for run in self.runs.values_mut() {
            if run.stage_ends().is_some_and(|at| at <= now.awake) {
                run.stage_over(now, out);
            }
            // A warning and a verdict can be due at once; each one that is given takes itself off.
            while let Some((_, what)) = run.judgement_due(writable).filter(|(at, _)| *at <= now.awake) {
                judge(run, now, what, out);
            }
        }
    }

    /// Lets go of what ended, with its slot, and queues what is to be done: by it, and by its job.
    fn settle(&mut self, now: Now, out: Vec<Effect>) {
        let mut told = Vec::new();
        for effect in out {
            if let Effect::Record(id, Entry::Heard(HeardEntry::Liveness { liveness, .. })) = &effect {
                let input = JobInput::Unreachable { run: *id, is: *liveness == Liveness::Unreachable };
                self.jobs.handle(now, input, &mut told);
            }
            if let Effect::Record(id, Entry::Ended { outcome, reason, exit, survivors, .. }) = &effect
                && let Some(run) = self.runs.remove(id)
            {
                let _held = self.slots.free(*id);
                let (since, exit) = (run.since_at_stop, exit.clone());
                let last = LastEnd { outcome: *outcome, reason: *reason, since, exit };
                let end = End { run: *id, last, survived: !survivors.is_empty() };
                if let Some((record, notice)) = self.jobs.ended(now, end) {
                    self.effects.push_back(Effect::Job(record));
                    told.extend(notice.map(Effect::Notify));
                }
            }
            self.effects.push_back(effect);
        }
        self.call_off_refused(&mut told);
        self.effects.extend(told);
        self.give_slots();
    }
}

fn run_input(run: &mut Run, now: Now, input: Input, out: &mut Vec<Effect>) {
    match input {
        Input::Started(_) => {
            if run.life == Life::Starting {
                out.push(Effect::Record(run.id, Entry::Started));
            }
            run.on(now, Event::Started, out);
        }
        Input::Marker(_, reading) => {
            let _advanced = run.read(now, reading, out);
        }
        Input::Looked(_, look) => run.looked(now, look, out),
        Input::Settle(_) => run.put_on_record(now, out),
        Input::EvidenceTaken(_) => run.on(now, Event::EvidenceDone, out),
        Input::IntentStored(_) => run.stored(now, out),
        Input::IntentNotStored(_) => run.not_stored(now, out),
        Input::Delivered(_) => run.delivered(now),
        Input::RootEnded(_) => run.root_ended(now, out),
        Input::Killed(_) => run.so_far.killed = true,
        Input::AllGone(_, exit) => run.all_gone(now, exit, out),
        Input::Survivors(_, pids) => run.survivors = pids,
        Input::Extend { by, .. } => run.extend(now, by, out),
        Input::Stop { force, .. } => run.on(now, Event::StopWanted { force }, out),
        Input::Watch(_)
        | Input::Signal(..)
        | Input::Spent { .. }
        | Input::Woke { .. }
        | Input::ClockJumped { .. }
        | Input::Storage { .. }
        | Input::Job(_)
        | Input::Pause { .. }
        | Input::PausedBefore(_)
        | Input::GoOn
        | Input::LeftBehind(_)
        | Input::StopLeftovers { .. }
        | Input::LeftoversGone(_)
        | Input::Tick
        | Input::Ask { .. }
        | Input::Holds { .. }
        | Input::GivenUp(_)
        | Input::Capacities(_) => {}
    }
}

fn judge(run: &mut Run, now: Now, what: Judgement, out: &mut Vec<Effect>) {
    match what {
        Judgement::Warning => {
            let since = run.warn(now, out);
            out.push(Effect::Notify(Notice::Warning {
                run: run.id,
                job: run.job.clone(),
                since,
                step: run.step,
                stop_in: run.stop_in(now),
            }));
        }
        Judgement::Tell(what) => run.tell_of(now, what, out),
        Judgement::Verdict(reason) => run.on(now, Event::Overdue(reason), out),
    }
}
