//! What a run does, as it is put on record for whoever goes on after a crash. Written seldom: sub-agents, compactions and
//! waits at once, tools once they have been open for a while.

use super::heard::{Heard, Open};
use super::{Awake, Span};
use crate::clock::StallClock;
use crate::input::{Activity, Doing, OpenActivity, Resume};
use crate::reports::{Pace, Reports};
use crate::signal::Source;

/// A tool is put on record when it has been open for this long, so that quick calls cost the disk nothing. One that is
/// forgotten in a crash is covered by [`Record::unsure_until`].
pub(super) const KEPT_AFTER: Span = Span::from_secs(10);
/// So many open things are put on record at most, those that may take longest.
const KEPT_MAX: usize = 16;
/// Of a word for one of them, so many characters are.
const WHAT_MAX: usize = 100;

/// What is on record, and since when that is not all.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    kept: Doing,
    /// Whether it ever began anything with limits of its own, and whether that is on record.
    begins: Begins,
    /// Since when what it does is not what is on record.
    differs: Option<Awake>,
    /// Until then a run that an earlier watch had heard to do such things may be doing one that is not known of: it began
    /// while nobody listened, or too short before to be on record.
    pub(super) unsure_until: Option<Awake>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Begins {
    #[default]
    Nothing,
    Untold,
    OnRecord,
}

impl Record {
    /// What an earlier watch left.
    pub(super) fn of(now: Awake, resume: &Resume, reports: &Reports) -> Self {
        let longest = [Activity::Tool, Activity::Subagent, Activity::Compacting].into_iter();
        let longest = longest.filter_map(|activity| reports.pace(activity)).map(|pace| pace.stall_after).max();
        let unsure_until = longest.filter(|_| resume.tells_what_it_does).map(|longest| now.plus(longest));
        let begins = if resume.tells_what_it_does { Begins::OnRecord } else { Begins::Nothing };
        Self { kept: resume.doing.clone(), begins, differs: None, unsure_until }
    }

    /// When the rest is to be put on record.
    pub(super) fn due(&self) -> Option<Awake> {
        self.differs.map(|since| since.plus(KEPT_AFTER))
    }

    pub(super) fn advanced(&mut self) {
        self.kept.advanced();
    }

    /// A wait is on record by itself.
    pub(super) fn waits(&mut self, source: &Source) {
        if !self.kept.waiting.contains(source) {
            self.kept.waiting.push(source.clone());
            self.kept.waiting.sort();
        }
    }

    /// So is that it no longer waits at all.
    pub(super) fn resumed(&mut self) {
        self.kept.waiting.clear();
    }

    /// Something with limits of its own begins.
    pub(super) fn begun(&mut self) {
        if self.begins == Begins::Nothing {
            self.begins = Begins::Untold;
        }
    }

    /// Compares what it does with what is on record.
    pub(super) fn compare(&mut self, now: Awake, doing: &Doing) {
        if self.kept.says(doing) {
            self.differs = None;
        } else {
            let _since = self.differs.get_or_insert(now);
        }
    }

    /// What is to be put on record, when that is due or cannot wait.
    pub(super) fn keep(&mut self, is_due: bool, doing: Doing) -> Option<Doing> {
        let cannot_wait = !self.kept.lasting().eq(doing.lasting()) || self.kept.waiting != doing.waiting;
        if is_due || cannot_wait {
            self.differs = None;
        }
        let is_known = self.kept.says(&doing) || !(is_due || cannot_wait);
        if is_known && self.begins != Begins::Untold {
            return None;
        }
        if self.begins == Begins::Untold {
            self.begins = Begins::OnRecord;
        }
        self.kept = doing.clone();
        Some(doing)
    }

    /// The limits in force, as long as something may be open that nobody knows of.
    pub(super) fn while_unsure(&self, pace: Pace, clock: &StallClock, allowance: Span) -> Pace {
        match self.unsure_until {
            Some(until) if !clock.is_paused() => pace.until(clock.elapsed(until).minus(allowance)),
            Some(_) | None => pace,
        }
    }
}

impl Doing {
    /// The run advanced: nothing of before counts.
    pub fn advanced(&mut self) {
        self.apart = Span::ZERO;
        self.apart_from = self.apart_from.map(|_| Span::ZERO);
        self.open.iter_mut().for_each(|open| open.at = Span::ZERO);
    }

    /// Whether it is as good as `other`: the words for it do not count, and a little time does not.
    fn says(&self, other: &Self) -> bool {
        let apart = self.apart.minus(other.apart).plus(other.apart.minus(self.apart));
        let same = |(one, other): (&OpenActivity, &OpenActivity)| one.is(other) && one.at == other.at;
        apart < KEPT_AFTER
            && self.apart_from == other.apart_from
            && self.waiting == other.waiting
            && self.open.len() == other.open.len()
            && self.open.iter().zip(&other.open).all(same)
    }

    /// What is rare, and may be quiet for longest.
    fn lasting(&self) -> impl Iterator<Item = (&Source, &str)> {
        self.open.iter().filter(|open| open.activity != Activity::Tool).map(|open| (&open.source, open.id.as_str()))
    }
}

impl OpenActivity {
    fn is(&self, other: &Self) -> bool {
        self.source == other.source && self.id == other.id && self.activity == other.activity
    }
}

impl Heard {
    /// Takes back what an earlier watch had on record.
    pub(super) fn resume_doing(&mut self, doing: &Doing) {
        self.apart = doing.apart;
        self.apart_from = doing.apart_from;
        self.open = doing.open.iter().cloned().map(Open::from).collect();
        // What began last is what it is shown to do.
        self.open.sort_by_key(|open| open.at);
    }

    /// What it does that has limits of its own.
    pub(super) fn doing(&self, reports: &Reports) -> Doing {
        let ends = |open: &Open| reports.pace(open.activity).map(|pace| open.at.plus(pace.stall_after));
        let mut open: Vec<&Open> = self.open.iter().filter(|open| ends(open).is_some()).collect();
        open.sort_by_key(|open| std::cmp::Reverse(ends(open)));
        open.truncate(KEPT_MAX);
        open.sort_by(|one, other| (&one.source, &one.id).cmp(&(&other.source, &other.id)));
        Doing {
            open: open.into_iter().map(OpenActivity::from).collect(),
            apart: self.apart,
            apart_from: self.apart_from,
            waiting: self.waits.keys().cloned().collect(),
        }
    }
}

impl From<OpenActivity> for Open {
    fn from(open: OpenActivity) -> Self {
        let OpenActivity { source, id, activity, what, at } = open;
        Self { source, id, activity, what, at }
    }
}

impl From<&Open> for OpenActivity {
    fn from(open: &Open) -> Self {
        let what = open.what.as_ref().map(|what| what.chars().take(WHAT_MAX).collect());
        Self { source: open.source.clone(), id: open.id.clone(), activity: open.activity, what, at: open.at }
    }
}
