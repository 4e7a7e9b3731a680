use jiff::civil::date;

use super::*;

fn at(text: &str) -> Zoned {
    text.parse().unwrap()
}

fn nights(quiet: &str, days: &str, report: &str) -> Nights {
    let quiet = QuietHours::parse(quiet).unwrap();
    Nights { quiet, days: Days::parse(days).unwrap(), report: Report::parse(report).unwrap() }
}

fn usual(quiet: &str) -> Nights {
    nights(quiet, "every day", "on")
}

fn wait(text: &str) -> Morning {
    Morning::At(text.parse().unwrap())
}

/// The night that ends on this day of November 2026.
fn due(quiet: &str, day: i8) -> Morning {
    let hours = QuietHours::parse(quiet).unwrap().unwrap();
    Morning::Due(hours.before(date(2026, 11, day), &TimeZone::UTC).unwrap())
}

#[test]
fn a_night_is_told_once_when_somebody_is_there_or_half_an_hour_later() {
    let quiet = usual("23:00-07:00");
    let told = Some(date(2026, 11, 23));
    let (this, next) = (Some(wait("2026-11-23T07:30Z")), Some(wait("2026-11-24T07:30Z")));
    let due = Some(due("23:00-07:00", 23));
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
fn a_report_that_is_wanted_later_comes_later_and_never_in_quiet_hours() {
    let table = [
        // Not before eight, though the quiet hours are over.
        ("23:00-07:00", "08:00", "2026-11-23T07:40[UTC]", true, Some(wait("2026-11-23T08:30Z"))),
        ("23:00-07:00", "08:00", "2026-11-23T08:00[UTC]", true, Some(due("23:00-07:00", 23))),
        ("23:00-07:00", "08:00", "2026-11-23T08:29[UTC]", false, Some(wait("2026-11-23T08:30Z"))),
        ("23:00-07:00", "08:00", "2026-11-23T08:30[UTC]", false, Some(due("23:00-07:00", 23))),
        // A time within the quiet hours is their end.
        ("23:00-07:00", "06:00", "2026-11-23T06:30[UTC]", true, Some(wait("2026-11-23T07:30Z"))),
        ("23:00-07:00", "06:00", "2026-11-23T07:00[UTC]", true, Some(due("23:00-07:00", 23))),
        // Quiet hours of the day are told the next morning, when that is wanted.
        ("13:00-15:00", "08:00", "2026-11-23T16:00[UTC]", true, Some(wait("2026-11-24T08:30Z"))),
        ("13:00-15:00", "08:00", "2026-11-24T08:00[UTC]", true, Some(due("13:00-15:00", 23))),
        // In the evening.
        ("23:00-07:00", "22:45", "2026-11-23T22:45[UTC]", false, Some(due("23:00-07:00", 23))),
    ];
    for (quiet, report, moment, is_here, wanted) in table {
        let said = nights(quiet, "every day", report).morning(&at(moment), None, is_here);
        assert_eq!(said, wanted, "{quiet} {report} {moment} {is_here}");
    }
}

#[test]
fn without_quiet_hours_the_night_is_told_at_seven_or_when_it_is_wanted_and_never_where_it_is_not() {
    let table = [
        ("off", "on", "2026-11-23T06:59[UTC]", true, Some(wait("2026-11-23T07:30Z"))),
        ("off", "on", "2026-11-23T07:00[UTC]", true, Some(due("19:00-07:00", 23))),
        ("off", "09:15", "2026-11-23T09:00[UTC]", true, Some(wait("2026-11-23T09:45Z"))),
        ("off", "09:15", "2026-11-23T09:45[UTC]", false, Some(due("21:15-09:15", 23))),
        ("off", "off", "2026-11-23T09:45[UTC]", true, None),
        ("23:00-07:00", "off", "2026-11-23T09:45[UTC]", true, None),
    ];
    for (quiet, report, moment, is_here, wanted) in table {
        let said = nights(quiet, "every day", report).morning(&at(moment), None, is_here);
        assert_eq!(said, wanted, "{quiet} {report} {moment} {is_here}");
    }
}

/// 23 November 2026 is a Monday.
#[test]
fn a_night_belongs_to_the_day_on_which_it_begins() {
    let working = nights("23:00-07:00", "Sun-Thu", "on");
    let table = [
        // The night from Friday to Saturday is not quiet, nor the next one.
        ("2026-11-27T23:30[UTC]", false),
        ("2026-11-28T06:59[UTC]", false),
        ("2026-11-28T23:30[UTC]", false),
        ("2026-11-29T06:59[UTC]", false),
        // That from Sunday to Monday is.
        ("2026-11-29T22:59[UTC]", false),
        ("2026-11-29T23:00[UTC]", true),
        ("2026-11-30T06:59[UTC]", true),
        ("2026-11-30T07:00[UTC]", false),
        // From Thursday to Friday too.
        ("2026-11-27T06:59[UTC]", true),
    ];
    for (moment, wanted) in table {
        assert_eq!(working.are_quiet(&at(moment)), wanted, "{moment}");
    }
    let noon = nights("13:00-15:00", "Sat", "on");
    assert!(noon.are_quiet(&at("2026-11-28T14:00[UTC]")) && !noon.are_quiet(&at("2026-11-29T14:00[UTC]")));
    assert!(!usual("off").are_quiet(&at("2026-11-28T03:00[UTC]")));
}

#[test]
fn a_night_that_is_not_quiet_ends_in_the_morning_and_is_told_all_the_same() {
    let working = nights("23:00-07:00", "Sun-Thu", "on");
    let friday = at("2026-11-27T23:30[UTC]");
    assert_eq!(working.next_end(&friday), Some(at("2026-11-28T07:00[UTC]").timestamp()));
    assert_eq!(usual("off").next_end(&friday), None);
    assert_eq!(working.morning(&at("2026-11-28T07:00[UTC]"), None, true), Some(due("23:00-07:00", 28)));
    let told = Some(date(2026, 11, 28));
    assert_eq!(working.morning(&at("2026-11-28T12:00[UTC]"), told, true), Some(wait("2026-11-29T07:30Z")));
}

/// In Berlin the clocks go from 2:00 to 3:00 on 29 March 2026, and from 3:00 to 2:00 on 25 October.
#[test]
fn the_morning_after_the_clocks_changed_comes_at_its_own_time() {
    let table = [
        ("23:00-07:00", "on", "2026-03-29T00:30[Europe/Berlin]", "2026-03-29T07:30[Europe/Berlin]"),
        ("23:00-07:00", "on", "2026-10-25T00:30[Europe/Berlin]", "2026-10-25T07:30[Europe/Berlin]"),
        ("23:00-07:00", "08:00", "2026-03-29T00:30[Europe/Berlin]", "2026-03-29T08:30[Europe/Berlin]"),
        ("off", "08:00", "2026-10-25T00:30[Europe/Berlin]", "2026-10-25T08:30[Europe/Berlin]"),
    ];
    for (quiet, report, moment, wanted) in table {
        let said = nights(quiet, "every day", report).morning(&at(moment), None, false);
        assert_eq!(said, Some(Morning::At(at(wanted).timestamp())), "{quiet} {report} {moment}");
    }
}

#[test]
fn the_saturday_on_which_the_clocks_change_is_quiet_through_its_night_and_no_longer() {
    let saturday = nights("23:00-03:30", "Sat", "on");
    let table = [
        ("2026-03-28T23:00+01:00[Europe/Berlin]", true),
        ("2026-03-29T03:29+02:00[Europe/Berlin]", true),
        ("2026-03-29T03:30+02:00[Europe/Berlin]", false),
        ("2026-10-24T23:00+02:00[Europe/Berlin]", true),
        ("2026-10-25T02:30+01:00[Europe/Berlin]", true),
        ("2026-10-25T03:30+01:00[Europe/Berlin]", false),
        ("2026-10-25T23:30+01:00[Europe/Berlin]", false),
    ];
    for (moment, wanted) in table {
        assert_eq!(saturday.are_quiet(&at(moment)), wanted, "{moment}");
    }
}

#[test]
fn where_it_is_soon_quiet_again_nobody_is_waited_for() {
    assert_eq!(usual("07:10-07:00").morning(&at("2026-11-23T07:00[UTC]"), None, false), Some(due("07:10-07:00", 23)));
}

#[test]
fn no_night_is_told_twice_when_the_quiet_hours_or_the_time_of_the_report_are_changed() {
    // The night to the 23rd was told at half past seven.
    let told = Some(date(2026, 11, 23));
    let changed = [
        nights("23:00-10:00", "every day", "on"),
        nights("13:00-15:00", "every day", "on"),
        nights("22:00-06:00", "every day", "09:00"),
        nights("22:00-06:00", "Mon", "11:00"),
        nights("off", "every day", "on"),
        nights("off", "every day", "11:59"),
    ];
    for nights in changed {
        for moment in
            ["2026-11-23T08:30[UTC]", "2026-11-23T10:00[UTC]", "2026-11-23T12:30[UTC]", "2026-11-23T16:00[UTC]"]
        {
            for is_here in [false, true] {
                let said = nights.morning(&at(moment), told, is_here);
                assert!(matches!(said, Some(Morning::At(_))), "{nights:?} {moment}: {said:?}");
            }
        }
    }
}

#[test]
fn what_was_told_by_a_clock_that_was_set_back_since_keeps_no_night_from_being_told() {
    let quiet = usual("23:00-07:00");
    let morning = at("2026-11-23T08:00[UTC]");
    assert_eq!(quiet.morning(&morning, Some(date(2026, 12, 24)), true), Some(due("23:00-07:00", 23)));
    // Whoever came from the east had the same night told a few hours ago, in a morning of tomorrow.
    assert_eq!(quiet.morning(&morning, Some(date(2026, 11, 24)), true), Some(wait("2026-11-24T07:30Z")));
}

#[test]
fn the_days_between_the_nights_leave_nothing_out() {
    let hours = QuietHours::parse("23:00-07:00").unwrap().unwrap();
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    for day in [date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 23)] {
        let (night, before) =
            (hours.before(day, &zone).unwrap(), hours.before(day.yesterday().unwrap(), &zone).unwrap());
        assert_eq!(night.day_from, before.to, "{day}");
        assert_eq!(night.evening, before.morning, "{day}");
    }
}

#[test]
fn the_time_of_a_report_is_read_as_it_is_written() {
    for (text, written) in [("on", "on"), ("off", "off"), ("8:05", "08:05"), (" 08:00 ", "08:00")] {
        assert_eq!(Report::parse(text).map(|report| report.to_string()), Ok(written.to_owned()), "{text}");
    }
    for text in ["", "yes", "8", "24:00", "08:00-09:00", "true"] {
        assert_eq!(Report::parse(text), Err(ReportFault), "{text}");
    }
}
