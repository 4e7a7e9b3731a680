//! Nights in which the computer sleeps and clocks are set. The engine runs inside the test, on clocks that are made up; its
//! agents and their keepers live on the real ones.

use std::process::{Child, Command, Stdio};

use nightkeep_engine::api::{HistoryRow, Outcome, Phase, Reason, RunDetail, RunView};
use nightkeep_tests::night::{Begun, Night, fake_agent, first};

const HOUR: i64 = 3_600_000;

fn begin(night: &Night, options: &[&str], steps: &[&str]) -> Begun {
    let agent = fake_agent().unwrap();
    night.begin(&[&["run", "--detach"], options, &["--", &agent], steps].concat()).unwrap()
}

/// An agent that nobody launched. Ends with this value.
struct Stranger(Child);

impl Stranger {
    fn attached(night: &Night, options: &[&str], steps: &[&str]) -> (Self, Begun) {
        let marker = night.work().join("marker.json");
        let mut command = Command::new(fake_agent().unwrap());
        command.args(steps).env("NIGHTKEEP_PROGRESS", &marker).stdin(Stdio::null());
        let stranger = Self(command.spawn().unwrap());
        let (pid, marker) = (stranger.0.id().to_string(), marker.display().to_string());
        let attach = ["attach", "--name", "fuzz", "--pid", &pid, "--progress", &marker];
        let begun = night.begin(&[&attach[..], options].concat()).unwrap();
        (stranger, begun)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}

/// Waits until a run is reached and has made its first step.
fn until_up(night: &Night, run: u64) {
    let is_up = |view: &RunView| view.phase == Phase::Running && view.step == Some(1);
    night.until_run("its first step", run, is_up).unwrap();
}

fn kinds(detail: &RunDetail) -> Vec<&str> {
    detail.timeline.iter().map(|event| event.kind.as_str()).collect()
}

fn check_that_times_are_in_order(detail: &RunDetail) {
    let times = detail.timeline.iter().map(|event| &event.at).chain(detail.advances.iter().map(|advance| &advance.at));
    let row = detail.ended.as_ref().unwrap();
    let (start, end) = (row.started_at.as_str(), row.ended_at.as_str());
    assert!(start <= end, "{row:#?}");
    let span = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    for at in times {
        let (from, to) = (span(start) - 2, span(end) + 2);
        assert!((from..=to).contains(&span(at)), "{at} is not within {start} and {end}: {detail:#?}");
    }
}

#[test]
fn a_night_of_sleep_is_no_stall_and_is_on_record() {
    let (night, time) = Night::on_made_up_time("").unwrap();
    let steps = ["mark 1", "sleep 3s", "mark 2", "exit 0"];
    let begun = begin(&night, &["--warn-after", "1s", "--stall-after", "2s"], &steps);
    until_up(&night, begun.run);
    time.sleep(5 * 3_600_000);
    let row = night.ended(begun.run).unwrap();
    let detail = night.show(begun.run).unwrap();
    assert_eq!((row.outcome, row.last_step), (Outcome::Succeeded, Some(2)), "{row:#?}");
    assert_eq!(kinds(&detail), ["registered", "started", "slept", "ended"], "{:#?}", detail.timeline);
    let slept = detail.timeline.iter().find(|event| event.kind == "slept").unwrap();
    assert_eq!(slept.text, "The computer slept for 5 h 00 min; that time is on no limit.");
    assert!(slept.lasted_s.is_some_and(|lasted| (18_000.0..18_001.0).contains(&lasted)), "{slept:?}");
    assert!(row.longest_gap_s.unwrap() < 60.0, "{row:#?}");
}

#[test]
fn a_person_may_stop_a_run_within_the_grace_for_waking() {
    let (night, time) = Night::on_made_up_time("").unwrap();
    let begun = begin(&night, &["--warn-after", "1s", "--stall-after", "2s"], &["mark 1", "on-term exit 143", "hang"]);
    until_up(&night, begun.run);
    night.until_happened(begun.run, "warned").unwrap();
    time.sleep(3_600_000);
    night.until_happened(begun.run, "slept").unwrap();
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)), "{row:#?}");
}

fn set_the_clock_by(by_ms: i64) -> (HistoryRow, RunDetail) {
    let (night, time) = Night::on_made_up_time("").unwrap();
    let steps = ["mark 1", "print hello", "sleep 2s", "mark 2", "sleep 2s", "mark 3", "sleep 1s", "exit 0"];
    let begun = begin(&night, &["--warn-after", "2900ms", "--stall-after", "3s"], &steps);
    until_up(&night, begun.run);
    time.set_clock_by(by_ms);
    let view = night.until_step(begun.run, 2).unwrap();
    assert!(view.since_output_s.is_some_and(|since| since < 30.0), "{view:#?}");
    assert!(view.since_advance_s < 30.0, "{view:#?}");
    assert_eq!(view.marker_note, None, "{view:#?}");
    let (now, started) = (night.json(&["status"]).unwrap(), view.started_at);
    assert_eq!(now["runs"][0]["started_at"], started);
    let row = night.ended(begun.run).unwrap();
    let detail = night.show(begun.run).unwrap();
    assert_eq!((row.outcome, row.last_step), (Outcome::Succeeded, Some(3)), "{row:#?}");
    assert!((4.5..15.0).contains(&row.duration_s), "{row:#?}");
    let unusual = ["warned", "stop-intended", "starved", "slept", "claim-ignored"];
    assert!(kinds(&detail).iter().all(|kind| !unusual.contains(kind)), "{:#?}", detail.timeline);
    assert!(first(&detail, "clock-jumped").is_some(), "{:#?}", detail.timeline);
    (row, detail)
}

#[test]
fn a_clock_that_is_set_forward_by_hours_is_no_stall_and_makes_no_run_longer() {
    let (row, _detail) = set_the_clock_by(3 * HOUR);
    assert!(row.started_at <= row.ended_at, "{row:#?}");
}

#[test]
fn a_clock_that_is_set_back_by_hours_is_no_stall_and_makes_no_run_shorter_than_nothing() {
    let (row, _detail) = set_the_clock_by(-3 * HOUR);
    assert!(row.started_at <= row.ended_at, "{row:#?}");
}

#[test]
fn the_story_of_a_run_is_told_on_the_clock_as_it_goes_on() {
    for by_ms in [3 * HOUR, -3 * HOUR] {
        let (night, time) = Night::on_made_up_time("").unwrap();
        let steps = ["mark 1", "sleep 1s", "mark 2", "sleep 1s", "mark 3", "hang"];
        let (_stranger, begun) = Stranger::attached(&night, &[], &steps);
        until_up(&night, begun.run);
        time.set_clock_by(by_ms);
        night.until_step(begun.run, 3).unwrap();
        night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
        let row = night.ended(begun.run).unwrap();
        assert!((1.5..15.0).contains(&row.duration_s), "{row:#?}");
        check_that_times_are_in_order(&night.show(begun.run).unwrap());
    }
}

#[test]
fn an_attached_run_took_its_sleep_as_well() {
    let (night, time) = Night::on_made_up_time("").unwrap();
    let (_stranger, begun) = Stranger::attached(&night, &[], &["mark 1", "hang"]);
    until_up(&night, begun.run);
    time.sleep(2 * 3_600_000);
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert!((7_200.0..7_230.0).contains(&row.duration_s), "{row:#?}");
}
