//! A watch that goes on after a crash is as fair as one that was never interrupted: whatever the run does and whenever the
//! crash comes, nobody is stopped for a stall earlier than without it.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fail anywhere, and the journal of these stories keeps only what a crash must not lose"
)]

use nightkeep_core::{
    Activity, Advance, Awake, Doing, Effect, Entry, HeardEntry, HumanWait, Input, Limits, Look, Mode, Now, Pace,
    Reports, Resume, RunId, Signal, Source, Span, Supervisor, Wait, Wall, Watch,
};
use proptest::prelude::*;

const RUN: RunId = RunId(7);
const HOOK: Source = Source::of("hook");
const OTHER: Source = Source::of("other");
const MINUTE: u64 = 60_000;

fn limits() -> Limits {
    let mins = |warn: u64, stall: u64| Some(Pace::of_secs(warn * 60, stall * 60));
    let reports = Reports { tool: mins(10, 15), subagent: mins(30, 45), compacting: mins(5, 12), ..Reports::default() };
    Limits {
        warn_after: Span::from_mins(5),
        stall_after: Span::from_mins(10),
        grace: Span::from_secs(20),
        start_allowance: Span::ZERO,
        max_runtime: None,
        reports,
    }
}

/// What the journal says of the run.
#[derive(Debug, Default)]
struct Journal {
    last_advance: u64,
    resume: Resume,
    entries: Vec<Entry>,
}

impl Journal {
    fn take(&mut self, at: u64, entry: &Entry) {
        self.entries.push(entry.clone());
        let resume = &mut self.resume;
        match entry {
            Entry::Advanced { step, source, n, .. } => {
                self.last_advance = at;
                resume.advances = *n;
                resume.best.retain(|(known, _)| known != source);
                resume.best.push((source.clone(), *step));
                (resume.warned, resume.expected, resume.waited) = (false, None, Span::ZERO);
                resume.doing.advanced();
            }
            Entry::Warned { .. } => resume.warned = true,
            Entry::Heard(HeardEntry::Expects { until, .. }) => resume.expected = Some(*until),
            Entry::Heard(HeardEntry::Waits { wait, source }) => {
                resume.waits.retain(|(known, _)| known != source);
                resume.waits.push((source.clone(), wait.clone()));
                resume.waits_since.get_or_insert(Awake::from_ms(at));
            }
            Entry::Heard(HeardEntry::Resumed) => {
                resume.waits.clear();
                let from = resume.waits_since.take().map_or(at, Awake::as_ms).max(self.last_advance);
                resume.waited = resume.waited.plus(Span::from_ms(at - from));
            }
            Entry::Heard(HeardEntry::Doing(doing)) => {
                resume.tells_what_it_does = true;
                resume.waits.retain(|(source, _)| doing.waiting.contains(source));
                resume.doing = doing.clone();
            }
            other => assert!(!matches!(other, Entry::Ended { .. }), "nobody ends it"),
        }
    }
}

struct Night {
    core: Supervisor,
    now: u64,
    journal: Journal,
    stopped: Option<u64>,
}

impl Night {
    fn new() -> Self {
        let mut night = Self { core: Supervisor::new(), now: 0, journal: Journal::default(), stopped: None };
        night.watch(None);
        night
    }

    fn watch(&mut self, resume: Option<Resume>) {
        let watch = Watch {
            run: RUN,
            job: "job".to_owned(),
            limits: limits(),
            mode: Mode::Enforce,
            clock_from: Awake::from_ms(self.journal.last_advance),
            started: Awake::default(),
            up: true,
            beats_if_any: false,
            resume,
        };
        self.give(Input::Watch(Box::new(watch)));
    }

