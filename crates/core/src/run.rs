//! One run: its life, its stall clock, what its marker said, and when to look at it next.

use crate::clock::StallClock;
use crate::effect::{CalledOff, Effect, Entry, Stage};
use crate::ids::RunId;
use crate::input::{Activity, Exit, Reading, Resume, Watch};
use crate::life::{Event, Life, Outcome, Reason, Stop};
use crate::limits::{Limits, Mode};
use crate::snapshot::{Oddity, Phase, Progress, RunSnapshot};
use crate::supervisor::{FRESH_LOOK, LATE, WAKE_GRACE};
use crate::time::{Awake, Now, Span};

mod breaks;
mod judging;
mod stopping;

/// How long the evidence may take before the stop goes on without it (design, section 5).
pub const EVIDENCE_MAX: Span = Span::from_secs(3);
/// How long a forced stop may take before what is left is called a survivor.
pub const FORCE_MAX: Span = Span::from_secs(5);
/// A marker's claimed time this far in the future is ignored (a clock that is slightly off is not).
pub const CLAIM_TOLERANCE_MS: i64 = 120_000;
/// When nobody could look at a marker at the moment of judgement, the next try comes after this.
pub const LOOK_AGAIN: Span = Span::from_secs(10);

/// What was said of the present quiet time; an advance begins another one.
#[derive(Debug, Clone, Copy, Default)]
struct Quiet {
    warned: bool,
    /// The verdict was given without a stop (observe mode).
    verdict_given: bool,
}

/// What is said once a run.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    /// The marker claims a time in the future.
    claim: bool,
    /// The longest run time passed, and the run is only observed.
    overrun: bool,
}

/// What a stop has seen and done so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SoFar {
    /// A stage that ended while nobody was there was given a moment more.
    excused: bool,
    /// The root is gone.
    root_gone: bool,
    /// What was left was killed, whatever was seen of it.
    pub(crate) killed: bool,
}

/// A run that is watched.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) job: String,
    pub(crate) limits: Limits,
    pub(crate) mode: Mode,
    pub(crate) life: Life,
    pub(crate) clock: StallClock,
    started: Awake,
    activity: Activity,
    pub(crate) step: Option<i64>,
    total: Option<i64>,
    note: Option<String>,
    series: Option<String>,
    advances: u32,
    quiet: Quiet,
    pub(crate) acknowledged: bool,
    oddity: Option<Oddity>,
    told: Told,
    /// No warning and no verdict before this point: a fresh look has to come first.
    judged_from: Awake,
    /// When the present stage of a stop is over.
    stage_ends: Option<Awake>,
    /// When the polite signal was sent: grace counts from here.
    asked_at: Option<Awake>,
    looks: judging::Looks,
    /// By how much the wall clock was set back while the run was watched.
    set_back_ms: i64,
    pub(crate) so_far: SoFar,
    pub(crate) since_at_stop: Span,
    pub(crate) survivors: Vec<u32>,
}

impl Run {
    /// The run that `watch` describes, and whether a stop of it goes on.
    pub(crate) fn new(now: Now, watch: Watch) -> Self {
        let resume = watch.resume.unwrap_or_default();
        let mut run = Self {
            id: watch.run,
            job: watch.job,
            limits: watch.limits,
            mode: watch.mode,
            life: if watch.up { Life::Running } else { Life::Starting },
            clock: StallClock::started(watch.clock_from),
            started: watch.started,
            activity: Activity::Working,
            step: resume.step,
            total: None,
            note: resume.note.clone(),
            series: None,
            advances: resume.advances,
            quiet: Quiet { warned: resume.warned, verdict_given: false },
            acknowledged: resume.acknowledged,
            oddity: None,
            told: Told::default(),
            judged_from: Awake::default(),
            stage_ends: None,
            asked_at: None,
            looks: judging::Looks::default(),
            set_back_ms: 0,
            so_far: SoFar::default(),
            since_at_stop: Span::ZERO,
            survivors: Vec::new(),
        };
        // What happened before anybody watched, or since somebody last did, has to come in first.
        if now.awake.since(watch.clock_from) > LATE {
            run.judge_from(now.awake.plus(FRESH_LOOK));
        }
        run.resume_stop(now, &resume);
        run
    }

