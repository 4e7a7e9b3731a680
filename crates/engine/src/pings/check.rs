//! What the pings of one check say of its run. Pure: it is told what time it is.
//!
//! In Healthchecks a success means "done" as well as "still well". Which of the two is meant shows in whether a start is
//! open, unless the job says which one it always is.

use std::collections::VecDeque;

use nightkeep_core::time::{Awake, Span};
use nightkeep_core::{Advance, Claim, Signal};
use uuid::Uuid;

use super::request::{Kind, Ping};
use crate::api::PingMode;
use crate::clean::clean_text;

/// How much is shown of what a body says.
const TEXT_CHARS_MAX: usize = 300;
/// So many starts of different run ids are remembered, for their durations.
const STARTS_MAX: usize = 32;
/// A start that is heard this long before its run is known is that run's: a command may be quicker than its caller.
const EARLY: Span = Span::from_secs(10);

/// Finds a step, and how many there are, in what a `/log` says.
pub type Steps<'s> = &'s dyn Fn(&str) -> Option<(i64, Option<i64>)>;

/// A check, and what it has heard so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Check {
    mode: PingMode,
    /// The last start, while it is open.
    open: Option<Start>,
    /// Those that another one took the place of: of use for a duration, and for nothing else.
    replaced: VecDeque<Start>,
    run: RunState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) rid: Option<Uuid>,
    pub(super) at: Awake,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum RunState {
    /// None was ever there.
    #[default]
    None,
    Going,
    Over,
}

/// What a ping came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// For the run that is going on; empty when there is none.
    pub signals: Vec<Signal>,
    /// Whether the run it is of is over already.
    pub late: bool,
    /// How long it took since the start of the same run id.
    pub took: Option<Span>,
}

