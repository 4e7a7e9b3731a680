//! What follows from what the sources of a run say.

use super::heard::Stepped;
use super::{Awake, Effect, Entry, Life, Now, Reason, Run, Span};
use crate::effect::{CalledOff, HeardEntry, HeardNotice, Notice};
use crate::input::Activity;
use crate::limits::Mode;
use crate::reports::{Beats, Budget, Cap, LIMIT_SLACK, TELL_WAITING_AFTER};
use crate::signal::{Advance, Claim, Metrics, Signal, Source, Wait};
use crate::snapshot::Liveness;

/// Totals and results are put on record this often at most, and at the end.
pub(super) const KEPT_EVERY: Span = Span::from_secs(60);

/// Something to be told when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Beats are late, or stay away.
    Liveness(Liveness),
    /// It has waited for a person for a while.
    Waiting,
    /// The usage limit that it waited for has passed.
    LimitPassed,
    /// What it does is to be put on record.
    Doing,
}

impl Run {
    /// Takes in what a source says.
    pub(crate) fn hear(&mut self, now: Now, source: &Source, signal: Signal, out: &mut Vec<Effect>) {
        if self.life == Life::Ended {
            return;
        }
        self.sign_of_life(now.awake, out);
        self.take_in(now, source, signal, out);
        let doing = self.heard.doing(&self.limits.reports);
        self.heard.record.compare(now.awake, &doing);
    }

    fn take_in(&mut self, now: Now, source: &Source, signal: Signal, out: &mut Vec<Effect>) {
        match signal {
            Signal::Beat => self.awaits_first_beat = false,
            Signal::Advance(advance) => self.advance_of(now, source, advance, out),
            Signal::Begins { id, activity, what } => {
                self.goes_on(now, source, out);
                let at = self.clock.elapsed(now.awake);
                self.heard.begin(source, id, (activity, what), at, &self.limits.reports);
            }
            Signal::Ends { id, digest } => {
                self.goes_on(now, source, out);
                let before = self.pace();
                self.heard.end(source, &id, self.clock.elapsed(now.awake), &self.limits.reports);
                if self.pace().stall_after < before.stall_after {
                    // What was within its limits until this moment is not late by the limit that holds from here on.
                    self.judge_from(now.awake);
                }
                let times = digest.and_then(|digest| self.heard.called(digest, &self.limits.reports.circles));
                self.circles(now, times, false, out);
            }
            Signal::EmptyTurn => {
                let times = self.heard.empty_turn(&self.limits.reports.circles);
                self.circles(now, times, true, out);
            }
            Signal::Waits(wait) => self.waits(now, source, wait, out),
            Signal::Resumes => self.goes_on(now, source, out),
            Signal::Claims(claim) => self.claims(claim, out),
            Signal::Unclaims => {
                if self.heard.claim.take().is_some() {
                    self.note_heard(HeardEntry::Unclaimed, out);
                }
            }
            Signal::Result(result) => {
                if let Some(result) = self.heard.hand_back(now.awake, result) {
                    self.note_heard(HeardEntry::Result(result), out);
                }
            }
            Signal::Note(note) => self.note = Some(note),
            Signal::Metrics(metrics) => self.measure(now, &metrics, out),
            Signal::Expects(span) => self.expects(now, span, out),
        }
    }

    /// Anything that a source says is a sign of life.
    pub(super) fn sign_of_life(&mut self, now: Awake, out: &mut Vec<Effect>) {
        let since = now.since(self.heard.beat);
        self.heard.beat = now;
        self.held.since_beat = Span::ZERO;
        self.heard.has_beaten = true;
        let _given = self.told.verdicts.remove(&Reason::Unresponsive);
        if self.heard.liveness.is_some_and(|liveness| liveness != Liveness::Healthy) {
            self.heard.liveness = Some(Liveness::Healthy);
            self.note_heard(HeardEntry::Liveness { liveness: Liveness::Healthy, since }, out);
        }
        if self.doubted() == Some(Reason::Unresponsive) {
            self.clear(CalledOff::Beaten, out);
        }
    }

    fn advance_of(&mut self, now: Now, source: &Source, advance: Advance, out: &mut Vec<Effect>) {
        let advanced = match advance.step {
            Some(step) if step >= 0 => self.step_to(now, source, step, advance, out) == Stepped::Forward,
            Some(_) => false,
            None => {
                let step = self.heard.next_step(source);
                self.advance(now, source, step, (advance.total, advance.note), out);
                true
            }
        };
        if advanced {
            self.goes_on(now, source, out);
        }
    }

    /// The source shows work: what it said of waiting is over.
    fn goes_on(&mut self, now: Now, source: &Source, out: &mut Vec<Effect>) {
        if self.heard.resume(source) {
            self.resumed(now, out);
        }
    }

