//! What the sources of a run have said so far. Bounded: whatever they say, this does not grow without end.

use std::collections::{BTreeMap, BTreeSet};

use super::doing::Record;
use super::{Awake, Resume, Span};
use crate::input::Activity;
use crate::reports::{Cap, Circles, Pace, Reports};
use crate::signal::{Claim, Metrics, Source, Wait};
use crate::snapshot::{Liveness, Totals};
use crate::time::Wall;

/// So many sources of one run are told apart; what comes from others counts as one more.
const SOURCES_MAX: usize = 32;
/// So many activities are open at most; the oldest gives way.
const OPEN_MAX: usize = 256;

/// What was said.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    best: BTreeMap<Source, Best>,
    pub(super) open: Vec<Open>,
    /// What the stall clock showed when the first thing with limits of its own began that is open.
    pub(super) apart_from: Option<Span>,
    /// Time on the stall clock in which such things were open: it is theirs, not the run's own.
    pub(super) apart: Span,
    pub(super) waits: BTreeMap<Source, Wait>,
    /// What is on record of what it does.
    pub(super) record: Record,
    /// The first of the waits that are open began then.
    pub(super) waiting_since: Option<Awake>,
    /// A person was told of the wait.
    pub(super) told_waiting: bool,
    /// When a usage limit counts as passed that the run waits for.
    pub(super) limit_over: Option<Awake>,
    /// The last sign of life, or the moment from which one is expected.
    pub(super) beat: Awake,
    /// Whether any sign of life came while it is watched.
    pub(super) has_beaten: bool,
    /// What was last said of its liveness.
    pub(super) liveness: Option<Liveness>,
    pub(super) claim: Option<Claim>,
    result: HandedBack,
    pub(super) totals: Totals,
    /// The totals that are on record.
    pub(super) totals_on_record: Totals,
    /// When the totals were last put on record.
    pub(super) totals_kept: Option<Awake>,
    circles: Round,
    /// Since when it has gone round in circles.
    pub(super) circling: Option<Awake>,
    /// What the stall clock may show in the present step, where more time was asked for.
    pub(super) expected: Option<Span>,
    asked: Asked,
    /// Of what cost a person was told.
    pub(super) told_cost: BTreeSet<Cap>,
    /// Since when all is spent that may be.
    pub(super) spent: BTreeMap<Cap, Awake>,
}

/// How far one source has come.
#[derive(Debug, Clone, Default)]
struct Best {
    step: Option<i64>,
    series: Option<String>,
}

/// What it hands back.
#[derive(Debug, Clone, Default)]
struct HandedBack {
    /// As JSON.
    result: Option<String>,
    /// When that was last put on record.
    kept: Option<Awake>,
    on_record: bool,
}

/// What the marker asked for when it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Asked {
    #[default]
    Nothing,
    /// So much time for this step.
    For(i64, Span),
    /// Whatever it was, an earlier watch granted it.
    Before,
}

/// Something that has begun.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) source: Source,
    pub(super) id: String,
    pub(super) activity: Activity,
    pub(super) what: Option<String>,
    /// What the stall clock showed then, or 0 when the run advanced since.
    pub(super) at: Span,
}

/// The same again.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    digest: Option<u64>,
    times: u32,
    empty_turns: u32,
}

/// What a step means beside the best one of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stepped {
    /// It is a new best.
    Forward,
    /// It is the best one again.
    Same,
    /// It fell behind this best one.
    Back(i64),
}

impl Heard {
    /// What an earlier watch had heard, if there was one. A sign of life is expected from this moment on.
    pub(super) fn new(now: Awake, resume: &Resume, reports: &Reports) -> Self {
        let mut heard = Self {
            beat: now,
            totals: resume.totals,
            totals_on_record: resume.totals,
            expected: resume.expected,
            claim: resume.claim.clone(),
            record: Record::of(now, resume, reports),
            asked: if resume.expected.is_some() { Asked::Before } else { Asked::Nothing },
            ..Self::default()
        };
        for (source, step) in &resume.best {
            heard.resume_step(source, *step);
        }
        for (cap, is_spent) in &resume.told_cost {
            heard.told_cost.insert(*cap);
            if *is_spent {
                heard.spent.insert(*cap, now);
            }
        }
        heard.resume_doing(&resume.doing);
        for (source, wait) in resume.waits.clone() {
            let _news = heard.wait(resume.waits_since.unwrap_or(now), &source, wait);
            heard.record.waits(&source);
        }
        heard
    }

