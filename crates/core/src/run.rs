//! One run: its life, its stall clock, what its marker said, and when to look at it next.

use std::collections::BTreeSet;

use crate::clock::StallClock;
use crate::effect::{Effect, Entry, Stage};
use crate::ids::RunId;
use crate::input::{Exit, Resume, Watch};
use crate::life::{Event, Life, Outcome, Reason, Stop};
use crate::limits::{Limits, Mode};
use crate::snapshot::{Liveness, Oddity, Phase, Progress, RunSnapshot};
use crate::supervisor::{FRESH_LOOK, LATE, WAKE_GRACE};
use crate::time::{Awake, Now, Span};

mod breaks;
mod doing;
mod due;
mod heard;
mod hold;
mod judging;
mod reading;
mod signals;
mod stopping;
mod telling;

pub(crate) use due::Judgement;
pub use reading::{CLAIM_TOLERANCE_MS, MARKER};
pub(crate) use signals::Told as Tell;

/// How long the evidence may take before the stop goes on without it (design, section 5).
pub const EVIDENCE_MAX: Span = Span::from_secs(3);
/// How long a forced stop may take before what is left is called a survivor.
pub const FORCE_MAX: Span = Span::from_secs(5);
/// How long a request to stop may be on its way. A grace begins when it has arrived; one that does not arrive in this time
/// goes to somebody who cannot hear it, and the stop goes on.
pub const DELIVERY_MAX: Span = Span::from_secs(30);
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
#[derive(Debug, Clone, Default)]
struct Told {
    /// The marker claims a time in the future.
    claim: bool,
    /// Verdicts that were given of a run that is only observed.
    verdicts: BTreeSet<Reason>,
}

/// Since when a polite request to stop is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// It was sent, and nobody said that it arrived.
    Sent(Awake),
    /// It arrived: the grace counts from here.
    Delivered(Awake),
}

impl Asked {
    const fn at(self) -> Awake {
        match self {
            Self::Sent(at) | Self::Delivered(at) => at,
        }
    }

    /// The same, so much later.
    const fn later(self, by: Span) -> Self {
        match self {
            Self::Sent(at) => Self::Sent(at.plus(by)),
            Self::Delivered(at) => Self::Delivered(at.plus(by)),
        }
    }
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
    heard: heard::Heard,
    pub(crate) step: Option<i64>,
    total: Option<i64>,
    note: Option<String>,
    advances: u32,
    quiet: Quiet,
    /// Beats are expected only once one has come.
    awaits_first_beat: bool,
    pub(crate) acknowledged: bool,
    oddity: Option<Oddity>,
    told: Told,
    /// No warning and no verdict before this point: a fresh look has to come first.
    judged_from: Awake,
    held: hold::Held,
    /// When the present stage of a stop is over.
    stage_ends: Option<Awake>,
    asked: Option<Asked>,
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
            clock: StallClock::started(watch.clock_from.plus(resume.waited)),
            started: watch.started,
            heard: heard::Heard::new(now.awake, &resume, &watch.limits.reports),
            step: resume.step,
            total: None,
            note: resume.note.clone(),
            advances: resume.advances,
            awaits_first_beat: watch.beats_if_any,
            quiet: Quiet { warned: resume.warned, verdict_given: false },
            acknowledged: resume.acknowledged,
            oddity: None,
            told: Told::default(),
            judged_from: Awake::default(),
            held: hold::Held::before(&resume),
            stage_ends: None,
            asked: None,
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
        if run.heard.waits() {
            // It stood still all the while.
            run.clock.pause(resume.waits_since.unwrap_or(now.awake));
            run.expect_limit(now);
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
            Reason::Unresponsive => now.since(self.heard.beat),
            Reason::MaxRuntime | Reason::Circling | Reason::Budget => now.since(self.started),
        }
    }

    fn allowance(&self) -> Span {
        if self.advances == 0 { self.limits.start_allowance } else { Span::ZERO }
    }

    /// What a surface may show.
    pub(crate) fn snapshot(&self, now: Awake) -> RunSnapshot {
        let (activity, doing) = self.heard.activity();
        let pace = self.pace();
        RunSnapshot {
            run: self.id,
            job: self.job.clone(),
            phase: self.phase(),
            progress: self.progress(now),
            liveness: self.beats().map(|_| self.heard.liveness.unwrap_or(Liveness::Healthy)),
            since_beat: self.heard.has_beaten.then(|| now.since(self.heard.beat)),
            activity,
            doing: doing.map(str::to_owned),
            waits_until: self.heard.waits_until(),
            step: self.step,
            total: self.total,
            note: self.note.clone(),
            advances: self.advances,
            since_advance: self.clock.elapsed(now),
            limits: Limits { warn_after: pace.warn_after, stall_after: pace.stall_after, ..self.limits },
            expected: self.heard.expected,
            claim: self.heard.claim.clone(),
            totals: self.heard.totals,
            circling: self.heard.circling.is_some(),
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
        let (since, pace) = (self.since_advance(now), self.pace());
        if self.clock.is_paused() {
            Progress::Waiting
        } else if since >= pace.stall_after {
            Progress::Stalled
        } else if since >= pace.warn_after {
            Progress::Warning
        } else if since >= pace.warn_after.half() && since > Span::ZERO {
            Progress::Quiet
        } else if self.advances == 0 {
            Progress::Starting
        } else {
            Progress::Advancing
        }
    }
}