    /// What the stall clock shows, less the start allowance while there was no advance.
    pub(crate) fn since_advance(&self, now: Awake) -> Span {
        self.clock.elapsed(now).minus(self.allowance())
    }

    /// What is measured against the limit behind `reason`.
    pub(crate) fn measured(&self, now: Awake, reason: Reason) -> Span {
        match reason {
            Reason::Stalled | Reason::User => self.since_advance(now),
            Reason::MaxRuntime => now.since(self.started),
        }
    }

    fn allowance(&self) -> Span {
        if self.advances == 0 { self.limits.start_allowance } else { Span::ZERO }
    }

    /// Takes a reading of the marker in. Whether it is an advance.
    pub(crate) fn read(&mut self, now: Now, reading: Reading, out: &mut Vec<Effect>) -> bool {
        if reading.before_start {
            return false;
        }
        self.check_claim(now, &reading, out);
        match reading.step {
            Some(-1) => {
                self.acknowledge(reading.note, out);
                false
            }
            Some(step) if step >= 0 => self.step_to(now, step, reading, out),
            Some(_) | None => {
                self.note = reading.note.or(self.note.take());
                false
            }
        }
    }

    fn check_claim(&mut self, now: Now, reading: &Reading, out: &mut Vec<Effect>) {
        let Some(claimed) = reading.claimed else { return };
        if claimed.as_ms() > now.wall.as_ms().saturating_add(self.set_back_ms).saturating_add(CLAIM_TOLERANCE_MS) {
            self.oddity = Some(Oddity::ClaimsTheFuture);
            if !self.told.claim {
                self.told.claim = true;
                out.push(Effect::Record(self.id, Entry::ClaimIgnored { claimed }));
            }
        } else if self.oddity == Some(Oddity::ClaimsTheFuture) {
            self.oddity = None;
        }
    }

    fn acknowledge(&mut self, note: Option<String>, out: &mut Vec<Effect>) {
        if !self.acknowledged {
            self.acknowledged = true;
            out.push(Effect::Record(self.id, Entry::Acknowledged { note }));
        }
    }

    fn step_to(&mut self, now: Now, step: i64, reading: Reading, out: &mut Vec<Effect>) -> bool {
        let other_series = reading.series.is_some() && self.series.is_some() && reading.series != self.series;
        if reading.series.is_some() {
            self.series = reading.series;
        }
        match self.step {
            Some(best) if step < best && !other_series => {
                if self.oddity != (Some(Oddity::WentBack { step })) {
                    self.oddity = Some(Oddity::WentBack { step });
                    out.push(Effect::Record(self.id, Entry::WentBack { step, best }));
                }
                false
            }
            Some(best) if step == best && !other_series => {
                self.total = reading.total;
                self.note = reading.note;
                false
            }
            Some(_) | None => {
                self.advance(now, step, reading.total, reading.note, out);
                true
            }
        }
    }

    fn advance(&mut self, now: Now, step: i64, total: Option<i64>, note: Option<String>, out: &mut Vec<Effect>) {
        let gap = self.clock.elapsed(now.awake);
        self.clock.reset(now.awake);
        self.advances = self.advances.saturating_add(1);
        self.step = Some(step);
        self.total = total;
        self.note.clone_from(&note);
        self.quiet = Quiet::default();
        if self.oddity != Some(Oddity::ClaimsTheFuture) {
            self.oddity = None;
        }
        out.push(Effect::Record(self.id, Entry::Advanced { n: self.advances, step, total, note, gap }));
        self.clear(CalledOff::Advanced, out);
    }

    /// Takes in what the run says it is doing.
    pub(crate) fn set_activity(&mut self, now: Now, activity: Activity) {
        self.activity = activity;
        if activity.is_waiting() {
            self.clock.pause(now.awake);
        } else {
            self.clock.resume(now.awake);
        }
    }

    /// No warning and no verdict before `from`.
    pub(crate) fn judge_from(&mut self, from: Awake) {
        self.judged_from = self.judged_from.max(from);
    }

