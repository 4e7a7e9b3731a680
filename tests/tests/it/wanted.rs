//! What its owner wants told, and what not: event by event, job by job, by day, at night and in the morning.

use std::time::Duration;

use nightkeep_tests::dbus::Notification;
use nightkeep_tests::night::{Night, fake_agent};

use super::alerts::{decided, shown, stall, stalling, titles, two_runs_of};

const MORNING: &str = "Last night: 1 finished, 1 stopped";

fn is_silent(shown: &Notification) -> bool {
    shown.hints.get("suppress-sound").is_some_and(|silent| bool::try_from(silent).is_ok_and(|silent| silent))
}

/// What became of the notification of a kind about a run.
fn became(night: &Night, alert: &str, run: u64) -> (String, String) {
    let line = decided(night, &[("alert", alert.into()), ("run", run.into())]);
    let word = |key: &str| line["fields"][key].as_str().unwrap_or_default().to_owned();
    (word("decision"), word("why"))
}

fn said(decision: &str, why: &str) -> (String, String) {
    (decision.to_owned(), why.to_owned())
}

#[test]
fn in_quiet_hours_a_job_that_may_wake_its_owner_is_told_of_and_no_other() {
    let waking = stalling(&["loud"]) + "may_wake = true\n";
    let night = Night::on_a_desktop_at("02:00:00", &(waking + &stalling(&["calm"]))).unwrap();
    let calm = stall(&night, "calm").run;
    assert_eq!(became(&night, "stopped", calm), said("held", "it is quiet until the morning"));
    stall(&night, "loud");
    let told = night.notification("loud was stopped").unwrap();
    assert!(!is_silent(&told), "{told:#?}");
    assert_eq!(titles(&night), ["loud was stopped"]);
}

#[test]
fn each_event_is_told_where_it_is_wanted_and_a_change_counts_at_once() {
    let ends = "[jobs.good]\ncommand = [\"true\"]\n[jobs.bad]\ncommand = [\"false\"]\nnotify_end = true\n\
                [notifications]\nsound = false\n[notifications.show]\nstopped = \"off\"\nfinished = \"banner\"\nfailed = \"digest\"\n";
    let night = Night::on_a_desktop(&(stalling(&["a", "b"]) + ends)).unwrap();
    let stopped = stall(&night, "a").run;
    assert_eq!(became(&night, "stopped", stopped), said("dropped", "it is switched off"));
    let failed = night.begin(&["start", "bad"]).unwrap().run;
    assert_eq!(became(&night, "failed", failed), said("held", "the report of the morning tells it"));
    night.told(&["start", "good"]).unwrap();
    night.notification("good finished").unwrap();
    night.told(&["config", "set", "show.stopped", "banner"]).unwrap();
    stall(&night, "b");
    night.notification("b was stopped").unwrap();
    assert_eq!(titles(&night), ["good finished", "b was stopped"]);
    assert!(shown(&night).iter().all(is_silent), "{:#?}", shown(&night));
}

#[test]
fn what_is_kept_for_the_morning_is_told_then_once_whatever_crashes() {
    let command = [&fake_agent().unwrap(), "mark 1", "hang"];
    let slow = format!("[jobs.slow]\ncommand = {command:?}\nwarn_after = \"400ms\"\nstall_after = \"20m\"\n");
    let show = "[notifications.show]\nwarning = \"digest\"\nstopped = \"digest\"\n";
    let mut night = Night::on_a_desktop_at("07:10:00", &(slow + &stalling(&["other"]) + show)).unwrap();
    let warned = night.begin(&["start", "slow"]).unwrap().run;
    assert_eq!(became(&night, "warning", warned), said("held", "the report of the morning tells it"));
    night.crash_engine().unwrap();
    // Ten hours ago it was day.
    two_runs_of(&night, Duration::from_hours(10));
    night.make_it("07:29:57").unwrap();
    night.start_engine().unwrap();
    let told = night.notification("Since yesterday: 1 stopped").unwrap();
    assert_eq!(told.body, "Stopped: stuck. slow was quiet for long.");
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    night.told(&["config", "set", "show.stopped", "banner"]).unwrap();
    stall(&night, "other");
    night.notification("other was stopped").unwrap();
    assert_eq!(titles(&night).iter().filter(|title| title.starts_with("Since yesterday")).count(), 1);
}

#[test]
fn where_no_report_is_wanted_nothing_of_the_night_is_told_and_then_it_is_told_once_however_the_times_are_changed() {
    let off = "[notifications]\nmorning_report = \"off\"\n";
    let mut night = Night::on_a_desktop_at("02:00:00", &(stalling(&["a", "b", "c"]) + off)).unwrap();
    let run = stall(&night, "a").run;
    assert_eq!(became(&night, "stopped", run), said("dropped", "there is no report in the morning"));
    night.crash_engine().unwrap();
    two_runs_of(&night, Duration::from_hours(3));
    night.make_it("07:40:00").unwrap();
    night.start_engine().unwrap();
    night.json(&["history"]).unwrap();
    stall(&night, "b");
    night.notification("b was stopped").unwrap();
    assert_eq!(titles(&night), ["b was stopped"]);

    night.told(&["config", "set", "morning_report", "on"]).unwrap();
    let told = |night: &Night| titles(night).into_iter().filter(|title| title.starts_with("Last night: ")).count();
    decided(&night, &[("alert", "morning".into()), ("decision", "shown".into())]);
    night.told(&["config", "set", "quiet_hours", "22:00-06:00"]).unwrap();
    night.told(&["config", "set", "morning_report", "07:00"]).unwrap();
    night.told(&["config", "set", "quiet_hours", "off"]).unwrap();
    night.json(&["history"]).unwrap();
    stall(&night, "c");
    night.notification("c was stopped").unwrap();
    assert_eq!(told(&night), 1, "{:?}", titles(&night));
}

#[test]
fn a_report_that_is_wanted_later_waits_for_its_time() {
    let later = "[notifications]\nmorning_report = \"08:00\"\n";
    let mut night = Night::on_a_desktop_at("07:40:00", &(stalling(&["a"]) + later)).unwrap();
    night.crash_engine().unwrap();
    two_runs_of(&night, Duration::from_hours(3));
    night.start_engine().unwrap();
    // Somebody is there, and it is too early.
    night.json(&["history"]).unwrap();
    stall(&night, "a");
    night.notification("a was stopped").unwrap();
    assert_eq!(titles(&night), ["a was stopped"]);
    night.crash_engine().unwrap();
    night.make_it("08:00:00").unwrap();
    night.start_engine().unwrap();
    night.json(&["history"]).unwrap();
    night.notification(MORNING).unwrap();
}
