//! Points in time and lengths of time. The core never reads a clock: every call is told what time it is.

use std::fmt;

/// A length of time, in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A length of `ms` milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// A length of `secs` seconds; saturates at the largest length.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// A length of `mins` minutes; saturates at the largest length.
    #[must_use]
    pub const fn from_mins(mins: u64) -> Self {
        Self::from_secs(mins.saturating_mul(60))
    }

    /// The length in whole milliseconds.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// The length in seconds, with its fraction.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53 ms, which is 285,000 years")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The sum; saturates at the largest length.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or zero when `other` is the longer one.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times it; saturates.
    #[must_use]
    pub const fn times(self, n: u32) -> Self {
        Self(self.0.saturating_mul(n as u64))
    }

    /// Half of the length, rounded down.
    #[must_use]
    pub const fn half(self) -> Self {
        Self(self.0 / 2)
    }
}

impl fmt::Display for Span {
    /// Writes the length as people say it: `45 s`, `12 min`, `1 h 05 min`; below ten seconds with tenths, as `1.5 s`,
    /// unless there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secs, tenths) = (self.0 / 1000, self.0 % 1000 / 100);
        match secs {
            0..=9 if tenths > 0 || (secs == 0 && self.0 > 0) => write!(f, "{secs}.{tenths} s"),
            0..=119 => write!(f, "{secs} s"),
            120..=3599 if secs.is_multiple_of(60) || secs >= 600 => write!(f, "{} min", secs / 60),
            120..=3599 => write!(f, "{} min {:02} s", secs / 60, secs % 60),
            _ => write!(f, "{} h {:02} min", secs / 3600, secs % 3600 / 60),
        }
    }
}

/// A point on the awake clock, in milliseconds since an arbitrary start: the clock stands still while the
/// computer sleeps. All deadlines are points on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Awake(u64);

impl Awake {
    /// The point `ms` milliseconds after the clock's start.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the clock's start.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// The awake time that has passed since `earlier`; zero when `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The point `span` later; saturates.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.as_ms()))
    }
}

/// A point on the wall clock, in milliseconds since the Unix epoch. For display and for comparing what a
/// marker claims; never for a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Wall(i64);

impl Wall {
    /// The point `ms` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0
    }
}

/// The time at which an input is handled, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Now {
    /// For deadlines.
    pub awake: Awake,
    /// For display.
    pub wall: Wall,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_people_say_them() {
        let shown: Vec<String> =
            [400, 1_500, 9_960, 10_400, 45_000, 90_000, 120_000, 150_000, 720_000, 2_700_000, 3_900_000]
                .into_iter()
                .map(|ms| Span::from_ms(ms).to_string())
                .collect();
        assert_eq!(
            shown,
            [
                "0.4 s",
                "1.5 s",
                "9.9 s",
                "10 s",
                "45 s",
                "90 s",
                "2 min",
                "2 min 30 s",
                "12 min",
                "45 min",
                "1 h 05 min"
            ]
        );
    }

    #[test]
    fn time_never_runs_backwards_into_a_negative_length() {
        assert_eq!(Awake::from_ms(5).since(Awake::from_ms(9)), Span::ZERO);
        assert_eq!(Span::from_ms(3).minus(Span::from_ms(8)), Span::ZERO);
    }
}