impl Check {
    /// A check that has heard nothing.
    #[must_use]
    pub fn new(mode: PingMode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// A check that goes on with the starts that it has heard of.
    pub(super) fn going_on(mode: PingMode, open: Option<Start>, replaced: VecDeque<Start>) -> Self {
        Self { mode, open, replaced, run: RunState::None }
    }

    /// The start that is open, and those that it took the place of.
    pub(super) fn starts(&self) -> (Option<&Start>, impl Iterator<Item = &Start>) {
        (self.open.as_ref(), self.replaced.iter())
    }

    /// From here on a success is taken so.
    pub fn set_mode(&mut self, mode: PingMode) {
        self.mode = mode;
    }

    /// A run of its job began. Starts of runs before it are closed.
    pub fn run_began(&mut self, at: Awake) {
        self.run = RunState::Going;
        let is_early = |start: &Start| at.since(start.at) <= EARLY;
        self.open = self.open.filter(is_early);
        self.replaced.retain(is_early);
    }

    /// A run of its job is there that began before this was known: its starts stay open.
    pub fn run_goes_on(&mut self) {
        self.run = RunState::Going;
    }

    /// The run is over: what comes after this is late.
    pub fn run_ended(&mut self) {
        self.run = RunState::Over;
    }

    /// Takes a ping in. `steps` finds progress in what a `/log` says, where the job wants that.
    pub fn hear(&mut self, ping: Ping, body: &[u8], at: Awake, steps: Option<Steps<'_>>) -> Taken {
        let text = Some(clean_text(&String::from_utf8_lossy(body), TEXT_CHARS_MAX)).filter(|text| !text.is_empty());
        let mut taken = Taken { late: self.run == RunState::Over, ..Taken::default() };
        taken.signals = match ping.kind {
            Kind::Start => {
                self.start(Start { rid: ping.rid, at });
                text.map(Signal::Note).into_iter().collect()
            }
            Kind::Success | Kind::Exit(0) => {
                taken.took = self.took(ping.rid, at);
                let is_end = self.succeeds(ping.rid);
                if is_end { vec![claim(true, text)] } else { text.map(Signal::Note).into_iter().collect() }
            }
            Kind::Fail => {
                taken.took = self.took(ping.rid, at);
                self.open = None;
                vec![claim(false, text)]
            }
            Kind::Exit(status) => {
                taken.took = self.took(ping.rid, at);
                self.open = None;
                vec![claim(false, text.or_else(|| Some(format!("exit status {status}"))))]
            }
            Kind::Log => log(text, body, steps),
        };
        if self.run != RunState::Going {
            taken.signals.clear();
        } else if taken.signals.is_empty() {
            taken.signals.push(Signal::Beat);
        }
        taken
    }

    fn start(&mut self, start: Start) {
        if let Some(before) = self.open.replace(start).filter(|before| before.rid != start.rid) {
            self.replaced.push_back(before);
        }
        self.replaced.retain(|before| before.rid != start.rid);
        while self.replaced.len() > STARTS_MAX {
            self.replaced.pop_front();
        }
    }

    /// Since the start of the same run id. The open one is left to those who know what its end means.
    fn took(&mut self, rid: Option<Uuid>, at: Awake) -> Option<Span> {
        if let Some(open) = self.open.filter(|open| open.rid == rid) {
            return Some(at.since(open.at));
        }
        let place = self.replaced.iter().position(|before| before.rid == rid)?;
        self.replaced.remove(place).map(|start| at.since(start.at))
    }

    /// Whether a success is an end. One of another run id does not close an open start.
    fn succeeds(&mut self, rid: Option<Uuid>) -> bool {
        let closes = self.open.is_some_and(|open| rid.is_none() || open.rid == rid);
        if closes {
            self.open = None;
        }
        match self.mode {
            PingMode::Auto => closes,
            PingMode::Job => closes || self.open.is_none(),
            PingMode::Heartbeat => false,
        }
    }
}

fn claim(succeeded: bool, message: Option<String>) -> Signal {
    Signal::Claims(Claim { succeeded, message })
}

fn log(text: Option<String>, body: &[u8], steps: Option<Steps<'_>>) -> Vec<Signal> {
    let step = steps.and_then(|steps| steps(&String::from_utf8_lossy(body)));
    match (step, text) {
        (Some((step, total)), note) => vec![Signal::Advance(Advance { step: Some(step), total, note, series: None })],
        (None, note) => note.map(Signal::Note).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Uuid = Uuid::from_u128(0xA);
    const B: Uuid = Uuid::from_u128(0xB);

    /// Hears a story, one ping a second (`start`, `ok`, `fail`, `log`, a number; `:a` and `:b` are run ids), and tells in a
    /// word what each one came to.
    fn tell(mode: PingMode, story: &str) -> String {
        let mut check = Check::new(mode);
        let mut told = Vec::new();
        for (second, word) in (0..).zip(story.split_whitespace()) {
            let at = Awake::from_ms(second * 1000);
            let (word, rid) =
                word.split_once(':').map_or((word, None), |(word, rid)| (word, Some(if rid == "a" { A } else { B })));
            let kind = match word {
                "BEGIN" => {
                    check.run_began(at);
                    continue;
                }
                "END" => {
                    check.run_ended();
                    continue;
                }
                "start" => Kind::Start,
                "ok" => Kind::Success,
                "fail" => Kind::Fail,
                "log" => Kind::Log,
                status => Kind::Exit(status.parse().unwrap()),
            };
            told.push(shown(&check.hear(Ping { kind, rid }, b"", at, None)));
        }
        told.join(" ")
    }

    fn shown(taken: &Taken) -> String {
        let word = |signal: &Signal| match signal {
            Signal::Beat => "beat".to_owned(),
            Signal::Claims(claim) => if claim.succeeded { "done" } else { "failed" }.to_owned(),
            other @ (Signal::Advance(_)
            | Signal::Begins { .. }
            | Signal::Ends { .. }
            | Signal::EmptyTurn
            | Signal::Waits(_)
            | Signal::Resumes
            | Signal::Unclaims
            | Signal::Result(_)
            | Signal::Note(_)
            | Signal::Metrics(_)
            | Signal::Expects(_)) => format!("{other:?}"),
        };
        let signals: Vec<String> = taken.signals.iter().map(word).collect();
        let took = taken.took.map(|took| format!("/{}", took.as_ms() / 1000)).unwrap_or_default();
        format!("{}{}{took}", if taken.late { "late" } else { "" }, signals.join("+"))
    }

    #[test]
    fn a_success_is_an_end_when_a_start_is_open_and_a_beat_otherwise() {
        let cases = [
            ("BEGIN ok ok", "beat beat"),
            ("BEGIN start ok ok", "beat done/1 beat"),
            ("BEGIN start 0", "beat done/1"),
            ("BEGIN start:a ok:a", "beat done/1"),
            ("BEGIN start:a log ok", "beat beat done"),
            ("BEGIN start:a ok:b ok:a", "beat beat done/2"),
            ("BEGIN start ok:b ok", "beat beat done/2"),
            ("BEGIN start start ok ok", "beat beat done/1 beat"),
        ];
        for (story, told) in cases {
            assert_eq!(tell(PingMode::Auto, story), told, "{story}");
        }
    }

    #[test]
    fn a_failure_is_always_an_end_whatever_its_run_id() {
        let cases = [
            ("BEGIN fail", "failed"),
            ("BEGIN 1 255", "failed failed"),
            ("BEGIN start:a fail:a", "beat failed/1"),
            ("BEGIN start:a fail:b ok:a", "beat failed beat"),
            ("BEGIN start:a 3 ok", "beat failed beat"),
        ];
        for (story, told) in cases {
            assert_eq!(tell(PingMode::Auto, story), told, "{story}");
        }
    }

    #[test]
    fn each_run_id_has_a_duration_of_its_own_and_the_last_start_is_the_open_one() {
        assert_eq!(tell(PingMode::Auto, "BEGIN start:a start:b ok:a ok:b"), "beat beat beat/2 done/2");
        assert_eq!(tell(PingMode::Auto, "BEGIN start:a start:b ok:b ok:a"), "beat beat done/1 beat/3");
        assert_eq!(tell(PingMode::Auto, "BEGIN start:a start:b start:a ok:a"), "beat beat beat done/1");
    }

    #[test]
    fn a_job_can_say_what_a_success_always_is() {
        assert_eq!(tell(PingMode::Job, "BEGIN ok start ok"), "done beat done/1");
        assert_eq!(tell(PingMode::Job, "BEGIN start:a ok:b ok:a"), "beat beat done/2");
        assert_eq!(tell(PingMode::Heartbeat, "BEGIN start ok 0 fail"), "beat beat/1 beat failed");
    }

    #[test]
    fn a_ping_after_the_end_of_its_run_is_late_and_says_nothing_of_any_run() {
        assert_eq!(tell(PingMode::Auto, "BEGIN start END ok fail BEGIN ok"), "beat late/2 late beat");
        assert_eq!(tell(PingMode::Auto, "ok fail"), " ", "no run was ever there");
    }

    #[test]
    fn a_start_of_the_run_before_is_not_open_in_the_next_one_but_one_that_came_a_little_early_is() {
        let far = "BEGIN start END log log log log log log log log log log BEGIN ok";
        assert!(tell(PingMode::Auto, far).ends_with(" beat"), "{}", tell(PingMode::Auto, far));
        assert_eq!(tell(PingMode::Auto, "start BEGIN ok"), " done/2");
    }

    #[test]
    fn a_body_is_what_the_claim_or_the_note_says_and_is_made_harmless() {
        let mut check = Check::new(PingMode::Auto);
        check.run_began(Awake::default());
        let mut hear = |kind, body: &[u8]| check.hear(Ping { kind, rid: None }, body, Awake::default(), None).signals;
        assert_eq!(hear(Kind::Log, b"  two\nlines \x1b[31mred"), [Signal::Note("two lines red".to_owned())]);
        assert_eq!(hear(Kind::Start, b"go"), [Signal::Note("go".to_owned())]);
        assert_eq!(hear(Kind::Success, b"\xff ok"), [claim(true, Some("\u{fffd} ok".to_owned()))]);
        assert_eq!(hear(Kind::Fail, b"boom"), [claim(false, Some("boom".to_owned()))]);
        assert_eq!(hear(Kind::Exit(3), b""), [claim(false, Some("exit status 3".to_owned()))]);
        let Some(Signal::Note(long)) = hear(Kind::Log, &[b'x'; 10_000]).pop() else { panic!("no note") };
        assert_eq!(long.chars().count(), TEXT_CHARS_MAX);
    }

    #[test]
    fn a_log_is_progress_only_where_the_job_says_how_a_step_looks() {
        let mut check = Check::new(PingMode::Auto);
        check.run_began(Awake::default());
        let of = |text: &str| -> Option<(i64, Option<i64>)> {
            let (step, total) = text.split_once("step ")?.1.split_once('/')?;
            Some((step.parse().ok()?, total.parse().ok()))
        };
        let ping = |kind| Ping { kind, rid: None };
        let mut hear = |kind, steps| check.hear(ping(kind), b"step 3/10", Awake::default(), steps).signals;
        assert_eq!(hear(Kind::Log, None), [Signal::Note("step 3/10".to_owned())]);
        let note = Some("step 3/10".to_owned());
        let advance = Advance { step: Some(3), total: Some(10), note, series: None };
        assert_eq!(hear(Kind::Log, Some(&of)), [Signal::Advance(advance)]);
        assert_eq!(hear(Kind::Success, Some(&of)), [Signal::Note("step 3/10".to_owned())], "only a log is looked at");
    }

    #[test]
    fn however_many_starts_there_are_few_are_kept() {
        let mut check = Check::new(PingMode::Auto);
        for n in 0..1000_u32 {
            let ping = Ping { kind: Kind::Start, rid: Some(Uuid::from_u128(u128::from(n))) };
            check.hear(ping, b"", Awake::default(), None);
        }
        assert_eq!(check.replaced.len(), STARTS_MAX);
    }
}
