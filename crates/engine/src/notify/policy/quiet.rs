//! Quiet hours: the part of the day in which only what cannot wait is shown.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// From one time of the day to another, over midnight where the first is the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    to: Time,
}

/// Why a text is no quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuietFault {
    /// It is not two times of the day.
    #[error("has to be two times of the day such as `23:00-07:00`, or `off`")]
    NotTwoTimes,
    /// They begin when they end.
    #[error(
        "begins when it ends; for no quiet hours say `off`, for no banners at all `notifications = false` in `[settings]`"
    )]
    Endless,
}

/// One stretch of quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Night {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// The day on which it ended.
    pub morning: Date,
    /// The day on which it began, by whose name people call it.
    pub evening: Date,
    /// When the day before it began, which is when the night before ended.
    pub day_from: Timestamp,
}

impl Night {
    /// The day of the week by whose name people call it: the night from Friday to Saturday is that of Friday.
    #[must_use]
    pub fn day(&self) -> Weekday {
        self.evening.weekday()
    }
}

impl QuietHours {
    /// From one time of the day to another one; `None` for the same.
    pub(super) fn between(from: Time, to: Time) -> Option<Self> {
        (from != to).then_some(Self { from, to })
    }

    /// When they end.
    pub(super) const fn end(&self) -> Time {
        self.to
    }

    /// Whether a time of the day is one of theirs.
    pub(super) fn cover(&self, time: Time) -> bool {
        if self.from < self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }

    /// Reads `23:00-07:00`; `None` for `off`.
    ///
    /// # Errors
    /// Why it cannot be meant.
    pub fn parse(text: &str) -> Result<Option<Self>, QuietFault> {
        if text.trim() == "off" {
            return Ok(None);
        }
        let (from, to) = text.split_once('-').ok_or(QuietFault::NotTwoTimes)?;
        let (from, to) = (time_of_day(from)?, time_of_day(to)?);
        if from == to { Err(QuietFault::Endless) } else { Ok(Some(Self { from, to })) }
    }

    /// The night that is on at this moment.
    pub(super) fn on(&self, at: &Zoned) -> Option<Night> {
        self.next(at).filter(|night| night.from <= at.timestamp())
    }

    /// When the next stretch ends, or this one.
    #[must_use]
    pub fn next_end(&self, at: &Zoned) -> Option<Timestamp> {
        self.next(at).map(|night| night.to)
    }

    /// The night that is on, or else the one to come.
    pub(super) fn next(&self, at: &Zoned) -> Option<Night> {
        let today = at.date();
        let days = [today.yesterday().ok()?, today, today.tomorrow().ok()?, today.tomorrow().ok()?.tomorrow().ok()?];
        days.into_iter().filter_map(|day| self.before(day, at.time_zone())).find(|night| night.to > at.timestamp())
    }

    /// The last night that is over.
    pub(super) fn last(&self, at: &Zoned) -> Option<Night> {
        let today = at.date();
        let days = [today.tomorrow().ok()?, today, today.yesterday().ok()?, today.yesterday().ok()?.yesterday().ok()?];
        days.into_iter().filter_map(|day| self.before(day, at.time_zone())).find(|night| night.to <= at.timestamp())
    }

    /// The night that ends on this day. A time that a change of the clocks leaves out is taken as much later, one that
    /// comes twice as the first of the two.
    pub(super) fn before(&self, morning: Date, zone: &TimeZone) -> Option<Night> {
        let day_before = morning.yesterday().ok()?;
        let evening = if self.from < self.to { morning } else { day_before };
        let at = |day: Date, time: Time| moment(day, time, zone);
        Some(Night {
            from: at(evening, self.from)?,
            to: at(morning, self.to)?,
            morning,
            evening,
            day_from: at(day_before, self.to)?,
        })
    }
}

/// When it is this time on that day.
pub(super) fn moment(day: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    day.to_datetime(time).to_zoned(zone.clone()).ok().map(|at| at.timestamp())
}

