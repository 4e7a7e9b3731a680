//! Quiet hours: the part of the day in which only what cannot wait is shown, and the morning after it.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// So long after the end of the quiet hours the night is told even when nobody has shown up.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(30);

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
}

/// What is to be done about the last night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Morning {
    /// It is to be told.
    Due(Night),
    /// Nothing before this moment, unless somebody shows up.
    At(Timestamp),
}

impl QuietHours {
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

    /// Whether it is quiet at this moment.
    #[must_use]
    pub fn contain(&self, at: &Zoned) -> bool {
        self.next(at).is_some_and(|night| night.from <= at.timestamp())
    }

    /// What is to be done about the last night at this moment, when the night before the morning `told` is the last one
    /// that was told, and somebody `is_here` or not.
    #[must_use]
    pub fn morning(&self, at: &Zoned, told: Option<Date>, is_here: bool) -> Option<Morning> {
        let next = self.next(at)?;
        let after = |night: Night| night.to.checked_add(TOLD_AFTER).unwrap_or(night.to);
        let last = self.last(at).filter(|last| told != Some(last.morning) && next.from > at.timestamp());
        let Some(last) = last else { return Some(Morning::At(after(next))) };
        // Where it is soon quiet again there is no time to wait for anybody.
        let due = if after(last) < next.from { after(last) } else { last.to };
        Some(if is_here || due <= at.timestamp() { Morning::Due(last) } else { Morning::At(due) })
    }

    /// When the next stretch ends, or this one.
    #[must_use]
    pub fn next_end(&self, at: &Zoned) -> Option<Timestamp> {
        self.next(at).map(|night| night.to)
    }

    /// The night that is on, or else the one to come.
    fn next(&self, at: &Zoned) -> Option<Night> {
        let today = at.date();
        let days = [today.yesterday().ok()?, today, today.tomorrow().ok()?, today.tomorrow().ok()?.tomorrow().ok()?];
        days.into_iter().filter_map(|day| self.before(day, at.time_zone())).find(|night| night.to > at.timestamp())
    }

    /// The last night that is over.
    fn last(&self, at: &Zoned) -> Option<Night> {
        let today = at.date();
        let days = [today.tomorrow().ok()?, today, today.yesterday().ok()?, today.yesterday().ok()?.yesterday().ok()?];
        days.into_iter().filter_map(|day| self.before(day, at.time_zone())).find(|night| night.to <= at.timestamp())
    }

    /// The night that ends on this day. A time that a change of the clocks leaves out is taken as much later, one that
    /// comes twice as the first of the two.
    fn before(&self, morning: Date, zone: &TimeZone) -> Option<Night> {
        let evening = if self.from < self.to { morning } else { morning.yesterday().ok()? };
        let at = |day: Date, time: Time| day.to_datetime(time).to_zoned(zone.clone()).ok().map(|at| at.timestamp());
        Some(Night { from: at(evening, self.from)?, to: at(morning, self.to)?, morning })
    }
}

/// `HH:MM`.
fn time_of_day(text: &str) -> Result<Time, QuietFault> {
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
            assert_eq!(hours(quiet).contain(&at(moment)), wanted, "{quiet} at {moment}");
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
        assert!(quiet.contain(&at("2026-10-25T02:29+02:00[Europe/Berlin]")));
        assert!(!quiet.contain(&at("2026-10-25T02:29+01:00[Europe/Berlin]")), "it is over, and does not begin again");
    }

    #[test]
    fn a_night_is_told_once_when_somebody_is_there_or_half_an_hour_later() {
        let quiet = hours("23:00-07:00");
        let night = quiet.before(date(2026, 11, 23), &TimeZone::UTC).unwrap();
        let (told, wait) = (Some(date(2026, 11, 23)), |text: &str| Some(Morning::At(text.parse().unwrap())));
        let (this, next) = (wait("2026-11-23T07:30Z"), wait("2026-11-24T07:30Z"));
        let due = Some(Morning::Due(night));
        let table = [
            ("2026-11-23T03:00[UTC]", None, false, this),
            // Whoever is up at night is not disturbed either.
            ("2026-11-23T03:00[UTC]", None, true, this),
            ("2026-11-23T07:00[UTC]", None, false, this),
            ("2026-11-23T07:00[UTC]", None, true, due),
            ("2026-11-23T07:29:59[UTC]", None, false, this),
            ("2026-11-23T07:30[UTC]", None, false, due),
            ("2026-11-23T19:00[UTC]", None, false, due),
            ("2026-11-23T07:30[UTC]", told, true, next),
            ("2026-11-23T22:59[UTC]", told, true, next),
            // Of a day on which nobody was there nothing is told in the next night.
            ("2026-11-23T23:00[UTC]", None, true, next),
        ];
        for (moment, told, is_here, wanted) in table {
            assert_eq!(quiet.morning(&at(moment), told, is_here), wanted, "{moment} {told:?} {is_here}");
        }
    }

    #[test]
    fn the_morning_after_the_clocks_changed_comes_at_its_own_time() {
        let quiet = hours("23:00-07:00");
        let table = [
            ("2026-03-29T00:30[Europe/Berlin]", "2026-03-29T07:30[Europe/Berlin]"),
            ("2026-10-25T00:30[Europe/Berlin]", "2026-10-25T07:30[Europe/Berlin]"),
        ];
        for (moment, wanted) in table {
            assert_eq!(quiet.morning(&at(moment), None, false), Some(Morning::At(at(wanted).timestamp())));
        }
    }

    #[test]
    fn where_it_is_soon_quiet_again_nobody_is_waited_for() {
        let quiet = hours("07:10-07:00");
        let night = quiet.before(date(2026, 11, 23), &TimeZone::UTC).unwrap();
        assert_eq!(quiet.morning(&at("2026-11-23T07:00[UTC]"), None, false), Some(Morning::Due(night)));
    }
}