    fn give(&mut self, input: Input) {
        let wall = Wall::from_ms(i64::try_from(self.now).unwrap());
        self.core.handle(Now { awake: Awake::from_ms(self.now), wall }, input);
        let mut looks = false;
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Record(_, entry) => self.journal.take(self.now, &entry),
                Effect::Look(_) => looks = true,
                Effect::TakeEvidence(_) => drop(self.stopped.get_or_insert(self.now)),
                _ => {}
            }
        }
        if looks {
            self.give(Input::Looked(RUN, Look::Nothing));
        }
    }

    fn says(&mut self, source: &Source, signal: Signal) {
        self.give(Input::Signal(RUN, source.clone(), signal));
        self.give(Input::Settle(RUN));
    }

    fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some((at, _)) = self.core.next_wakeup().filter(|(at, _)| at.as_ms() <= until) {
            if self.stopped.is_some() {
                break;
            }
            self.now = self.now.max(at.as_ms());
            self.give(Input::Tick);
        }
        self.now = until;
    }

    fn crash(&mut self, away_ms: u64) {
        self.core = Supervisor::new();
        self.now += away_ms;
        self.watch(Some(self.journal.resume.clone()));
    }

    fn shown(&self) -> nightkeep_core::RunSnapshot {
        self.core.snapshot(Awake::from_ms(self.now)).remove(0)
    }

    /// How often what it does was put on record.
    fn kept(&self) -> Vec<&Doing> {
        let doing = |entry: &'_ Entry| matches!(entry, Entry::Heard(HeardEntry::Doing(_)));
        let kept = self.journal.entries.iter().filter(|entry| doing(entry));
        kept.map(|entry| if let Entry::Heard(HeardEntry::Doing(doing)) = entry { doing } else { unreachable!() })
            .collect()
    }
}

fn begins(id: &str, activity: Activity) -> Signal {
    Signal::Begins { id: id.to_owned(), activity, what: None }
}

fn ends(id: &str) -> Signal {
    Signal::Ends { id: id.to_owned(), digest: None }
}

fn waits() -> Signal {
    Signal::Waits(Wait::Human { kind: HumanWait::Question, what: None })
}

#[test]
fn a_sub_agent_that_is_quiet_has_its_own_limit_after_a_crash_at_any_moment() {
    for crash_after in [1, 500, 9_000, 11_000, 9 * MINUTE, 12 * MINUTE, 44 * MINUTE] {
        let mut night = Night::new();
        night.pass(MINUTE);
        night.says(&HOOK, begins("a", Activity::Subagent));
        night.pass(crash_after);
        night.crash(2_000);
        assert_eq!(night.shown().activity, Activity::Subagent, "{crash_after}");
        night.pass(46 * MINUTE - night.now - 1);
        assert_eq!(night.stopped, None, "{crash_after}");
        night.pass(50 * MINUTE);
        let stopped = night.stopped.unwrap();
        // As long as something may be open that nobody knows of.
        assert!((46 * MINUTE..=46 * MINUTE + 1 + crash_after + 4_000).contains(&stopped), "{crash_after}: {stopped}");
    }
}

#[test]
fn a_tool_that_is_too_young_to_be_on_record_is_not_stopped_either() {
    let mut night = Night::new();
    night.says(&HOOK, begins("a", Activity::Tool));
    night.says(&HOOK, ends("a"));
    night.pass(9 * MINUTE);
    night.says(&HOOK, begins("b", Activity::Tool));
    night.pass(3_000);
    night.crash(2_000);
    assert_eq!(night.shown().activity, Activity::Working, "it is not known of");
    night.pass(24 * MINUTE - night.now);
    assert_eq!(night.stopped, None, "it had 15 minutes from its beginning");
}

#[test]
fn who_never_told_what_he_does_has_no_more_time_after_a_crash() {
    let mut night = Night::new();
    night.pass(9 * MINUTE);
    night.crash(2_000);
    night.pass(MINUTE);
    assert_eq!(night.stopped, Some(10 * MINUTE));
}

#[test]
fn quick_tools_cost_the_journal_nothing_and_slow_ones_little() {
    let mut night = Night::new();
    for _ in 0..600 {
        night.says(&HOOK, begins("a", Activity::Tool));
        night.pass(700);
        night.says(&HOOK, ends("a"));
        night.says(&HOOK, Signal::Advance(Advance::default()));
        night.pass(300);
    }
    assert_eq!(night.kept().len(), 2, "that it tells what it does, and the end of the first of them");
    night.says(&HOOK, begins("slow", Activity::Tool));
    night.pass(9_999);
    assert_eq!(night.kept().len(), 2);
    night.pass(1);
    assert_eq!(night.kept().last().unwrap().open.len(), 1);
    night.says(&HOOK, ends("slow"));
    night.pass(MINUTE);
    assert_eq!(night.kept().len(), 4, "its end is, too");
    night.says(&HOOK, begins("agent", Activity::Subagent));
    night.says(&HOOK, begins("compaction", Activity::Compacting));
    assert_eq!(night.kept().len(), 6, "what may be quiet for longest is at once");
}

