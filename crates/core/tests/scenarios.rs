//! Stories of runs, told in `scenarios/*.toml` in a form that needs no Rust to read, and what is done about them.
//!
//! Between the inputs of a story, virtual time moves from wake-up to wake-up. Unless the story says otherwise, a look at
//! the marker finds nothing, the evidence takes 0.1 s, and every intent is stored at once.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::Path;

use nightkeep_core::{
    Awake, Effect, Entry, Exit, Input, Limits, Look, Metrics, Mode, Notice, Now, PauseEntry, Reading, RunId, Source,
    Span, Stage, Supervisor, Wall, Watch,
};
use serde::Deserialize;

#[path = "stories/hearing.rs"]
mod hearing;

use hearing::{Hears, Rules};

const RUN: RunId = RunId(1);
const HOOK: Source = Source::of("hook");
/// The wall clock at the start of every story: 2026-01-01 00:00:00 UTC.
const MIDNIGHT_MS: i64 = 1_767_225_600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    limits: LimitSecs,
    #[serde(default)]
    reports: Rules,
    #[serde(default)]
    observe: bool,
    /// Beats are expected only once one has come.
    beats_if_any: Option<bool>,
    #[serde(default)]
    on_stall: Option<String>,
    #[serde(default)]
    looks: Looks,
    /// How long a look takes.
    #[serde(default)]
    look_takes: f64,
    /// How long it takes to store an intent.
    #[serde(default)]
    storing_takes: f64,
    /// How long a polite signal takes to arrive.
    #[serde(default)]
    delivering_takes: f64,
    /// Whether the evidence comes at all.
    #[serde(default = "yes")]
    evidence: bool,
    /// Whether an intent can be stored.
    #[serde(default = "yes")]
    storable: bool,
    story: Vec<Step>,
    until: f64,
    expect: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitSecs {
    warn: f64,
    stall: f64,
    grace: f64,
    #[serde(default)]
    allowance: f64,
    max_runtime: Option<f64>,
}

