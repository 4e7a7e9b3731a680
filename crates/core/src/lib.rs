//! Nightkeep's judgement, as a value: what counts as progress, when a run is stuck, and how it is stopped.
//!
//! # Theory of operation
//! A [`Supervisor`] is told facts ([`Input`]) together with the time at which they hold ([`Now`]), and answers with what
//! is to be done about them ([`Effect`]). It reads no clock, touches no file and no process, never waits and never fails:
//! what the world does is an input, not an error. Whoever drives it repeats four steps:
//!
//! 1. [`Supervisor::handle`] one input;
//! 2. take every effect with [`Supervisor::poll_effect`] until there is none, and carry them out in this order;
//! 3. sleep until [`Supervisor::next_wakeup`], or until there is an input;
//! 4. when the time of the wake-up has come, hand in [`Input::Tick`].
//!
//! Effects that take time (a look at the marker, the evidence, the record of an intent, a signal) are answered by an
//! input of their own; no answer within a limit is an answer too.
//!
//! A run moves along the diagram in [`life`]; what it does there with markers and clocks is in [`run`].

#![forbid(unsafe_code)]

pub mod belief;
pub mod clock;
pub mod continuity;
pub mod effect;
pub mod gaps;
pub mod ids;
pub mod input;
pub mod jobs;
pub mod leftovers;
pub mod life;
pub mod limits;
pub mod pause;
pub mod reports;
pub mod run;
pub mod signal;
pub mod slots;
pub mod snapshot;
pub mod spending;
pub mod supervisor;
pub mod time;

pub use belief::Belief;
pub use continuity::{Breaks, Continuity, Sample};
pub use effect::{CalledOff, Effect, Entry, HeardEntry, HeardNotice, LeftoverEntry, Notice, Stage};
pub use ids::RunId;
pub use input::{Activity, BegunStop, Doing, Exit, HeldBefore, Input, Look, OpenActivity, Reading, Resume, Watch};
pub use jobs::{JobEffect, JobEntry, JobInput, JobState, Refusal, Restart};
pub use leftovers::{LeftBehind, LeftoverPolicy};
pub use life::{Method, Outcome, Reason};
pub use limits::{LimitOverrides, Limits, Mode};
pub use pause::{Pause, PauseEntry};
pub use reports::{Beats, Budget, Cap, Circles, Pace, ReportOverrides, Reports};
pub use signal::{Advance, Claim, HumanWait, Metrics, Signal, Source, Wait};
pub use slots::{Capacities, Place};
pub use snapshot::{Liveness, Phase, Progress, RunSnapshot, Totals};
pub use supervisor::{Supervisor, WakeReason};
pub use time::{Awake, Now, Span, Wall};
