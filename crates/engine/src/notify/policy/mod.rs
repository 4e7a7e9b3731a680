//! What of all that could be told is shown at once, with others together, in the morning, or not at all. Pure: the time
//! comes in, and nothing is read or shown here.
//!
//! | what is wanted of an event | by day | in quiet hours |
//! |---|---|---|
//! | `banner` | a banner | the morning; nothing for a warning |
//! | `digest` | the morning | the morning |
//! | `off` | nothing | nothing |
//! | `per-job`, for the end of a run by itself | a banner for a job that wants it | the morning |
//! | what could not be stopped, runs that are not watched | a banner that stays | the same without a sound |
//!
//! Of a job that may wake its owner all is told as by day. Where there is no report in the morning, what would be told then is
//! told nowhere.
//!
//! While somebody has snoozed a job, only what is critical is told of it, without a sound.
//!
//! A stop that somebody asked for is told to nobody, and takes the banner of its run away.
//!
//! What follows about the same run takes the place of its banner. Other banners are at most [`BANNERS_MAX`] within
//! [`WITHIN_MS`], the rest are merged into one, and the same of the same job is told once within [`ONCE_IN_MS`].

mod days;
mod kind;
mod morning;
mod quiet;
mod wants;

use std::collections::BTreeMap;

pub use days::{Days, DaysFault};
pub use kind::{Event, Kind};
pub use morning::{Morning, Nights, Report, ReportFault};
pub use quiet::{Night, QuietFault, QuietHours};
use wants::Place;
pub use wants::Wants;

/// So many banners are shown one by one…
pub const BANNERS_MAX: usize = 3;
/// …within so many milliseconds.
pub const WITHIN_MS: i64 = 10 * 60 * 1_000;
/// The same of the same job is told once within so many milliseconds.
pub const ONCE_IN_MS: i64 = 30 * 60 * 1_000;
/// Banners that are replaced by what follows about the same, at most.
const STANDING_MAX: usize = 16;

/// The place of a banner on the screen: a later one takes the place of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// About one run: a warning, its stop and how that went are one banner.
    Run(u64),
    /// About the breaker of a job.
    Breaker(String),
    /// About what was recovered.
    Recovered,
    /// About the watch itself.
    Watch,
    /// About many at once.
    Many,
    /// About the night.
    Morning,
}

/// Something that could be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it is.
    pub kind: Kind,
    /// Of which run.
    pub run: Option<u64>,
    /// Of which job.
    pub job: String,
    /// Its job wants its ends told.
    pub is_wanted: bool,
    /// It is what a person has asked for, who knows of it.
    pub is_asked_for: bool,
}

/// When it could be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Within quiet hours, of a job that may wake nobody.
    pub is_quiet: bool,
    /// Somebody wants to hear nothing of the job before the morning.
    pub is_snoozed: bool,
}

/// What becomes of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is shown.
    Show {
        /// Where.
        slot: Slot,
        /// Without a sound.
        is_silent: bool,
    },
    /// It is shown with those before it, in one banner.
    Merge {
        /// All that the banner stands for, oldest first.
        members: Vec<Member>,
        /// Their own banners, which it takes the place of.
        closes: Vec<Slot>,
    },
    /// The morning tells of it.
    Hold,
    /// It is not told.
    Drop(Dropped),
}

/// Why something is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Notifications are switched off.
    SwitchedOff,
    /// The tray shows it.
    TrayOnly,
    /// Nobody has asked for it.
    NotAskedFor,
    /// Its owner wants such things told nowhere.
    Unwanted,
    /// It would be told in the morning, and there is no report then.
    NoReport,
    /// The same was told a short while ago.
    ToldBefore,
    /// Somebody wants to hear nothing of its job before the morning.
    Snoozed,
    /// Whoever asked for it knows; what was told of the run before is no longer so.
    AskedFor,
}