/// What a look at the marker finds.
#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "kebab-case")]
enum Looks {
    #[default]
    Nothing,
    CannotLook,
    NobodyThere,
    Step(i64),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: f64,
    marker: Option<Marker>,
    hears: Option<Hears>,
    stop: Option<HowMuch>,
    /// Seconds that a person gives.
    person_gives: Option<f64>,
    root_ends: Option<bool>,
    all_gone: Option<Ends>,
    survivors: Option<Vec<u32>>,
    /// So many hours ago, runs of the job that are over cost so many dollars.
    spent_earlier: Option<(f64, f64)>,
    woke_after: Option<f64>,
    /// Seconds by which somebody sets the wall clock.
    clock_set_by: Option<f64>,
    late_tick: Option<bool>,
    writable: Option<bool>,
    /// The watch is paused for so many seconds, or until it is resumed.
    pauses: Option<Pauses>,
    goes_on: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Pauses {
    For(f64),
    UntilResumed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Marker {
    step: Option<i64>,
    total: Option<i64>,
    note: Option<String>,
    /// Seconds from now that the marker claims to have been written at.
    claims_in: Option<f64>,
    series: Option<String>,
    /// Seconds that the marker asks for.
    expect: Option<f64>,
    #[serde(default)]
    before_start: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum HowMuch {
    Gently,
    ByForce,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ends {
    Code(i32),
    Signal(i32),
    Interrupted(i32),
    Unseen,
}

const fn yes() -> bool {
    true
}

/// The core under virtual time, with answers that come by themselves.
struct World {
    core: Supervisor,
    now_ms: u64,
    /// What the computer slept; only the wall clock saw it.
    slept_ms: i64,
    answers: VecDeque<(u64, Input)>,
    told: Vec<String>,
    looks: Looks,
    look_takes_ms: u64,
    storing_takes_ms: u64,
    delivering_takes_ms: u64,
    evidence: bool,
    storable: bool,
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a story, small and positive")]
fn ms(secs: f64) -> u64 {
    (secs * 1000.0).round() as u64
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a story, small")]
fn signed_ms(secs: f64) -> i64 {
    (secs * 1000.0).round() as i64
}

impl World {
    fn now(&self) -> Now {
        let passed = i64::try_from(self.now_ms).expect("a story is short") + self.slept_ms;
        Now { awake: Awake::from_ms(self.now_ms), wall: Wall::from_ms(MIDNIGHT_MS + passed) }
    }

    fn give(&mut self, input: Input) {
        self.core.handle(self.now(), input);
        while let Some(effect) = self.core.poll_effect() {
            self.answer(&effect);
            if let Some(text) = words(&effect) {
                self.told.push(format!("{:.1} {text}", Span::from_ms(self.now_ms).as_secs_f64()));
            }
        }
    }

    fn answer(&mut self, effect: &Effect) {
        let (after, input) = match effect {
            Effect::Look(_) => (self.look_takes_ms, Input::Looked(RUN, self.look())),
            Effect::TakeEvidence(_) if self.evidence => (100, Input::EvidenceTaken(RUN)),
            Effect::RecordIntent(..) if self.storable => (self.storing_takes_ms, Input::IntentStored(RUN)),
            Effect::RecordIntent(..) => (0, Input::IntentNotStored(RUN)),
            Effect::Signal(_, Stage::PoliteRoot | Stage::PoliteRest) => {
                (self.delivering_takes_ms, Input::Delivered(RUN))
            }
            Effect::TakeEvidence(_)
            | Effect::Record(..)
            | Effect::Signal(_, Stage::Forced)
            | Effect::LeaveAbortedNote { .. }
            | Effect::Notify(_)
            | Effect::Forget(_)
            | Effect::Launch(_)
            | Effect::Wait(_)
            | Effect::Cancel(_)
            | Effect::Job(_)
            | Effect::Pause(_) => return,
        };
        self.answers.push_back((self.now_ms + after, input));
    }

    fn look(&self) -> Look {
        match self.looks {
            Looks::Nothing => Look::Nothing,
            Looks::CannotLook => Look::CouldNotLook,
            Looks::NobodyThere => Look::NotRunning,
            Looks::Step(step) => Look::Read(Reading { step: Some(step), ..Reading::default() }),
        }
    }

    /// Moves the time to `until`, from wake-up to wake-up and answer to answer.
    fn run_until(&mut self, until: u64) {
        loop {
            let wake = self.core.next_wakeup().map(|(at, _)| at.as_ms());
            let answer = self.answers.iter().map(|(at, _)| *at).min();
            let Some(next) = wake.into_iter().chain(answer).min().filter(|at| *at <= until) else { break };
            self.now_ms = self.now_ms.max(next);
            if answer == Some(next) {
                let index = self.answers.iter().position(|(at, _)| *at == next).expect("found just above");
                let (_, input) = self.answers.remove(index).expect("found just above");
                self.give(input);
            } else {
                self.give(Input::Tick);
            }
        }
        self.now_ms = self.now_ms.max(until);
    }

    fn step(&mut self, step: Step) {
        let at = ms(step.at);
        if step.late_tick == Some(true) {
            self.now_ms = at;
            self.give(Input::Tick);
            return;
        }
        self.run_until(at);
        if let Some(slept) = step.woke_after {
            self.slept_ms += i64::try_from(ms(slept)).expect("a story is short");
            self.give(Input::Woke { slept: Span::from_ms(ms(slept)) });
        }
        if let Some(jump) = step.clock_set_by {
            let by_ms = signed_ms(jump);
            self.slept_ms += by_ms;
            self.give(Input::ClockJumped { by_ms });
        }
        if let Some(writable) = step.writable {
            self.give(Input::Storage { writable });
        }
        if let Some(pauses) = step.pauses {
            let until = match pauses {
                Pauses::For(secs) => Some(Wall::from_ms(self.now().wall.as_ms() + signed_ms(secs))),
                Pauses::UntilResumed => None,
            };
            self.give(Input::Pause { until });
        }
        if step.goes_on == Some(true) {
            self.give(Input::GoOn);
        }
        if let Some(marker) = step.marker {
            self.give(Input::Marker(RUN, self.reading(marker)));
        }
        if let Some((hours, usd)) = step.spent_earlier {
            let at = Wall::from_ms(self.now().wall.as_ms() - signed_ms(hours * 3_600.0));
            self.give(Input::Spent { job: "articles".to_owned(), at, microusd: Metrics::dollars(usd) });
        }
        if let Some(hears) = step.hears {
            self.give(Input::Signal(RUN, HOOK, hearing::signal(hears, self.now().wall)));
        }
        if let Some(secs) = step.person_gives {
            self.give(Input::Extend { run: RUN, by: Span::from_ms(ms(secs)) });
        }
        if let Some(how) = step.stop {
            self.give(Input::Stop { run: RUN, force: matches!(how, HowMuch::ByForce) });
        }
        if step.root_ends == Some(true) {
            self.give(Input::RootEnded(RUN));
        }
        if let Some(pids) = step.survivors {
            self.give(Input::Survivors(RUN, pids));
        }
        if let Some(ends) = step.all_gone {
            self.give(Input::AllGone(RUN, exit(&ends)));
        }
    }

    fn reading(&self, marker: Marker) -> Reading {
        let wall = self.now().wall.as_ms();
        Reading {
            step: marker.step,
            total: marker.total,
            note: marker.note,
            claimed: marker.claims_in.map(|secs| Wall::from_ms(wall + signed_ms(secs))),
            series: marker.series,
            expect: marker.expect.map(|secs| Span::from_ms(ms(secs))),
            before_start: marker.before_start,
        }
    }
}

fn exit(ends: &Ends) -> Exit {
    match *ends {
        Ends::Code(code) => Exit::Code(code),
        Ends::Signal(signal) => Exit::Signal(signal),
        Ends::Interrupted(signal) => Exit::Interrupted { code: None, signal: Some(signal) },
        Ends::Unseen => Exit::Unknown,
    }
}

/// An effect in a few words; `None` for what only asks for an answer.
fn words(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Record(_, entry) | Effect::RecordIntent(_, entry) => entry_words(entry)?,
        Effect::Look(_) => "look".to_owned(),
        Effect::TakeEvidence(_) => "evidence".to_owned(),
        Effect::Signal(_, stage) => format!("signal {stage:?}"),
        Effect::LeaveAbortedNote { step, .. } => format!("aborted note at step {step:?}"),
        Effect::Notify(notice) => notice_words(notice),
        Effect::Pause(PauseEntry::Paused { until }) => match until {
            Some(until) => {
                format!("the watch is paused until {} s after midnight", (until.as_ms() - MIDNIGHT_MS) / 1000)
            }
            None => "the watch is paused".to_owned(),
        },
        Effect::Pause(PauseEntry::Resumed { by_person: true }) => "the watch is resumed".to_owned(),
        Effect::Pause(PauseEntry::Resumed { by_person: false }) => "the pause of the watch is over".to_owned(),
        Effect::Forget(_) | Effect::Launch(_) | Effect::Wait(_) | Effect::Cancel(_) | Effect::Job(_) => return None,
    })
}

fn entry_words(entry: &Entry) -> Option<String> {
    Some(match entry {
        Entry::Advanced { n, step, gap, .. } => format!("advance {n} to step {step} after {gap}"),
        Entry::WentBack { step, best } => format!("went back to {step}, best {best}"),
        Entry::ClaimIgnored { .. } => "claim of the future ignored".to_owned(),
        Entry::Acknowledged { note } => format!("acknowledged {}", note.as_deref().unwrap_or("-")),
        Entry::WouldStop { reason, since } => format!("would stop: {reason:?} after {since}"),
        Entry::CouldNotJudge { since } => format!("could not judge after {since}"),
        Entry::StopIntended { reason, since, .. } => format!("intends to stop: {reason:?} after {since}"),
        Entry::StopAbandoned { why } => format!("stop abandoned: {why:?}"),
        Entry::Slept { slept } => format!("slept {slept}"),
        Entry::ClockJumped { by_ms } => format!("clock set by {} s", by_ms / 1000),
        Entry::Starved { late } => format!("late by {late}"),
        Entry::Ended { outcome, reason, method, survivors, .. } => {
            let mut text = format!("ended {outcome:?}");
            if let (Some(reason), Some(method)) = (reason, method) {
                write!(text, " {reason:?} {method:?}").expect("a string takes all");
            }
            if !survivors.is_empty() {
                write!(text, " survivors {survivors:?}").expect("a string takes all");
            }
            text
        }
        Entry::Leftovers(what) => format!("what is left: {what:?}"),
        Entry::Started
        | Entry::Warned { .. }
        | Entry::Signalled { .. }
        | Entry::WatchPaused { .. }
        | Entry::WatchResumed => return None,
        Entry::Heard(heard) => hearing::entry_words(heard)?,
    })
}

fn notice_words(notice: &Notice) -> String {
    match notice {
        Notice::Warning { since, stop_in, .. } => match stop_in {
            Some(left) => format!("tell: warning after {since}, stop in {left}"),
            None => format!("tell: warning after {since}, observed only"),
        },
        Notice::Stopped { method, .. } => format!("tell: stopped {method:?}"),
        Notice::CouldNotStop { survivors, .. } => format!("tell: could not stop {survivors:?}"),
        Notice::CouldNotJudge { since, .. } => format!("tell: could not judge after {since}"),
        Notice::Heard { what, .. } => hearing::notice_words(what),
        Notice::Stalled { since, .. } => format!("tell: stalled after {since}, left alone"),
        Notice::BreakerOpened { failures, .. } => format!("tell: the breaker opened after {failures}"),
    }
}

fn play(scenario: Scenario) -> (Vec<String>, Vec<String>) {
    let mut world = World {
        core: Supervisor::new(),
        now_ms: 0,
        slept_ms: 0,
        answers: VecDeque::new(),
        told: Vec::new(),
        looks: scenario.looks,
        look_takes_ms: ms(scenario.look_takes),
        storing_takes_ms: ms(scenario.storing_takes),
        delivering_takes_ms: ms(scenario.delivering_takes),
        evidence: scenario.evidence,
        storable: scenario.storable,
    };
    let span = |secs: f64| Span::from_ms(ms(secs));
    world.give(Input::Watch(Box::new(Watch {
        run: RUN,
        job: "articles".to_owned(),
        limits: Limits {
            warn_after: span(scenario.limits.warn),
            stall_after: span(scenario.limits.stall),
            grace: span(scenario.limits.grace),
            start_allowance: span(scenario.limits.allowance),
            max_runtime: scenario.limits.max_runtime.map(span),
            reports: scenario.reports.reports(),
        },
        mode: match (scenario.observe, scenario.on_stall.as_deref() == Some("notify")) {
            (true, _) => Mode::Observe,
            (false, true) => Mode::Notify,
            (false, false) => Mode::Enforce,
        },
        clock_from: Awake::default(),
        started: Awake::default(),
        up: true,
        beats_if_any: scenario.beats_if_any == Some(true),
        resume: None,
    })));
    for step in scenario.story {
        world.step(step);
    }
    world.run_until(ms(scenario.until));
    (world.told, scenario.expect)
}

#[test]
fn every_story_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the stories").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() >= 12, "the stories are there");
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a story");
        let scenario: Scenario = toml::from_str(&text).unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
        let (told, expect) = play(scenario);
        if told != expect {
            wrong.push(format!("{}: {told:#?} instead of {expect:#?}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
