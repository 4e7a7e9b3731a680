//! Lengths and moments, as people say them.

use jiff::Timestamp;
use nightkeep_engine::time::Span;

use super::{UNKNOWN, View};

/// A length of time: `45 s`, `12 min`, `1 h 05 min`.
#[must_use]
pub fn length(seconds: f64) -> String {
    span(seconds).to_string()
}

/// A length of time, in whole seconds below two minutes: what changes from one look to the next.
#[must_use]
pub(super) fn rough(seconds: f64) -> String {
    let whole = if seconds < 1.0 { 0.0 } else { seconds };
    length(whole)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float saturates when it is cast")]
fn span(seconds: f64) -> Span {
    Span::from_ms((seconds * 1000.0).round() as u64)
}

/// A moment in the reader's own time, without what goes without saying: `02:16:04` on the same day, `21 Nov 02:16` in the
/// same year, else `2025-11-21 02:16`.
#[must_use]
pub fn moment(written: &str, view: &View) -> String {
    let Ok(at) = written.parse::<Timestamp>() else { return UNKNOWN.to_owned() };
    let at = at.to_zoned(view.zone.clone());
    let now = view.now.to_zoned(view.zone.clone());
    let format = if at.date() == now.date() {
        "%H:%M:%S"
    } else if at.year() == now.year() {
        "%-d %b %H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    at.strftime(format).to_string()
}

/// A day in the reader's own time: `21 Nov`, or `21 Nov 2025` in another year.
#[must_use]
pub(super) fn day(written: &str, view: &View) -> String {
    let Ok(at) = written.parse::<Timestamp>() else { return UNKNOWN.to_owned() };
    let at = at.to_zoned(view.zone.clone());
    let is_of_this_year = at.year() == view.now.to_zoned(view.zone.clone()).year();
    at.strftime(if is_of_this_year { "%-d %b" } else { "%-d %b %Y" }).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn a_moment_says_only_what_does_not_go_without_saying() {
        let view = View { now: "2026-11-22T05:00:00Z".parse().unwrap(), zone: TimeZone::UTC, width: 80 };
        let said = |written| moment(written, &view);
        assert_eq!(said("2026-11-22T02:16:04.5Z"), "02:16:04");
        assert_eq!(said("2026-11-21T23:16:04Z"), "21 Nov 23:16");
        assert_eq!(said("2025-01-02T03:04:05Z"), "2025-01-02 03:04");
        assert_eq!(said("yesterday"), UNKNOWN);
        assert_eq!(day("2026-11-21T23:16:04Z", &view), "21 Nov");
        assert_eq!(day("2025-11-21T23:16:04Z", &view), "21 Nov 2025");
    }

    #[test]
    fn a_length_that_cannot_be_is_none_at_all() {
        assert_eq!([length(-3.0), length(f64::NAN), rough(0.4)], ["0 s", "0 s", "0 s"]);
    }
}