impl Dropped {
    /// A fragment for the log.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::SwitchedOff => "notifications are switched off",
            Self::TrayOnly => "the tray shows it",
            Self::NotAskedFor => "nobody has asked for it",
            Self::Unwanted => "it is switched off",
            Self::NoReport => "there is no report in the morning",
            Self::ToldBefore => "the same was told within 30 min",
            Self::Snoozed => "its job is snoozed",
            Self::AskedFor => "somebody asked for it",
        }
    }
}

/// One of those that a banner about many stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is.
    pub kind: Kind,
    /// Of which run, where that is known.
    pub run: Option<u64>,
    /// Of which job.
    pub job: String,
}

/// A banner that was shown a short while ago.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    at_ms: i64,
    slot: Option<Slot>,
    member: Member,
}

/// What was told before, as far as it matters for what is told next.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    told: BTreeMap<String, i64>,
    shown: Vec<Shown>,
    standing: Vec<Slot>,
    merged: Vec<Member>,
}

impl Alert {
    /// What makes two alerts the same: kind and job; for what concerns one run only, kind and run.
    #[must_use]
    pub fn same(&self) -> String {
        let is_of_the_run = matches!(self.kind, Kind::CouldNotStop | Kind::Recovered);
        match self.run.filter(|_| is_of_the_run) {
            Some(run) => format!("{}/#{run}", self.kind.word()),
            None => format!("{}/{}", self.kind.word(), self.job),
        }
    }

    fn slot(&self) -> Slot {
        match self.kind {
            Kind::Breaker => Slot::Breaker(self.job.clone()),
            Kind::Recovered => Slot::Recovered,
            Kind::NotWatching => Slot::Watch,
            Kind::Warning
            | Kind::Stopped
            | Kind::CouldNotStop
            | Kind::CouldNotJudge
            | Kind::LeftAlone
            | Kind::WaitsForPerson
            | Kind::Unreachable
            | Kind::Circling
            | Kind::Spent
            | Kind::Finished
            | Kind::Failed => self.run.map_or(Slot::Watch, Slot::Run),
        }
    }

    fn member(&self) -> Member {
        Member { kind: self.kind, run: self.run, job: self.job.clone() }
    }
}

impl Policy {
    /// Goes on from what an earlier engine told: what it was ([`Alert::same`]), and when.
    #[must_use]
    pub fn going_on_from(told: BTreeMap<String, i64>) -> Self {
        let shown = told.iter().filter_map(|(same, at_ms)| {
            let (word, of) = same.split_once('/')?;
            let member = Member { kind: Kind::named(word)?, run: None, job: of.to_owned() };
            Some(Shown { at_ms: *at_ms, slot: None, member }).filter(|shown| !shown.member.kind.is_critical())
        });
        let mut shown: Vec<Shown> = shown.collect();
        shown.sort_by_key(|shown| shown.at_ms);
        Self { shown, told, standing: Vec::new(), merged: Vec::new() }
    }

    /// Whether the same was not told within the cool-down. What is dated later than this moment was told on a clock that
    /// has been set since.
    #[must_use]
    pub fn is_news(&self, alert: &Alert, at_ms: i64) -> bool {
        self.told.get(&alert.same()).is_none_or(|told| !(0..ONCE_IN_MS).contains(&at_ms.saturating_sub(*told)))
    }

    /// Notes that an alert was told together with another one.
    pub fn told_with_another(&mut self, alert: &Alert, at_ms: i64) {
        self.told.retain(|_, told| (0..ONCE_IN_MS).contains(&at_ms.saturating_sub(*told)));
        let _former = self.told.insert(alert.same(), at_ms);
    }

    /// What becomes of an alert.
    pub fn decide(&mut self, alert: &Alert, now: Moment, wants: Wants) -> Decision {
        let decision = self.judge(alert, now, wants);
        match &decision {
            Decision::Show { .. } | Decision::Merge { .. } => self.told_with_another(alert, now.at_ms),
            Decision::Hold | Decision::Drop(_) => {}
        }
        decision
    }