    /// Nobody could look at the marker at the moment of judgement.
    pub(crate) fn could_not_look(&mut self, now: Now) -> bool {
        let first = self.oddity != Some(Oddity::CouldNotLook);
        self.oddity = Some(Oddity::CouldNotLook);
        self.judge_from(now.awake.plus(LOOK_AGAIN));
        first
    }

    /// When the warning, and when the verdict is due, if ever, as things stand.
    pub(crate) fn judgement_due(&self, writable: bool) -> Option<(Awake, Judgement)> {
        if !self.life.is_judged() {
            return None;
        }
        let warn = if self.quiet.warned { None } else { self.limit_at(self.limits.warn_after) };
        let stall_open = writable && !self.quiet.verdict_given;
        let stall = if stall_open { self.limit_at(self.limits.stall_after) } else { None };
        let longest_open = writable && !self.told.overrun;
        let longest = self.limits.max_runtime.filter(|_| longest_open).map(|max| self.started.plus(max));
        [
            (warn, Judgement::Warning),
            (stall, Judgement::Verdict(Reason::Stalled)),
            (longest, Judgement::Verdict(Reason::MaxRuntime)),
        ]
        .into_iter()
        .filter_map(|(at, what)| Some((at?.max(self.judged_from), what)))
        .min_by_key(|(at, _)| *at)
    }

    fn limit_at(&self, limit: Span) -> Option<Awake> {
        self.clock.reaches(limit.plus(self.allowance()))
    }

    /// When the present stage of a stop is over.
    pub(crate) const fn stage_ends(&self) -> Option<Awake> {
        self.stage_ends
    }

    /// Gives the warning.
    pub(crate) fn warn(&mut self, now: Now, out: &mut Vec<Effect>) -> Span {
        self.quiet.warned = true;
        let since = self.since_advance(now.awake);
        out.push(Effect::Record(self.id, Entry::Warned { since }));
        since
    }

    /// What is left until the stop, on the stall clock.
    pub(crate) fn stop_in(&self, now: Now) -> Option<Span> {
        (self.mode == Mode::Enforce).then(|| self.limits.stall_after.minus(self.since_advance(now.awake)))
    }

    /// Whether the limit behind `reason` is passed at `now`.
    pub(crate) fn is_over(&self, now: Now, reason: Reason) -> bool {
        match reason {
            Reason::Stalled => !self.clock.is_paused() && self.since_advance(now.awake) >= self.limits.stall_after,
            Reason::MaxRuntime => self.limits.max_runtime.is_some_and(|max| now.awake.since(self.started) >= max),
            Reason::User => true,
        }
    }

    /// What a surface may show.
    pub(crate) fn snapshot(&self, now: Awake) -> RunSnapshot {
        RunSnapshot {
            run: self.id,
            job: self.job.clone(),
            phase: self.phase(),
            progress: self.progress(now),
            activity: self.activity,
            step: self.step,
            total: self.total,
            note: self.note.clone(),
            advances: self.advances,
            since_advance: self.clock.elapsed(now),
            limits: self.limits,
            mode: self.mode,
            stopping: self.life.stop().map(|stop| stop.reason),
            oddity: self.oddity,
        }
    }

    fn phase(&self) -> Phase {
        match self.life {
            Life::Starting => Phase::Starting,
            Life::Running | Life::Doubted(_) => Phase::Running,
            Life::Gathering(_)
            | Life::Recording(_)
            | Life::Asking(_)
            | Life::AskingAll(_)
            | Life::Forcing(_)
            | Life::Ended => Phase::Stopping,
        }
    }

    fn progress(&self, now: Awake) -> Progress {
        let since = self.since_advance(now);
        if self.clock.is_paused() {
            Progress::Waiting
        } else if since >= self.limits.stall_after {
            Progress::Stalled
        } else if since >= self.limits.warn_after {
            Progress::Warning
        } else if since >= self.limits.warn_after.half() && since > Span::ZERO {
            Progress::Quiet
        } else if self.advances == 0 {
            Progress::Starting
        } else {
            Progress::Advancing
        }
    }
}

/// What is due for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// The warning.
    Warning,
    /// The verdict that leads to a stop.
    Verdict(Reason),
}