    /// When the usage limit is said to pass that it waits for.
    pub(super) fn waits_until(&self) -> Option<Wall> {
        self.waits.values().find_map(|wait| if let Wait::Limit { until, .. } = wait { *until } else { None })
    }

    /// When the last of the usage limits is said to pass that it waits for.
    pub(super) fn last_limit(&self) -> Option<Wall> {
        let until = |wait: &Wait| if let Wait::Limit { until, .. } = wait { *until } else { None };
        self.waits.values().filter_map(until).max()
    }

    /// Compares a step with the best one of its source, and keeps a new best.
    pub(super) fn step(&mut self, source: &Source, step: i64, series: Option<String>) -> Stepped {
        let best = self.best_of(source);
        let other_series = series.is_some() && best.series.is_some() && series != best.series;
        if series.is_some() {
            best.series = series;
        }
        match best.step {
            Some(former) if step < former && !other_series => Stepped::Back(former),
            Some(former) if step == former && !other_series => Stepped::Same,
            Some(_) | None => {
                best.step = Some(step);
                Stepped::Forward
            }
        }
    }

    /// The step after the best one of `source`, which becomes its best.
    pub(super) fn next_step(&mut self, source: &Source) -> i64 {
        let best = self.best_of(source);
        let step = best.step.map_or(1, |step| step.saturating_add(1));
        best.step = Some(step);
        step
    }

    /// The time that a marker asks for, if it does so newly: it is read again and again, and its step with the same word
    /// for it asks once. A step that went back asks for nothing.
    pub(super) fn asks(&mut self, stepped: Stepped, step: i64, expect: Option<Span>) -> Option<Span> {
        if matches!(stepped, Stepped::Back(_)) {
            return None;
        }
        let asked = expect.map_or(Asked::Nothing, |span| Asked::For(step, span));
        let before = std::mem::replace(&mut self.asked, asked);
        let is_news = stepped == Stepped::Forward || (before != Asked::Before && before != asked);
        expect.filter(|_| is_news)
    }

    /// Takes back what an earlier watch had seen.
    pub(super) fn resume_step(&mut self, source: &Source, step: i64) {
        self.best_of(source).step = Some(step);
    }

    fn best_of(&mut self, source: &Source) -> &mut Best {
        let full = self.best.len() >= SOURCES_MAX && !self.best.contains_key(source);
        let source = if full { Source::of("others") } else { source.clone() };
        self.best.entry(source).or_default()
    }

    /// Something begins, when the stall clock shows `at`.
    pub(super) fn begin(
        &mut self,
        source: &Source,
        id: String,
        begun: (Activity, Option<String>),
        at: Span,
        reports: &Reports,
    ) {
        self.end(source, &id, at, reports);
        if self.open.len() >= OPEN_MAX {
            self.open.remove(0);
        }
        let (activity, what) = begun;
        if reports.pace(activity).is_some() {
            let _since = self.apart_from.get_or_insert(at);
            self.record.begun();
        }
        self.open.push(Open { source: source.clone(), id, activity, what, at });
    }

    /// Something ends, when the stall clock shows `at`.
    pub(super) fn end(&mut self, source: &Source, id: &str, at: Span, reports: &Reports) {
        let is_it = |open: &Open| open.source == *source && open.id == id;
        let ended = self.open.iter().find(|open| is_it(open)).and_then(|open| reports.pace(open.activity));
        self.open.retain(|open| !is_it(open));
        if let (Some(pace), Some(from), false) = (ended, self.apart_from, self.is_apart(reports)) {
            // Never more than one of them may take: failing again and again wins no more time.
            self.apart = self.apart.plus(at.minus(from)).min(pace.stall_after);
            self.apart_from = None;
        }
    }

    fn is_apart(&self, reports: &Reports) -> bool {
        self.open.iter().any(|open| reports.pace(open.activity).is_some())
    }