/// `HH:MM`.
pub(super) fn time_of_day(text: &str) -> Result<Time, QuietFault> {
    let number = |text: &str| {
        let is_plain = !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i8>().ok().filter(|_| is_plain)
    };
    let (hour, minute) = text.trim().split_once(':').ok_or(QuietFault::NotTwoTimes)?;
    let time = number(hour).zip(number(minute)).and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok());
    time.ok_or(QuietFault::NotTwoTimes)
}

impl std::fmt::Display for QuietHours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    fn hours(text: &str) -> QuietHours {
        QuietHours::parse(text).unwrap().unwrap()
    }

    #[test]
    fn two_times_of_the_day_are_read_and_nothing_else() {
        assert_eq!(hours("22:00-07:30").to_string(), "22:00-07:30");
        assert_eq!(hours(" 7:05 - 9:00 ").to_string(), "07:05-09:00");
        assert_eq!(QuietHours::parse("off"), Ok(None));
        for text in
            ["", "22:00", "22-07", "22:00-24:00", "25:00-07:00", "22:00-07:60", "+2:00-07:00", "22:00-07:00-08:00"]
        {
            assert_eq!(QuietHours::parse(text), Err(QuietFault::NotTwoTimes), "{text}");
        }
        assert_eq!(QuietHours::parse("07:00-7:00"), Err(QuietFault::Endless));
    }

    #[test]
    fn it_is_quiet_from_the_first_time_to_just_before_the_second() {
        let table = [
            ("23:00-07:00", "2026-11-22T22:59:59[UTC]", false),
            ("23:00-07:00", "2026-11-22T23:00[UTC]", true),
            ("23:00-07:00", "2026-11-23T00:00[UTC]", true),
            ("23:00-07:00", "2026-11-23T06:59:59[UTC]", true),
            ("23:00-07:00", "2026-11-23T07:00[UTC]", false),
            ("13:00-15:00", "2026-11-23T14:00[UTC]", true),
            ("13:00-15:00", "2026-11-23T15:00[UTC]", false),
            ("13:00-15:00", "2026-11-23T12:59[UTC]", false),
            ("00:00-07:00", "2026-11-23T00:00[UTC]", true),
            ("23:00-00:00", "2026-11-23T00:00[UTC]", false),
        ];
        for (quiet, moment, wanted) in table {
            assert_eq!(hours(quiet).on(&at(moment)).is_some(), wanted, "{quiet} at {moment}");
        }
    }

    #[test]
    fn a_time_of_the_day_is_within_them_as_a_moment_is() {
        for (quiet, time, wanted) in [
            ("23:00-07:00", "22:59", false),
            ("23:00-07:00", "23:00", true),
            ("23:00-07:00", "06:59", true),
            ("23:00-07:00", "07:00", false),
            ("13:00-15:00", "14:00", true),
            ("13:00-15:00", "15:00", false),
        ] {
            assert_eq!(hours(quiet).cover(time_of_day(time).unwrap()), wanted, "{quiet} {time}");
        }
    }

    /// In Berlin the clocks go from 2:00 to 3:00 on 29 March 2026, and from 3:00 to 2:00 on 25 October.
    #[test]
    fn a_night_in_which_the_clocks_change_is_as_long_as_it_is() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let length = |text: &str, day| {
            let night = hours(text).before(day, &zone).unwrap();
            night.to.duration_since(night.from).as_mins()
        };
        assert_eq!(length("23:00-07:00", date(2026, 3, 28)), 8 * 60);
        assert_eq!(length("23:00-07:00", date(2026, 3, 29)), 7 * 60);
        assert_eq!(length("23:00-07:00", date(2026, 10, 25)), 9 * 60);
        // 2:30 is not there in March, and comes twice in October.
        assert_eq!(length("23:00-02:30", date(2026, 3, 29)), 3 * 60 + 30);
        assert_eq!(length("23:00-02:30", date(2026, 10, 25)), 3 * 60 + 30);
        let quiet = hours("23:00-02:30");
        assert!(quiet.on(&at("2026-10-25T02:29+02:00[Europe/Berlin]")).is_some());
        assert!(
            quiet.on(&at("2026-10-25T02:29+01:00[Europe/Berlin]")).is_none(),
            "it is over, and does not begin again"
        );
    }
}
