//! The days on which quiet hours begin.

use jiff::civil::Weekday;

/// What stands for all of them.
const EVERY_DAY: &str = "every day";
/// As they are read and written, in the order of the week.
const NAMES: [(&str, &str); 7] = [
    ("Mon", "monday"),
    ("Tue", "tuesday"),
    ("Wed", "wednesday"),
    ("Thu", "thursday"),
    ("Fri", "friday"),
    ("Sat", "saturday"),
    ("Sun", "sunday"),
];

/// Some days of the week, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days([bool; 7]);

/// A text is no days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "has to be days such as `Sun-Thu` or `Mon, Wed`, or `every day`; for no quiet hours at all say `quiet_hours = \"off\"`"
)]
pub struct DaysFault;

impl Days {
    /// All of them.
    pub const EVERY: Self = Self([true; 7]);

    /// Reads `Sun-Thu`, `Mon, Wed, Fri` or `every day`.
    ///
    /// # Errors
    /// When it names no day, or something else.
    pub fn parse(text: &str) -> Result<Self, DaysFault> {
        if text.trim().eq_ignore_ascii_case(EVERY_DAY) {
            return Ok(Self::EVERY);
        }
        let mut days = [false; 7];
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (day_named(first)?, day_named(last)?);
            // It may go over the end of the week.
            let length = (last + 7 - first) % 7;
            for day in (0..7).cycle().skip(first).take(length + 1) {
                if let Some(day) = days.get_mut(day) {
                    *day = true;
                }
            }
        }
        Ok(Self(days))
    }

    /// Whether this day is one of them.
    #[must_use]
    pub fn contain(self, day: Weekday) -> bool {
        usize::try_from(day.to_monday_zero_offset()).is_ok_and(|day| self.has(day))
    }

    fn has(self, day: usize) -> bool {
        self.0.get(day % 7).copied().unwrap_or_default()
    }
}

fn day_named(text: &str) -> Result<usize, DaysFault> {
    let text = text.trim();
    let is_meant = |(short, long): &(&str, &str)| text.eq_ignore_ascii_case(short) || text.eq_ignore_ascii_case(long);
    NAMES.iter().position(is_meant).ok_or(DaysFault)
}

/// As short as it goes: a stretch of three and more has a dash.
impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Self::EVERY {
            return f.write_str(EVERY_DAY);
        }
        let name = |day: usize| NAMES.get(day % 7).map_or("", |(short, _)| short);
        let begins = (0..7).filter(|day| self.has(*day) && !self.has(day + 6));
        let stretches = begins.map(|first| (first, (1..7).take_while(|more| self.has(first + more)).count()));
        let written = stretches.map(|(first, more)| match more {
            0 => name(first).to_owned(),
            1 => format!("{}, {}", name(first), name(first + 1)),
            _ => format!("{}-{}", name(first), name(first + more)),
        });
        let parts: Vec<String> = written.collect();
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them_and_written_as_short_as_it_goes() {
        let table = [
            ("every day", "every day"),
            ("Mon-Sun", "every day"),
            ("sun-thu", "Sun-Thu"),
            ("Sunday, Monday, Tuesday, wednesday, thursday", "Sun-Thu"),
            ("Fri", "Fri"),
            ("Sat,Sun", "Sat, Sun"),
            ("fri-mon", "Fri-Mon"),
            ("Mon, Wed , Fri", "Mon, Wed, Fri"),
            ("Mon-Wed, Fri-Sat", "Mon-Wed, Fri, Sat"),
        ];
        for (text, written) in table {
            let days = Days::parse(text).unwrap();
            assert_eq!(days.to_string(), written, "{text}");
            assert_eq!(Days::parse(written), Ok(days), "{text}");
        }
        for text in ["", "off", "Mo", "Mon-", "Mon,,Tue", "everyday", "weekdays", "1-5"] {
            assert_eq!(Days::parse(text), Err(DaysFault), "{text}");
        }
    }

    #[test]
    fn a_stretch_may_go_over_the_end_of_the_week() {
        let days = Days::parse("Sun-Thu").unwrap();
        assert!(days.contain(Weekday::Sunday) && days.contain(Weekday::Monday) && days.contain(Weekday::Thursday));
        assert!(!days.contain(Weekday::Friday) && !days.contain(Weekday::Saturday));
    }

    #[test]
    fn whatever_days_there_are_they_are_read_as_they_were_written() {
        for bits in 1..128_u8 {
            let days = Days(std::array::from_fn(|day| bits & (1 << day) != 0));
            assert_eq!(Days::parse(&days.to_string()), Ok(days), "{days}");
        }
    }
}
