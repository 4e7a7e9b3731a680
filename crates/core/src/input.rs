//! Everything that can happen to the supervisor.

use crate::effect::Stage;
use crate::ids::RunId;
use crate::jobs::JobInput;
use crate::leftovers::LeftBehind;
use crate::life::Reason;
use crate::limits::{Limits, Mode};
use crate::pause::Pause;
use crate::reports::Cap;
use crate::signal::{Claim, Signal, Source, Wait};
use crate::slots::Capacities;
use crate::snapshot::Totals;
use crate::time::{Awake, Span, Wall};

/// A fact about the world, or a wish of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A run is to be watched from this moment on.
    Watch(Box<Watch>),
    /// A run is to be started as soon as there is a slot for it. Answered with [`crate::Effect::Launch`] or
    /// [`crate::Effect::Wait`].
    Ask {
        /// Which run.
        run: RunId,
        /// The job's type.
        kind: String,
    },
    /// A launched run runs: it holds a slot from here to its end, whether it asked for it or not.
    Holds {
        /// Which run.
        run: RunId,
        /// The job's type.
        kind: String,
    },
    /// A run that asked for a slot will not be started.
    GivenUp(RunId),
    /// How many runs may run side by side from here on.
    Capacities(Capacities),
    /// The command of a run is up.
    Started(RunId),
    /// The marker of a run was read.
    Marker(RunId, Reading),
    /// The answer to [`crate::Effect::Look`].
    Looked(RunId, Look),
    /// A source of a run says something.
    Signal(RunId, Source, Signal),
    /// What the sources of a run said is about to be acknowledged: what is only put on record now and then is at once.
    Settle(RunId),
    /// The answer to [`crate::Effect::TakeEvidence`].
    EvidenceTaken(RunId),
    /// The answer to [`crate::Effect::RecordIntent`]: it is durable.
    IntentStored(RunId),
    /// The answer to [`crate::Effect::RecordIntent`]: it could not be written.
    IntentNotStored(RunId),
    /// The answer to the first [`crate::Effect::Signal`] of a stop: the polite request has reached somebody.
    Delivered(RunId),
    /// The root process of a run is gone; others of the run may be there still.
    RootEnded(RunId),
    /// Nothing of the run is left, or nothing that could be identified.
    AllGone(RunId, Exit),
    /// A record tells that everything that was left was killed, whether the stop was seen to come that far or not.
    Killed(RunId),
    /// Processes of the run that a forced stop could not end.
    Survivors(RunId, Vec<u32>),
    /// A person gives the present step of the run more time.
    Extend {
        /// Which run.
        run: RunId,
        /// Beyond the limit that is in force.
        by: Span,
    },
    /// A person wants the run to stop; with `force`, without a grace.
    Stop {
        /// Which run.
        run: RunId,
        /// Without a grace.
        force: bool,
    },
    /// A run is over and left processes behind.
    LeftBehind(Box<LeftBehind>),
    /// A person wants what a run left behind to stop; with `force`, without a grace.
    StopLeftovers {
        /// Which run.
        run: RunId,
        /// Without a grace.
        force: bool,
    },
    /// Nothing is left of what a run left behind.
    LeftoversGone(RunId),
    /// Something that a run of a job cost before anybody watched it, within the last day.
    Spent {
        /// The job's name.
        job: String,
        /// When it was reported.
        at: Wall,
        /// In millionths of a dollar.
        microusd: u64,
    },
    /// The computer woke from sleep.
    Woke {
        /// For how long it slept.
        slept: Span,
    },
    /// Somebody set the wall clock.
    ClockJumped {
        /// By so many milliseconds, forwards or backwards.
        by_ms: i64,
    },
    /// Whether the history can be written.
    Storage {
        /// It can.
        writable: bool,
    },
    /// Something about a job.
    Job(JobInput),
    /// A person pauses the watch, or changes the end of a pause.
    Pause {
        /// Until when; `None` until a person resumes it.
        until: Option<Wall>,
    },
    /// The watch was paused before: to be told before any run is watched.
    PausedBefore(Pause),
    /// A person lets the watch go on.
    GoOn,
    /// Nothing but the time.
    Tick,
}

/// What is known of a run when its watch begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Its number.
    pub run: RunId,
    /// The job's name.
    pub job: String,
    /// What it is judged by.
    pub limits: Limits,
    /// Whether a stall is acted on.
    pub mode: Mode,
    /// Where the stall clock starts: the run's start, or its last advance when the watch goes on after a break.
    pub clock_from: Awake,
    /// When the run started, for its longest run time.
    pub started: Awake,
    /// Whether its command is known to be up.
    pub up: bool,
    /// Whether beats are expected only once one has come: its protocol leaves them open.
    pub beats_if_any: bool,
    /// What is left of an earlier watch of the same run.
    pub resume: Option<Resume>,
}

