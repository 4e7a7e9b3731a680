//! What the buttons of notifications do.

use std::fs;

use nightkeep_engine::api::{HistoryRow, Live, Outcome};
use nightkeep_tests::dbus::Notification;
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, fake_agent};

/// A job that stalls a second after its first step.
fn stalling(name: &str) -> String {
    let command = [&fake_agent().unwrap(), "mark 1", "hang"];
    format!("[jobs.{name}]\ncommand = {command:?}\nwarn_after = \"400ms\"\nstall_after = \"1s\"\ngrace = \"1s\"\n")
}

fn stall(night: &Night, job: &str) -> HistoryRow {
    let begun = night.begin(&["start", job]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!(row.outcome, Outcome::Aborted, "{row:#?}");
    row
}

fn labels(shown: &Notification) -> Vec<&str> {
    shown.actions.iter().map(|(_, label)| label.as_str()).collect()
}

fn press(night: &Night, shown: &Notification, button: &str) {
    night.see(async |desktop| desktop.press(shown, button).await).unwrap();
}

#[test]
fn a_click_and_details_open_the_window_at_the_run_and_the_notification_is_gone() {
    let night = Night::on_a_desktop(&(stalling("a") + &stalling("b"))).unwrap();
    night.furnish_window().unwrap();
    let (first, second) = (stall(&night, "a").run, stall(&night, "b").run);
    let (one, other) = (night.notification("a was stopped").unwrap(), night.notification("b was stopped").unwrap());
    assert_eq!(labels(&one), ["Details", "Details", "Run again"]);
    night.see(async |desktop| desktop.click(&one).await).unwrap();
    assert_eq!(night.opened(1).unwrap(), [format!("run/{first}")]);
    press(&night, &other, "Details");
    assert_eq!(night.opened(2).unwrap()[1], format!("run/{second}"));
    assert_eq!(night.see(async |desktop| desktop.closed(2).await).unwrap(), [one.id, other.id]);
}

#[test]
fn a_window_that_cannot_be_opened_harms_nobody() {
    let night = Night::on_a_desktop(&(stalling("a") + &stalling("b"))).unwrap();
    stall(&night, "a");
    press(&night, &night.notification("a was stopped").unwrap(), "Details");
    let logged = || night.log_lines("the window could not be opened").pop();
    let line = eventually("the failure to be logged", logged).unwrap();
    assert!(line.contains("nightkeep-app"), "{line}");
    stall(&night, "b");
    night.notification("b was stopped").unwrap();
}

#[test]
fn run_again_starts_the_job_and_a_refusal_is_told() {
    let night = Night::on_a_desktop(&(stalling("a") + &stalling("b"))).unwrap();
    let first = stall(&night, "a").run;
    press(&night, &night.notification("a was stopped").unwrap(), "Run again");
    let latest = |live: &Live| live.status.runs.iter().find(|run| run.job == "a" && run.run > first).map(|run| run.run);
    let again = night.until("another run", latest).unwrap();
    assert_eq!(night.ended(again).unwrap().outcome, Outcome::Aborted);

    stall(&night, "b");
    let shown = night.notification("b was stopped").unwrap();
    night.told(&["stop", "b"]).unwrap();
    press(&night, &shown, "Run again");
    let refused = night.notification("b was not started").unwrap();
    assert!(refused.body.contains("`nightkeep resume b` lets it start again."), "{}", refused.body);
    assert_eq!(labels(&refused), Vec::<&str>::new());
}

/// Fails as long as the file `code` is there, and stalls otherwise.
fn moody() -> String {
    let script = format!("test -e code && exit 7; exec {} 'mark 1' hang", fake_agent().unwrap());
    format!(
        "[jobs.moody]\ncommand = [\"sh\", \"-c\", {script:?}]\ncwd = \"work\"\nstall_after = \"1s\"\ngrace = \"1s\"\n"
    )
}

/// So many runs of it fail, which is told to nobody.
fn fail(night: &Night, count: usize) {
    fs::write(night.work().join("code"), "").unwrap();
    for _ in 0..count {
        let run = night.begin(&["start", "moody"]).unwrap().run;
        assert_eq!(night.ended(run).unwrap().outcome, Outcome::Failed);
    }
    fs::remove_file(night.work().join("code")).unwrap();
}

#[test]
fn resume_lets_a_job_start_again_whose_breaker_is_open() {
    let night = Night::on_a_desktop(&moody()).unwrap();
    fail(&night, 3);
    let shown = night.notification("moody will not start again").unwrap();
    assert_eq!(labels(&shown), ["Details", "Details", "Resume"]);
    assert_ne!(night.nightkeep(&["start", "moody"]).unwrap().code, Some(0));
    press(&night, &shown, "Resume");
    night.until("the breaker to be closed", |live| live.status.jobs.is_empty().then_some(())).unwrap();
    stall(&night, "moody");
}

#[test]
fn thirty_minutes_more_move_the_limit_of_the_step() {
    let command = [&fake_agent().unwrap(), "mark 1", "hang"];
    let job = format!("[jobs.slow]\ncommand = {command:?}\nwarn_after = \"400ms\"\nstall_after = \"50m\"\n");
    let night = Night::on_a_desktop(&format!("{job}[notifications]\nwarnings = true\n")).unwrap();
    let run = night.begin(&["start", "slow"]).unwrap().run;
    let shown = night.notification("slow is quiet").unwrap();
    assert_eq!(labels(&shown), ["Details", "Details", "Give it 30 min more"]);
    press(&night, &shown, "Give it 30 min more");
    let moved = night.until_run("its limit to be moved", run, |view| view.stall_after_s > 3_000.0).unwrap();
    assert!((moved.stall_after_s - 80.0 * 60.0).abs() < 1e-6, "{moved:#?}");
}

#[test]
fn a_job_that_is_snoozed_shows_no_banner_until_the_morning_whatever_crashes_and_can_be_heard_again() {
    let night = Night::on_a_desktop(&moody()).unwrap();
    fail(&night, 1);
    stall(&night, "moody");
    let shown = night.notification("moody was stopped").unwrap();
    assert_eq!(labels(&shown), ["Details", "Details", "Run again", "Snooze for tonight"]);
    press(&night, &shown, "Snooze for tonight");
    let snoozed = |live: &Live| live.status.snoozed.first().cloned();
    let snooze = night.until("it to be snoozed", snoozed).unwrap();
    assert_eq!(snooze.job, "moody");
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    assert_eq!(night.until("it to be snoozed on", snoozed).unwrap(), snooze);
    for command in [&["status"][..], &["job", "show", "moody"]] {
        let said = night.told(command).unwrap();
        assert!(said.lines().any(|line| line.contains("snoozed until ") && line.contains("07:00")), "{said}");
    }

    // That its breaker opens would be news.
    let third = stall(&night, "moody");
    let dropped = || {
        let lines = night.log_lines("its job is snoozed");
        lines.into_iter().find(|line| line.contains("breaker"))
    };
    eventually("the decision", dropped).unwrap();
    assert_eq!(night.json(&["history"]).unwrap()[0]["run"], third.run, "the history has it");
    night.told(&["resume", "moody"]).unwrap();
    assert_eq!(night.until("it to be snoozed still", snoozed).unwrap(), snooze, "to start is not to be heard");
    assert_eq!(night.told(&["snooze", "moody", "--off"]).unwrap(), "notifications of moody are shown again\n");
    fail(&night, 3);
    night.notification("moody will not start again").unwrap();
    let titles: Vec<String> =
        night.see(async |desktop| desktop.all_shown()).unwrap().into_iter().map(|shown| shown.summary).collect();
    assert_eq!(titles, ["moody was stopped", "moody will not start again"]);
}

#[test]
fn a_job_is_snoozed_by_command_too_and_one_that_is_not_there_is_refused() {
    let night = Night::on_a_desktop(&stalling("a")).unwrap();
    let said = night.told(&["snooze", "a"]).unwrap();
    assert!(said.starts_with("notifications of a are snoozed until "), "{said}");
    assert!(said.trim_end().ends_with("; `nightkeep snooze a --off` shows them"), "{said}");
    night.told(&["snooze", "a", "--off"]).unwrap();
    assert_eq!(night.told(&["snooze", "a", "--off"]).unwrap(), "notifications of a were not snoozed\n");
    let unknown = night.nightkeep(&["snooze", "nobody"]).unwrap();
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("there is no job `nobody`"), "{}", unknown.err);
    stall(&night, "a");
    night.notification("a was stopped").unwrap();
}
