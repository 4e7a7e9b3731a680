//! The nights as their owner wants them: which of them are quiet, and when each of them is told.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::quiet::{moment, time_of_day};
use super::{Days, Night, QuietHours};

/// So long after the time of the report the night is told even when nobody has shown up.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// From when on a night is told where there are no quiet hours: when the usual ones would end.
const USUAL: Time = jiff::civil::time(7, 0, 0, 0);
/// Where there are no quiet hours, so many hours before the report are the night.
const NIGHT_H: i64 = 12;

/// When the night is told: the first time that somebody shows up after this, or half an hour after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// Never.
    Off,
    /// At the end of the quiet hours.
    On,
    /// At this time of the day; never before the quiet hours are over.
    From(Time),
}

/// A text is no time of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has to be `on`, which is the end of the quiet hours, a time of the day such as `08:00`, or `off`")]
pub struct ReportFault;

impl Report {
    /// Reads `on`, `off` or `08:00`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: &str) -> Result<Self, ReportFault> {
        match text.trim() {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            time => time_of_day(time).map(Self::From).map_err(|_| ReportFault),
        }
    }

    /// From when on, where that is said.
    const fn time(self) -> Option<Time> {
        match self {
            Self::Off | Self::On => None,
            Self::From(time) => Some(time),
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On => f.write_str("on"),
            Self::From(time) => write!(f, "{}", time.strftime("%H:%M")),
        }
    }
}

/// The nights as their owner wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nights {
    /// From when to when they are quiet; `None` for never.
    pub quiet: Option<QuietHours>,
    /// The days on which quiet nights begin.
    pub days: Days,
    /// When they are told.
    pub report: Report,
}

/// What is to be done about the last night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Morning {
    /// It is to be told.
    Due(Night),
    /// Nothing before this moment, unless somebody shows up.
    At(Timestamp),
}

impl Nights {
    /// Whether it is quiet at this moment.
    #[must_use]
    pub fn are_quiet(&self, at: &Zoned) -> bool {
        self.quiet.and_then(|hours| hours.on(at)).is_some_and(|night| self.days.contain(night.day()))
    }

    /// When this night ends, or the next one, whether or not it is quiet: who says "until the morning" means that. `None`
    /// where there are no quiet hours.
    #[must_use]
    pub fn next_end(&self, at: &Zoned) -> Option<Timestamp> {
        self.quiet?.next(at).map(|night| night.to)
    }

    /// What is to be done about the last night at this moment, when the night before the morning `told` is the last one
    /// that was told, and somebody `is_here` or not. A night that was not quiet is told as any other. `None` where no
    /// night is told.
    #[must_use]
    pub fn morning(&self, at: &Zoned, told: Option<Date>, is_here: bool) -> Option<Morning> {
        let (hours, from) = self.window()?;
        let (now, zone) = (at.timestamp(), at.time_zone());
        let earliest = |night: &Night| first_after(night, from, zone);
        let at_last = |night: &Night| earliest(night).checked_add(TOLD_AFTER).unwrap_or(night.to);
        let next = hours.next(at)?;
        let last = hours.last(at).filter(|last| next.from > now && !is_told(last, told, at));
        let Some(last) = last else { return Some(Morning::At(at_last(&next))) };
        // Where it is soon night again there is no time to wait for anybody.
        let due = if at_last(&last) < next.from { at_last(&last) } else { earliest(&last) };
        let is_there_somebody = is_here && earliest(&last) <= now;
        Some(if is_there_somebody || due <= now { Morning::Due(last) } else { Morning::At(due) })
    }

    /// What counts as the night, and from when on it is told.
    fn window(&self) -> Option<(QuietHours, Time)> {
        if self.report == Report::Off {
            return None;
        }
        match self.quiet {
            // No report in quiet hours.
            Some(hours) => {
                let from = self.report.time().filter(|time| !hours.cover(*time));
                Some((hours, from.unwrap_or(hours.end())))
            }
            None => {
                let to = self.report.time().unwrap_or(USUAL);
                let from = to.wrapping_sub(Span::new().hours(NIGHT_H));
                QuietHours::between(from, to).map(|hours| (hours, to))
            }
        }
    }
}

/// The first time after a night that it is this time of the day.
fn first_after(night: &Night, time: Time, zone: &TimeZone) -> Timestamp {
    let days = [Some(night.morning), night.morning.tomorrow().ok()];
    let mut moments = days.into_iter().flatten().filter_map(|day| moment(day, time, zone));
    moments.find(|at| *at >= night.to).unwrap_or(night.to)
}

/// Whether a night was told, or one after it. The quiet hours may have been changed since; what was told of a day that is
/// yet to come was told by a clock that was set back since, and a journey to the west is no longer than a day.
fn is_told(night: &Night, told: Option<Date>, at: &Zoned) -> bool {
    told.is_some_and(|told| told >= night.morning && at.date().tomorrow().is_ok_and(|tomorrow| told <= tomorrow))
}

#[cfg(test)]
mod tests;