#[test]
fn what_a_run_had_waited_is_not_on_its_clock_after_a_crash() {
    for crash_before_the_answer in [true, false] {
        let mut night = Night::new();
        night.pass(2 * MINUTE);
        night.says(&HOOK, waits());
        night.pass(30 * MINUTE);
        if crash_before_the_answer {
            night.crash(2_000);
            night.pass(30 * MINUTE);
        }
        night.says(&HOOK, Signal::Resumes);
        let answered = night.now;
        if !crash_before_the_answer {
            night.crash(2_000);
        }
        night.pass(8 * MINUTE - (night.now - answered) - 1);
        assert_eq!(night.stopped, None);
        night.pass(MINUTE);
        assert_eq!(night.stopped, Some(answered + 8 * MINUTE));
    }
}

#[test]
fn who_waits_by_one_word_still_waits_when_another_is_taken_back_after_a_crash() {
    let mut night = Night::new();
    night.says(&HOOK, waits());
    night.says(&OTHER, waits());
    night.pass(MINUTE);
    night.crash(2_000);
    night.says(&OTHER, Signal::Resumes);
    night.pass(MINUTE);
    night.crash(2_000);
    night.pass(60 * MINUTE);
    assert_eq!((night.stopped, night.shown().activity), (None, Activity::WaitingHuman));
    night.says(&HOOK, Signal::Resumes);
    night.pass(60 * MINUTE);
    assert!(night.stopped.is_some());
}

#[test]
fn a_usage_limit_that_passes_after_a_crash_is_no_longer_waited_for() {
    let mut night = Night::new();
    let until = Some(Wall::from_ms(20 * i64::try_from(MINUTE).unwrap()));
    night.says(&HOOK, Signal::Waits(Wait::Limit { until, after: None }));
    night.pass(MINUTE);
    night.crash(2_000);
    night.pass(31 * MINUTE - night.now);
    assert_eq!((night.stopped, night.shown().activity), (None, Activity::Working));
    night.pass(2 * MINUTE);
    assert_eq!(night.stopped, Some(32 * MINUTE), "two minutes of slack, and its limit");
}

fn signal() -> impl Strategy<Value = Signal> {
    let id = || (0_u8..3).prop_map(|id| id.to_string());
    let kind = prop_oneof![Just(Activity::Tool), Just(Activity::Subagent), Just(Activity::Compacting)];
    prop_oneof![
        4 => (id(), kind).prop_map(|(id, activity)| begins(&id, activity)),
        4 => id().prop_map(|id| ends(&id)),
        2 => Just(Signal::Advance(Advance::default())),
        1 => Just(waits()),
        1 => Just(Signal::Resumes),
        1 => (0_u64..20).prop_map(|mins| Signal::Expects(Span::from_mins(mins))),
        1 => Just(Signal::Beat),
    ]
}

fn story() -> impl Strategy<Value = Vec<(u64, Signal)>> {
    prop::collection::vec((20_000_u64..9 * MINUTE, signal()), 1..20)
}

/// When the run is stopped that does `story`, with a crash before that signal of it, if there is one.
fn stopped(story: &[(u64, Signal)], crash: Option<usize>, away_ms: u64) -> Option<u64> {
    let mut night = Night::new();
    for (n, (after, signal)) in story.iter().enumerate() {
        if crash == Some(n) {
            // Long enough for what has begun to be on record.
            night.pass(12_000);
            if night.stopped.is_none() {
                night.crash(away_ms);
            }
            night.pass(after - 12_000 - away_ms);
        } else {
            night.pass(*after);
        }
        if night.stopped.is_some() {
            return night.stopped;
        }
        night.says(&HOOK, signal.clone());
    }
    night.pass(300 * MINUTE);
    night.stopped
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_stopped_earlier_for_a_crash(story in story(), n in 0_usize..20, away_ms in 0_u64..8_000) {
        let unharmed = stopped(&story, None, 0);
        let crashed = stopped(&story, Some(n.min(story.len() - 1)), away_ms);
        match (unharmed, crashed) {
            (Some(unharmed), Some(crashed)) => {
                // A little time that such things took may not be on record.
                prop_assert!(crashed + 10_000 >= unharmed, "{crashed} before {unharmed}");
            }
            (None, crashed) => prop_assert_eq!(crashed, None),
            // It came as far as its question.
            (Some(_), None) => prop_assert!(story.iter().any(|(_, said)| matches!(said, Signal::Waits(_)))),
        }
    }
}