    fn judge(&mut self, alert: &Alert, now: Moment, wants: Wants) -> Decision {
        if alert.is_asked_for {
            self.forget_banner(alert);
            return Decision::Drop(Dropped::AskedFor);
        }
        if !wants.is_on {
            return Decision::Drop(Dropped::SwitchedOff);
        }
        let Some(event) = alert.kind.event() else { return self.critical(alert, now) };
        if now.is_snoozed {
            return Decision::Drop(Dropped::Snoozed);
        }
        let in_the_morning = if wants.has_report { Decision::Hold } else { Decision::Drop(Dropped::NoReport) };
        match (wants.place(event, alert.is_wanted), now.is_quiet) {
            (Place::Nowhere, _) if event == Event::Warning => Decision::Drop(Dropped::TrayOnly),
            (Place::Nowhere, _) => Decision::Drop(Dropped::Unwanted),
            // By the morning it is over, or was stopped.
            (Place::Banner, true) if event == Event::Warning => Decision::Drop(Dropped::TrayOnly),
            (Place::Morning, _) | (Place::Banner | Place::MorningOfNights, true) => in_the_morning,
            (Place::MorningOfNights, false) => Decision::Drop(Dropped::NotAskedFor),
            (Place::Banner, false) => self.by_day(alert, now.at_ms),
        }
    }

    fn critical(&mut self, alert: &Alert, Moment { at_ms, is_quiet, is_snoozed }: Moment) -> Decision {
        if !self.is_news(alert, at_ms) {
            return Decision::Drop(Dropped::ToldBefore);
        }
        let slot = alert.slot();
        // Its banner stays, whatever is merged.
        self.shown.iter_mut().filter(|shown| shown.slot.as_ref() == Some(&slot)).for_each(|shown| shown.slot = None);
        self.show(slot, is_quiet || is_snoozed)
    }

    /// Its banner is taken away, and no later one stands for it.
    fn forget_banner(&mut self, alert: &Alert) {
        let slot = alert.slot();
        self.standing.retain(|standing| *standing != slot);
        self.shown.retain(|shown| shown.slot.as_ref() != Some(&slot));
        self.merged.retain(|member| member.run != alert.run);
    }

    fn by_day(&mut self, alert: &Alert, at_ms: i64) -> Decision {
        let slot = alert.slot();
        if self.standing.contains(&slot) {
            // The same episode goes on: its banner says so, and is no other one.
            if let Some(shown) = self.shown.iter_mut().find(|shown| shown.slot.as_ref() == Some(&slot)) {
                shown.member = alert.member();
            }
            return self.show(slot, false);
        }
        if !self.is_news(alert, at_ms) {
            return Decision::Drop(Dropped::ToldBefore);
        }
        self.shown.retain(|shown| (0..WITHIN_MS).contains(&at_ms.saturating_sub(shown.at_ms)));
        if self.shown.len() < BANNERS_MAX {
            self.merged.clear();
            self.standing.retain(|standing| *standing != Slot::Many);
            self.shown.push(Shown { at_ms, slot: Some(slot.clone()), member: alert.member() });
            return self.show(slot, false);
        }
        self.merge(alert)
    }

    fn show(&mut self, slot: Slot, is_silent: bool) -> Decision {
        self.standing.retain(|standing| *standing != slot);
        self.standing.push(slot.clone());
        if self.standing.len() > STANDING_MAX {
            let _oldest = self.standing.remove(0);
        }
        Decision::Show { slot, is_silent }
    }

    fn merge(&mut self, alert: &Alert) -> Decision {
        if self.merged.is_empty() {
            self.merged = self.shown.iter().map(|shown| shown.member.clone()).collect();
        }
        // Who was warned about counts as what has become of it.
        self.merged.retain(|member| member.kind != Kind::Warning || member.run != alert.run);
        self.merged.push(alert.member());
        let closes: Vec<Slot> = self.shown.iter_mut().filter_map(|shown| shown.slot.take()).collect();
        self.standing.retain(|standing| !closes.contains(standing));
        Decision::Merge { members: self.merged.clone(), closes }
    }
}

#[cfg(test)]
mod tests;