    /// The run advanced: nothing of before counts.
    pub(super) fn advanced(&mut self) {
        self.expected = None;
        self.record.advanced();
        self.apart = Span::ZERO;
        self.apart_from = self.apart_from.map(|_| Span::ZERO);
        self.open.iter_mut().for_each(|open| open.at = Span::ZERO);
    }

    /// The run waits, as `source` says; whether that is news.
    pub(super) fn wait(&mut self, now: Awake, source: &Source, wait: Wait) -> bool {
        let is_news = self.waits.get(source) != Some(&wait);
        if self.waits.len() < SOURCES_MAX || self.waits.contains_key(source) {
            self.waits.insert(source.clone(), wait);
            let _first = self.waiting_since.get_or_insert(now);
        }
        is_news
    }

    /// `source` says that the run no longer waits; whether that ends the waiting.
    pub(super) fn resume(&mut self, source: &Source) -> bool {
        self.waits.remove(source).is_some() && self.ends_waiting()
    }

    /// No usage limit is waited for any more; whether that ends the waiting.
    pub(super) fn limits_passed(&mut self) -> bool {
        self.limit_over = None;
        let before = self.waits.len();
        self.waits.retain(|_, wait| matches!(wait, Wait::Human { .. }));
        self.waits.len() < before && self.ends_waiting()
    }

    fn ends_waiting(&mut self) -> bool {
        let over = self.waits.is_empty();
        if over {
            self.waiting_since = None;
            self.told_waiting = false;
            self.limit_over = None;
        }
        over
    }

    /// The wait that counts most for people: a person before a limit.
    pub(super) fn wait_of_most_weight(&self) -> Option<&Wait> {
        let human = self.waits.values().find(|wait| matches!(wait, Wait::Human { .. }));
        human.or_else(|| self.waits.values().next())
    }

    /// Whether it waits.
    pub(super) fn waits(&self) -> bool {
        !self.waits.is_empty()
    }

    /// What it is doing, and a word for it.
    pub(super) fn activity(&self) -> (Activity, Option<&str>) {
        match self.wait_of_most_weight() {
            Some(Wait::Human { what, .. }) => (Activity::WaitingHuman, what.as_deref()),
            Some(Wait::Limit { .. }) => (Activity::WaitingLimit, None),
            None => self.open.last().map_or((Activity::Working, None), |open| (open.activity, open.what.as_deref())),
        }
    }

    /// The limits in force, on the stall clock: those of the slowest thing that is open, from the moment in which it began;
    /// an agent that has begun several things waits for all of them. What began when the run was overdue counts from its
    /// own limit, so that beginning ever new things wins no more time. What they took is not on the run's own limits.
    pub(super) fn pace(&self, own: Pace, reports: &Reports) -> Pace {
        let shifted =
            Pace { warn_after: own.warn_after.plus(self.apart), stall_after: own.stall_after.plus(self.apart) };
        let of = |open: &Open| {
            let from = open.at.min(own.stall_after);
            reports.pace(open.activity).map_or(shifted, |pace| Pace {
                warn_after: from.plus(pace.warn_after),
                stall_after: from.plus(pace.stall_after),
            })
        };
        let pace = self.open.iter().map(of).max_by_key(|pace| pace.stall_after).unwrap_or(shifted);
        match self.expected {
            Some(expected) => pace.until(expected),
            None => pace,
        }
    }

    /// A call came to an end; whether it has now been the same too often.
    pub(super) fn called(&mut self, digest: u64, limits: &Circles) -> Option<u32> {
        let same = self.circles.digest == Some(digest);
        self.circles.digest = Some(digest);
        self.circles.times = if same { self.circles.times.saturating_add(1) } else { 1 };
        self.circles.empty_turns = 0;
        // Whatever is not the same too often ends it; any call does, where it was turns without one.
        if limits.repeats == 0 || self.circles.times < limits.repeats {
            self.circling = None;
        }
        (limits.repeats > 0 && self.circles.times == limits.repeats).then_some(self.circles.times)
    }

    /// What was counted of going round in circles counts no more.
    pub(super) fn forget_circles(&mut self) {
        self.circles = Round::default();
        self.circling = None;
    }