/// What an earlier watch of the same run had seen and begun.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resume {
    /// The step shown: the best one of the source that advanced last.
    pub step: Option<i64>,
    /// The last note.
    pub note: Option<String>,
    /// How often it advanced.
    pub advances: u32,
    /// Whether the warning was given since the last advance.
    pub warned: bool,
    /// Whether the agent left its own aborted note.
    pub acknowledged: bool,
    /// The stop that had begun.
    pub stop: Option<BegunStop>,
    /// The best step of each source.
    pub best: Vec<(Source, i64)>,
    /// What it waits for, and who said so.
    pub waits: Vec<(Source, Wait)>,
    /// Since when it does.
    pub waits_since: Option<Awake>,
    /// How long it had waited since its last advance before that: time that is not on its stall clock.
    pub waited: Span,
    /// What it does that has limits of its own.
    pub doing: Doing,
    /// Whether it ever told of such things: one may be open that is not known of.
    pub tells_what_it_does: bool,
    /// What the stall clock may show in the present step, where more time was asked for.
    pub expected: Option<Span>,
    /// What its work took.
    pub totals: Totals,
    /// Its own word for its end.
    pub claim: Option<Claim>,
    /// Which caps a person was told of, and whether all of it was spent then.
    pub told_cost: Vec<(Cap, bool)>,
    /// What pauses of the watch there were.
    pub held: HeldBefore,
}

/// Pauses of the watch of one run, up to the moment at which it is taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeldBefore {
    /// For how long the watch was paused since its start.
    pub in_all: Span,
    /// It is on record that it is paused.
    pub is_on_record: bool,
}

/// What a run does that has limits of its own, and what such things took: what a watch that goes on has to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Doing {
    /// What is open.
    pub open: Vec<OpenActivity>,
    /// Time on the stall clock that such things took which are over.
    pub apart: Span,
    /// What the stall clock showed when the first of those began that are open.
    pub apart_from: Option<Span>,
    /// The sources that say that it waits.
    pub waiting: Vec<Source>,
}

/// Something that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenActivity {
    /// Who says so.
    pub source: Source,
    /// Its name.
    pub id: String,
    /// What kind of thing it is.
    pub activity: Activity,
    /// What it is, for people.
    pub what: Option<String>,
    /// What the stall clock showed then, or 0 when the run advanced since.
    pub at: Span,
}

/// A stop whose intent is on record, of an earlier watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BegunStop {
    /// Why.
    pub reason: Reason,
    /// Without a grace.
    pub force: bool,
    /// The last stage on record, and when it began.
    pub reached: Option<(Stage, Awake)>,
    /// When the polite signal was recorded, from which the grace counts.
    pub asked: Option<Awake>,
}

/// What stood in a marker.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The step; `-1` is the aborted note.
    pub step: Option<i64>,
    /// How many steps there are.
    pub total: Option<i64>,
    /// The note.
    pub note: Option<String>,
    /// The time that the agent claims, for display only.
    pub claimed: Option<Wall>,
    /// Which series of steps this is; a different one starts again.
    pub series: Option<String>,
    /// How long the agent says that the present step may take.
    pub expect: Option<Span>,
    /// The file is the one that stood there before the run started: it says nothing of this run.
    pub before_start: bool,
}

/// What a look at the marker at the moment of judgement found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// A marker.
    Read(Reading),
    /// No marker that could be taken for one (missing, half-written, too large, …): no advance either.
    Nothing,
    /// Nobody could look (no permission, a read that does not come back): nothing follows from that.
    CouldNotLook,
    /// Nothing of the run is there any more, so there is nothing to stop. Whoever looked finds out what became of it.
    NotRunning,
}

/// What a run says it is doing. The waiting ones stop the stall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Activity {
    /// Works.
    #[default]
    Working,
    /// Waits for a tool that it called.
    Tool,
    /// Waits for a sub-agent.
    Subagent,
    /// Compacts its context.
    Compacting,
    /// Waits for a person.
    WaitingHuman,
    /// Waits for a usage limit to pass.
    WaitingLimit,
}

impl Activity {
    /// Whether the stall clock stands still meanwhile.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        match self {
            Self::WaitingHuman | Self::WaitingLimit => true,
            Self::Working | Self::Tool | Self::Subagent | Self::Compacting => false,
        }
    }
}

/// How the root process ended, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It could not be started.
    NotStarted {
        /// The system's error number.
        errno: Option<i32>,
        /// The system's words for it.
        message: String,
    },
    /// Because a person passed an interrupt on to it (Ctrl-C in its terminal).
    Interrupted {
        /// The exit code, if it ended with one.
        code: Option<i32>,
        /// The signal that ended it, if one did.
        signal: Option<i32>,
    },
    /// Nobody saw it.
    Unknown,
}