    fn resumed(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.clock.resume(now.awake);
        self.heard.record.resumed();
        self.note_heard(HeardEntry::Resumed, out);
    }

    fn waits(&mut self, now: Now, source: &Source, wait: Wait, out: &mut Vec<Effect>) {
        let wait = wait.dated(now.wall);
        let is_limit = matches!(wait, Wait::Limit { .. });
        if self.heard.wait(now.awake, source, wait.clone()) {
            self.heard.record.waits(source);
            self.note_heard(HeardEntry::Waits { wait, source: source.clone() }, out);
        }
        if is_limit {
            self.expect_limit(now);
        }
        self.clock.pause(now.awake);
        if matches!(self.life, Life::Doubted(reason) if reason.is_doubtful()) {
            self.clear(CalledOff::Advanced, out);
        }
    }

    /// When the usage limit that it waits for counts as passed.
    pub(super) fn expect_limit(&mut self, now: Now) {
        self.heard.limit_over = self.heard.last_limit().map(|until| {
            let ms = u64::try_from(until.as_ms().saturating_sub(now.wall.as_ms())).unwrap_or(0);
            now.awake.plus(Span::from_ms(ms)).plus(LIMIT_SLACK)
        });
    }

    /// Its own word for its end is kept; the end of its process decides.
    fn claims(&mut self, claim: Claim, out: &mut Vec<Effect>) {
        if self.heard.claim.as_ref() != Some(&claim) {
            self.note_heard(HeardEntry::Claimed(claim.clone()), out);
            self.heard.claim = Some(claim);
        }
    }

    fn circles(&mut self, now: Now, times: Option<u32>, empty_turns: bool, out: &mut Vec<Effect>) {
        let Some(times) = times else { return };
        self.heard.circling = Some(now.awake);
        self.note_heard(HeardEntry::Circling { times, empty_turns }, out);
        if self.judges(Reason::Circling) {
            self.tell_heard(HeardNotice::Circling { times }, out);
        }
    }

    fn measure(&mut self, now: Now, metrics: &Metrics, out: &mut Vec<Effect>) {
        self.heard.add(metrics);
        if self.heard.totals_kept.is_none_or(|kept| now.awake.since(kept) >= KEPT_EVERY) {
            self.keep_totals(now.awake, out);
        }
    }

    /// Compares what it has cost with what it may. `day_microusd` is what all runs of its job cost within a day.
    pub(crate) fn check_budget(&mut self, now: Now, day_microusd: u64, out: &mut Vec<Effect>) {
        let Some(budget) = self.limits.reports.budget.filter(|_| self.life != Life::Ended) else { return };
        for (cap, cost_microusd) in [(Cap::Run, self.heard.totals.cost_microusd), (Cap::Day, day_microusd)] {
            let Some(max_microusd) = budget.of(cap) else { continue };
            let is_spent = cost_microusd >= max_microusd && !self.heard.spent.contains_key(&cap);
            let is_near = cost_microusd >= Budget::told_at(max_microusd) && !self.heard.told_cost.contains(&cap);
            if is_spent {
                let _first = self.heard.spent.insert(cap, now.awake);
            }
            if is_spent || is_near {
                let _first = self.heard.told_cost.insert(cap);
                self.note_heard(HeardEntry::Spent { cost_microusd, max_microusd, cap }, out);
                // The stop will tell.
                if !(is_spent && budget.stop && self.mode == Mode::Enforce) {
                    self.tell_heard(HeardNotice::Spent { cost_microusd, max_microusd, cap }, out);
                }
            }
        }
    }

    /// Puts on record what the work took so far, unless it is, and what it does that may be quiet for long.
    pub(crate) fn put_on_record(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.keep_doing(false, out);
        if self.heard.totals != self.heard.totals_on_record {
            self.keep_totals(now.awake, out);
        }
    }

    fn keep_doing(&mut self, is_due: bool, out: &mut Vec<Effect>) {
        let doing = self.heard.doing(&self.limits.reports);
        if let Some(doing) = self.heard.record.keep(is_due, doing) {
            self.note_heard(HeardEntry::Doing(doing), out);
        }
    }

    fn keep_totals(&mut self, now: Awake, out: &mut Vec<Effect>) {
        self.heard.totals_kept = Some(now);
        self.heard.totals_on_record = self.heard.totals;
        self.note_heard(HeardEntry::Totals(self.heard.totals), out);
    }

    /// More time for the present step, up to the cap.
    pub(super) fn expects(&mut self, now: Now, span: Span, out: &mut Vec<Effect>) {
        let until = self.clock.elapsed(now.awake).minus(self.allowance()).plus(span).min(self.most());
        self.allow(now, until, false, out);
    }