    /// A turn of which nothing came; whether there have now been too many.
    pub(super) fn empty_turn(&mut self, limits: &Circles) -> Option<u32> {
        self.circles.empty_turns = self.circles.empty_turns.saturating_add(1);
        (limits.empty_turns > 0 && self.circles.empty_turns == limits.empty_turns).then_some(self.circles.empty_turns)
    }

    /// Keeps what it hands back. What is to be put on record of it at `now`, at once or once a minute at most.
    pub(super) fn hand_back(&mut self, now: Awake, result: String) -> Option<String> {
        if self.result.result.as_ref() == Some(&result) {
            return None;
        }
        self.result.result = Some(result);
        self.result.on_record = false;
        if self.result.kept.is_some_and(|kept| now.since(kept) < super::signals::KEPT_EVERY) {
            return None;
        }
        self.result.kept = Some(now);
        self.result_taken()
    }

    /// What it handed back and is not on record.
    pub(super) fn result_taken(&mut self) -> Option<String> {
        let is_on_record = std::mem::replace(&mut self.result.on_record, true);
        self.result.result.clone().filter(|_| !is_on_record)
    }

    /// What the work took, unless nothing is known of it.
    pub(super) fn totals_taken(&self) -> Option<Totals> {
        (self.totals != Totals::default()).then_some(self.totals)
    }

    /// Adds up what work took.
    pub(super) fn add(&mut self, metrics: &Metrics) {
        let totals = &mut self.totals;
        totals.succeeded = totals.succeeded.saturating_add(u64::from(metrics.succeeded));
        totals.failed = totals.failed.saturating_add(u64::from(metrics.failed));
        totals.turns = totals.turns.saturating_add(u64::from(metrics.turns));
        totals.cost_microusd = totals.cost_microusd.saturating_add(metrics.cost_microusd);
        if let Some(latency) = metrics.latency {
            totals.timed = totals.timed.saturating_add(1);
            totals.latency = totals.latency.plus(latency);
            totals.last_latency = Some(latency);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_ends_the_circles_of_turns_without_one_though_it_was_made_before() {
        let mut heard = Heard::new(Awake::from_ms(0), &Resume::default(), &Reports::default());
        let limits = Circles { repeats: 3, empty_turns: 2, stop: false };
        assert_eq!(heard.called(7, &limits), None);
        assert_eq!((heard.empty_turn(&limits), heard.empty_turn(&limits)), (None, Some(2)));
        heard.circling = Some(Awake::from_ms(5));
        assert_eq!(heard.called(7, &limits), None);
        assert_eq!(heard.circling, None);
        assert_eq!(heard.called(7, &limits), Some(3));
        heard.circling = Some(Awake::from_ms(9));
        assert_eq!(heard.called(7, &limits), None);
        assert_eq!(heard.circling, Some(Awake::from_ms(9)), "the same once more");
    }

    #[test]
    fn what_an_earlier_watch_told_of_costs_is_known() {
        let now = Awake::from_ms(3);
        let resume = Resume { told_cost: vec![(Cap::Run, false), (Cap::Day, true)], ..Resume::default() };
        let heard = Heard::new(now, &resume, &Reports::default());
        assert_eq!(heard.told_cost, BTreeSet::from([Cap::Run, Cap::Day]));
        assert_eq!(heard.spent, BTreeMap::from([(Cap::Day, now)]), "only the warning was told of the other");
    }

    #[test]
    fn what_an_earlier_watch_granted_is_not_granted_again_when_the_marker_is_read() {
        let resume = Resume { expected: Some(Span::from_mins(25)), ..Resume::default() };
        let mut heard = Heard::new(Awake::from_ms(0), &resume, &Reports::default());
        let asked = Some(Span::from_mins(25));
        assert_eq!(heard.asks(Stepped::Same, 3, asked), None);
        assert_eq!(heard.asks(Stepped::Same, 3, asked), None);
        assert_eq!(heard.asks(Stepped::Forward, 4, asked), asked);
        let mut heard = Heard::new(Awake::from_ms(0), &resume, &Reports::default());
        assert_eq!(heard.asks(Stepped::Forward, 4, asked), asked);
    }
}
