//! What is said of notifications.

use super::*;
use crate::api::{Show, ShowEnd, ShowSpec};
use crate::config::Notifications;

fn read(text: &str) -> Notifications {
    Config::parse(text).unwrap().notifications().clone()
}

#[test]
fn it_is_quiet_from_eleven_to_seven_unless_something_else_is_said() {
    let hours = |text: &str| read(text).nights.quiet.map(|hours| hours.to_string());
    assert_eq!(hours(""), Some("23:00-07:00".to_owned()));
    assert_eq!(hours("[notifications]\nquiet_hours = \"22:30-06:00\"\n"), Some("22:30-06:00".to_owned()));
    assert_eq!(hours("[notifications]\nquiet_hours = \"off\"\n"), None);
}

#[test]
fn it_is_quiet_on_every_day_with_a_report_in_the_morning_and_sound_unless_something_else_is_said() {
    let said = |text: &str| {
        let Notifications { nights, sound, show: _ } = read(text);
        format!("{}, {}, {sound}", nights.days, nights.report)
    };
    assert_eq!(said(""), "every day, on, true");
    let text = "[notifications]\nsound = false\nmorning_report = \"8:00\"\nquiet_days = \"sunday-thu\"\n";
    assert_eq!(said(text), "Sun-Thu, 08:00, false");
    // The days are kept while there are no quiet hours.
    let text = "[notifications]\nquiet_days = \"Fri\"\nquiet_hours = \"off\"\nmorning_report = \"off\"\n";
    assert_eq!(said(text), "Fri, off, true");
}

#[test]
fn warnings_and_ends_are_told_where_that_is_asked_for() {
    let text = "[notifications]\nwarnings = true\n[jobs.a]\ncommand = 'x'\nnotify_end = true\nmay_wake = true\n";
    let config = Config::parse(text).unwrap();
    let job = config.job("a").unwrap();
    assert!(config.wants().show.warning == Show::Banner && job.notify_end && job.may_wake);
    let config = Config::parse("[jobs.a]\ncommand = 'x'\n").unwrap();
    let job = config.job("a").unwrap();
    assert!(config.wants().show == ShowSpec::default() && !job.notify_end && !job.may_wake);
}

#[test]
fn each_event_is_told_where_the_file_says_and_a_warning_in_the_short_way_too() {
    let text = "[notifications]\nwarnings = true\n[notifications.show]\nstopped = \"digest\"\nfinished = \"banner\"\n\
                failed = \"per-job\"\nneeds_you = \"off\"\n";
    let wanted = ShowSpec {
        warning: Show::Banner,
        stopped: Show::Digest,
        finished: ShowEnd::Banner,
        needs_you: Show::Off,
        ..ShowSpec::default()
    };
    assert_eq!(read(text).show, wanted);
    // What is said of the event itself counts, wherever it stands.
    for text in [
        "[notifications]\nwarnings = true\nshow = { warning = \"digest\" }\n",
        "[notifications]\nshow.warning = \"digest\"\nwarnings = true\n",
    ] {
        assert_eq!(read(text).show.warning, Show::Digest, "{text}");
    }
}

#[test]
fn every_fault_about_notifications_is_named_with_its_place() {
    let texts = [
        "[notifications]\nquiet_hours = \"22\"\n",
        "[notifications]\nquiet_hours = \"07:00-07:00\"\n",
        "[notifications]\nquiet_hours = 22\n",
        "[notifications]\nwarnings = \"yes\"\n",
        "[notifications]\nquiet = true\n",
        "[notifications]\nquiet_days = \"weekdays\"\n",
        "[notifications]\nquiet_days = [\"Mon\"]\n",
        "[notifications]\nmorning_report = true\n",
        "[notifications]\nmorning_report = \"eight\"\n",
        "[notifications]\nsound = \"loud\"\n",
        "[notifications]\nshow = \"banner\"\n",
        "[notifications.show]\nstopped = \"loudly\"\n",
        "[notifications.show]\nstopped = \"per-job\"\n",
        "[notifications.show]\nfinished = \"always\"\n",
        "[notifications.show]\ncould_not_stop = \"off\"\n",
    ];
    let said: Vec<String> = texts.iter().map(|text| fault_of(text)).collect();
    insta::assert_snapshot!(said.join("\n"));
}