    /// A person gives the present step more time than it has, up to the same cap. That is no sign of life.
    pub(crate) fn extend(&mut self, now: Now, by: Span, out: &mut Vec<Effect>) {
        let has = self.pace().stall_after;
        let until = has.plus(by).min(self.most());
        if self.life != Life::Ended && until > has {
            self.allow(now, until, true, out);
        }
    }

    /// What no step is given more than.
    fn most(&self) -> Span {
        self.limits.stall_after.times(self.limits.reports.expect_cap)
    }

    fn allow(&mut self, now: Now, until: Span, by_person: bool, out: &mut Vec<Effect>) {
        if self.heard.expected != Some(until) {
            self.heard.expected = Some(until);
            self.note_heard(HeardEntry::Expects { until, by_person }, out);
        }
        if self.doubted() == Some(Reason::Stalled) && !self.is_over(now, Reason::Stalled) {
            self.clear(CalledOff::Expected, out);
        }
    }

    /// How often it has to beat, as far as that is known of it.
    pub(super) fn beats(&self) -> Option<Beats> {
        self.limits.reports.beats.filter(|_| !self.awaits_first_beat)
    }

    /// When something is to be told next, if ever.
    pub(super) fn told_next(&self) -> Option<(Awake, Told)> {
        let limit = self.heard.limit_over.filter(|_| self.heard.waits()).map(|at| (at, Told::LimitPassed));
        let (activity, _) = self.heard.activity();
        let waits = self.heard.waiting_since.filter(|_| activity == Activity::WaitingHuman && !self.heard.told_waiting);
        let waiting = waits.map(|since| (since.plus(TELL_WAITING_AFTER), Told::Waiting));
        let late =
            self.beats().filter(|_| self.judges(Reason::Unresponsive)).and_then(|beats| match self.heard.liveness {
                None | Some(Liveness::Healthy) => Some((beats.degraded_after, Liveness::Degraded)),
                Some(Liveness::Degraded) => Some((beats.unreachable_after, Liveness::Unreachable)),
                Some(Liveness::Unreachable) => None,
            });
        let late =
            late.map(|(after, liveness)| (self.expected_at(after).max(self.judged_from), Told::Liveness(liveness)));
        let doing = self.heard.record.due().map(|at| (at, Told::Doing));
        [limit, waiting, late, doing].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Tells what is due.
    pub(crate) fn tell_of(&mut self, now: Now, what: Told, out: &mut Vec<Effect>) {
        match what {
            Told::LimitPassed => {
                if self.heard.limits_passed() {
                    self.resumed(now, out);
                }
            }
            Told::Doing => self.keep_doing(true, out),
            Told::Waiting => {
                self.heard.told_waiting = true;
                let since = self.heard.waiting_since.map_or(Span::ZERO, |since| now.awake.since(since));
                if let Some(Wait::Human { kind, what }) = self.heard.wait_of_most_weight().cloned() {
                    self.tell_heard(HeardNotice::WaitsForPerson { kind, what, since }, out);
                }
            }
            Told::Liveness(liveness) => {
                let since = now.awake.since(self.heard.beat);
                self.heard.liveness = Some(liveness);
                self.note_heard(HeardEntry::Liveness { liveness, since }, out);
                let stops = self.limits.reports.beats.is_some_and(|beats| beats.stop);
                if liveness == Liveness::Unreachable && !(stops && self.mode == Mode::Enforce) {
                    self.tell_heard(HeardNotice::Unreachable { since }, out);
                }
            }
        }
    }

    fn note_heard(&self, entry: HeardEntry, out: &mut Vec<Effect>) {
        out.push(Effect::Record(self.id, Entry::Heard(entry)));
    }

    fn tell_heard(&self, what: HeardNotice, out: &mut Vec<Effect>) {
        out.push(Effect::Notify(Notice::Heard { run: self.id, job: self.job.clone(), what }));
    }

    /// Since when a verdict for `reason` that rests on reports is due; `None` when it is not.
    pub(super) fn reported_at(&self, reason: Reason) -> Option<Awake> {
        let reports = &self.limits.reports;
        match reason {
            Reason::Unresponsive => self
                .beats()
                .filter(|beats| beats.stop && !self.heard.waits())
                .map(|beats| self.expected_at(beats.unreachable_after)),
            Reason::Circling => self.heard.circling.filter(|_| reports.circles.stop),
            Reason::Budget => {
                let spent = self.heard.spent.values().min().copied();
                spent.filter(|_| reports.budget.is_some_and(|budget| budget.stop))
            }
            Reason::Stalled | Reason::MaxRuntime | Reason::User => None,
        }
    }
}
