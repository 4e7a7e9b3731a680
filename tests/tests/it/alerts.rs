//! What the owner is told, when, and in how many banners.

use std::collections::BTreeMap;
use std::time::Duration;

use nightkeep_engine::api::{HistoryRow, Outcome, Reason};
use nightkeep_engine::store::Store;
use nightkeep_engine::store::entry::{Ending, Entry, LimitsMs, Registration, Stamp, Stamped};
use nightkeep_engine::time::Wall;
use nightkeep_tests::dbus::Notification;
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, fake_agent};
use serde_json::Value;

/// Jobs that stall a second after their first step.
pub(super) fn stalling(names: &[&str]) -> String {
    let command = [&fake_agent().unwrap(), "mark 1", "hang"];
    let job = |name: &&str| {
        format!("[jobs.{name}]\ncommand = {command:?}\nwarn_after = \"400ms\"\nstall_after = \"1s\"\ngrace = \"1s\"\n")
    };
    names.iter().map(job).collect()
}

/// The job is started, stalls and is stopped.
pub(super) fn stall(night: &Night, job: &str) -> HistoryRow {
    let begun = night.begin(&["start", job]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!(row.outcome, Outcome::Aborted, "{row:#?}");
    row
}

pub(super) fn shown(night: &Night) -> Vec<Notification> {
    night.see(async |desktop| desktop.all_shown()).unwrap()
}

pub(super) fn titles(night: &Night) -> Vec<String> {
    shown(night).into_iter().map(|shown| shown.summary).collect()
}

/// The lines about decisions that say all of `wanted`.
fn decisions(night: &Night, wanted: &[(&str, Value)]) -> Vec<Value> {
    let lines = night.log_lines("nightkeep_engine::decisions");
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| wanted.iter().all(|(key, value)| line["fields"][*key] == *value)).collect()
}

/// Waits for a decision.
pub(super) fn decided(night: &Night, wanted: &[(&str, Value)]) -> Value {
    let found = || decisions(night, wanted).pop();
    eventually(&format!("a decision with {wanted:?}"), found).map_err(|error| night.explained(error)).unwrap()
}

#[test]
fn the_fourth_of_four_runs_that_are_stopped_merges_them_into_one_banner() {
    let names = ["a", "b", "c", "d"];
    let night = Night::on_a_desktop(&stalling(&names)).unwrap();
    let runs: Vec<u64> = names.iter().map(|name| night.begin(&["start", name]).unwrap().run).collect();
    for run in runs {
        assert_eq!(night.ended(run).unwrap().outcome, Outcome::Aborted);
    }
    let many = night.notification("4 runs were stopped").unwrap();
    assert!(many.body.ends_with(" and 2 more."), "{}", many.body);
    let all = shown(&night);
    assert_eq!(all.len(), 4, "three of their own and one for all: {all:#?}");
    let closed = night.see(async |desktop| desktop.closed(3).await).unwrap();
    assert_eq!(closed, all[..3].iter().map(|shown| shown.id).collect::<Vec<_>>(), "it stands for them");
    assert_eq!(decisions(&night, &[("decision", "merged".into())]).len(), 1);
}

#[test]
fn the_same_of_the_same_job_is_told_once_in_half_an_hour_whatever_crashes() {
    let night = Night::on_a_desktop(&stalling(&["a", "b"])).unwrap();
    stall(&night, "a");
    night.notification("a was stopped").unwrap();
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let again = stall(&night, "a");
    let why = decided(&night, &[("alert", "stopped".into()), ("run", again.run.into())]);
    let said = (&why["fields"]["decision"], &why["fields"]["why"]);
    assert_eq!(said, (&"dropped".into(), &"the same was told within 30 min".into()), "{why}");
    stall(&night, "b");
    night.notification("b was stopped").unwrap();
    assert_eq!(titles(&night), ["a was stopped", "b was stopped"]);
}

#[test]
fn a_run_that_is_found_again_after_two_crashes_is_told_once() {
    let night = Night::on_a_desktop("[jobs.long]\ncommand = [\"sleep\", \"1000\"]\n").unwrap();
    let begun = night.begin(&["start", "long"]).unwrap();
    night.until_run("it to run", begun.run, |view| view.pid.is_some()).unwrap();
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let told = night.notification("Found a run from before the restart").unwrap();
    assert!(told.body.contains("was still running and is being watched again."), "{}", told.body);
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    decided(&night, &[("alert", "recovered".into()), ("decision", "dropped".into())]);
    assert_eq!(titles(&night).len(), 1);
}

const MORNING: &str = "Last night: 1 finished, 1 stopped";

#[test]
fn a_stop_in_quiet_hours_is_told_in_the_morning_to_whoever_looks() {
    let jobs = format!("{}[jobs.good]\ncommand = [\"true\"]\n", stalling(&["stuck"]));
    let mut night = Night::on_a_desktop_at("06:50:00", &jobs).unwrap();
    let good = night.begin(&["start", "good"]).unwrap();
    night.ended(good.run).unwrap();
    let stopped = stall(&night, "stuck");
    let held = decided(&night, &[("alert", "stopped".into()), ("run", stopped.run.into())]);
    assert_eq!(held["fields"]["decision"], "held", "{held}");
    assert_eq!(titles(&night), Vec::<String>::new(), "it is quiet");

    night.crash_engine().unwrap();
    night.make_it("06:59:58").unwrap();
    night.start_engine().unwrap();
    assert_eq!(titles(&night), Vec::<String>::new(), "nobody is there yet");
    let looked = || {
        night.json(&["history"]).unwrap();
        (!titles(&night).is_empty()).then_some(())
    };
    eventually("the morning to be told", looked).unwrap();
    let told = night.notification(MORNING).unwrap();
    assert!(told.body.ends_with("Stopped: stuck."), "{}", told.body);
    assert_eq!(told.urgency(), Some(1));
    night.json(&["history"]).unwrap();
    assert_eq!(titles(&night), [MORNING]);
}

/// Two runs of `age`: one finished, one was stopped for stalling.
pub(super) fn two_runs_of(night: &Night, age: Duration) {
    let mut store = Store::open(&night.home().join("nightkeep.db"), Wall::from_ms(0)).unwrap().store;
    let at_wall_ms = (jiff::Timestamp::now() - age).as_millisecond();
    let at = Stamp { at_wall_ms, at_awake_ms: 1, boot: "an earlier boot".to_owned() };
    for (job, outcome) in [("good", Outcome::Succeeded), ("stuck", Outcome::Aborted)] {
        let registration = Registration {
            tag: format!("tag-of-{job}"),
            job: job.to_owned(),
            job_type: "generic".to_owned(),
            command: Vec::new(),
            cwd: None,
            marker: None,
            attached: false,
            observe: false,
            limits: LimitsMs::default(),
            identity: None,
            sources: Vec::new(),
            by_job: None,
            restart: None,
        };
        let run = store.register(&at, &registration).unwrap();
        let reason = (outcome == Outcome::Aborted).then_some(Reason::Stalled);
        let ending = Ending { reason, ..Ending::new(outcome, at_wall_ms) };
        store.append(run, vec![Stamped { at: at.clone(), entry: Entry::Ended(Box::new(ending)) }]).unwrap();
    }
    store.close().unwrap();
}

#[test]
fn where_nobody_looks_the_night_is_told_at_half_past_seven_once_whatever_crashes() {
    let mut night = Night::on_a_desktop_at("07:10:00", &stalling(&["other"])).unwrap();
    night.crash_engine().unwrap();
    two_runs_of(&night, Duration::from_hours(3));
    let three_seconds_before = jiff::Timestamp::now().as_second();
    night.make_it("07:29:57").unwrap();
    night.start_engine().unwrap();
    let told = night.notification(MORNING).unwrap();
    let line = decided(&night, &[("alert", "morning".into()), ("decision", "shown".into())]);
    let told_at: jiff::Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
    assert!(told_at.as_second() >= three_seconds_before + 3, "not before its time: {line}");
    assert_eq!(told.body, "About 2 h 30 min not wasted. Stopped: stuck.");
    for _ in 0..2 {
        night.crash_engine().unwrap();
        night.start_engine().unwrap();
        assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 2);
    }
    stall(&night, "other");
    night.notification("other was stopped").unwrap();
    assert_eq!(titles(&night), [MORNING, "other was stopped"]);
}

#[test]
fn of_a_night_in_which_nothing_ran_nothing_is_told() {
    let night = Night::on_a_desktop_at("07:29:58", &stalling(&["a"])).unwrap();
    let line = decided(&night, &[("alert", "morning".into())]);
    assert_eq!(
        (&line["fields"]["decision"], &line["fields"]["why"]),
        (&"dropped".into(), &"nothing ran in the night".into())
    );
    stall(&night, "a");
    night.notification("a was stopped").unwrap();
    assert_eq!(titles(&night), ["a was stopped"]);
}

#[test]
fn each_decision_about_a_run_is_one_line_of_json_with_its_reason_and_its_numbers() {
    let night = Night::on_a_desktop(&stalling(&["a"])).unwrap();
    let run = stall(&night, "a").run;
    night.notification("a was stopped").unwrap();
    let lines = decisions(&night, &[("run", run.into())]);
    let said: Vec<String> = lines
        .iter()
        .map(|line| {
            let fields = &line["fields"];
            assert_eq!(fields["job"], "a", "{line}");
            let word = |key: &str| fields[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}: {}", word("alert"), word("decision"), word("why")).trim_start().to_owned()
        })
        .collect();
    let counted = said.iter().fold(BTreeMap::new(), |mut counted, line| {
        *counted.entry(line.as_str()).or_insert(0) += 1;
        counted
    });
    let once = [
        "warned: no progress",
        "warning dropped: the tray shows it",
        "stop-intended: no progress",
        "signalled: its root is asked to end",
        "aborted: no progress",
        "stopped shown: it is due",
    ];
    for line in once {
        assert_eq!(counted.get(line), Some(&1), "{line}: {said:#?}");
    }
    assert!(counted.contains_key("doubted: a limit has passed, and its sources are read again"), "{said:#?}");
    let intended = decisions(&night, &[("decision", "stop-intended".into())]).remove(0);
    let since = intended["fields"]["since_s"].as_f64().unwrap();
    assert!((1.0..10.0).contains(&since), "{intended}");
    assert_eq!(intended["target"], "nightkeep_engine::decisions");
}

#[test]
fn a_job_that_wants_its_ends_told_has_them_told() {
    let jobs = "[jobs.good]\ncommand = [\"true\"]\nnotify_end = true\n\
                [jobs.bad]\ncommand = [\"sh\", \"-c\", \"exit 7\"]\nnotify_end = true\n\
                [jobs.mute]\ncommand = [\"true\"]\n";
    let night = Night::on_a_desktop(jobs).unwrap();
    for job in ["mute", "good", "bad"] {
        let begun = night.begin(&["start", job]).unwrap();
        night.ended(begun.run).unwrap();
    }
    let failed = night.notification("bad failed").unwrap();
    assert!(failed.body.starts_with("Exit code 7 after "), "{}", failed.body);
    assert_eq!(titles(&night), ["good finished", "bad failed"]);
}

#[test]
fn that_runs_are_not_watched_is_told_in_quiet_hours_too_without_a_sound_and_stays() {
    let marks = (2..30).flat_map(|step| ["sleep 1s".to_owned(), format!("mark {step}")]);
    let command: Vec<String> = [fake_agent().unwrap(), "mark 1".to_owned()].into_iter().chain(marks).collect();
    let night = Night::on_a_desktop_at("02:00:00", &format!("[jobs.a]\ncommand = {command:?}\n")).unwrap();
    let begun = night.begin(&["start", "a"]).unwrap();
    night.until_run("its first step", begun.run, |view| view.step.is_some()).unwrap();
    // Whoever else writes into the history keeps the engine from it.
    let other = rusqlite::Connection::open(night.home().join("nightkeep.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let told = night.notification("Runs are not being watched").unwrap();
    assert!(told.body.starts_with("The history cannot be written ("), "{}", told.body);
    assert!(told.body.ends_with(" 1 run continues without a limit."), "{}", told.body);
    assert_eq!((told.urgency(), told.expire_timeout), (Some(2), 0));
    let is_silent = told.hints.get("suppress-sound").and_then(|silent| bool::try_from(silent).ok());
    assert_eq!(is_silent, Some(true));
    let why = decided(&night, &[("alert", "not-watching".into())]);
    assert_eq!(why["fields"]["why"], "it cannot wait for the morning", "{why}");
    other.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn whoever_wakes_the_computer_after_the_quiet_hours_is_told_of_the_night() {
    let at =
        |from_now: i64| (jiff::Zoned::now() + jiff::SignedDuration::from_mins(from_now)).strftime("%H:%M").to_string();
    let hours = format!("[notifications]\nquiet_hours = \"{}-{}\"\n", at(-60), at(60));
    let (night, time) = Night::on_made_up_time(&format!("{}{hours}", stalling(&["a"]))).unwrap();
    let run = stall(&night, "a").run;
    let held = decided(&night, &[("alert", "stopped".into()), ("run", run.into())]);
    assert_eq!(held["fields"]["decision"], "held", "{held}");
    time.sleep(65 * 60_000);
    // The engine compares its clocks whenever it does anything.
    night.json(&["status"]).unwrap();
    let told = decided(&night, &[("alert", "morning".into())]);
    assert_eq!((&told["fields"]["decision"], &told["fields"]["runs"]), (&"shown".into(), &1.into()), "{told}");
}

#[test]
fn the_banner_of_a_run_that_somebody_has_looked_at_is_taken_away() {
    let night = Night::on_a_desktop(&stalling(&["a", "b"])).unwrap();
    let run = stall(&night, "a").run;
    let shown = night.notification("a was stopped").unwrap();
    stall(&night, "b");
    let other = night.notification("b was stopped").unwrap();
    night.ask(async |engine| engine.mark_seen(run).await).unwrap();
    assert_eq!(night.see(async |desktop| desktop.closed(1).await).unwrap(), [shown.id]);
    night.ask(async |engine| engine.mark_all_seen().await).unwrap();
    assert_eq!(night.see(async |desktop| desktop.closed(2).await).unwrap(), [shown.id, other.id]);
}

#[test]
fn a_run_that_stalled_while_nobody_watched_is_cleaned_up_and_that_is_said() {
    let command = [&fake_agent().unwrap(), "mark 1", "sleep 4s", "print late", "hang"];
    let job = format!("[jobs.a]\ncommand = {command:?}\nwarn_after = \"2s\"\nstall_after = \"3s\"\ngrace = \"1s\"\n");
    let night = Night::on_a_desktop(&job).unwrap();
    let begun = night.begin(&["start", "a"]).unwrap();
    let is_on_record = || night.show(begun.run).ok().filter(|run| !run.advances.is_empty());
    eventually("the step to be on record", is_on_record).unwrap();
    night.crash_engine().unwrap();
    let output = night.run_dir(&begun.tag).output();
    let is_late = || std::fs::read_to_string(&output).is_ok_and(|text| text.contains("late")).then_some(());
    eventually("the limit to pass", is_late).unwrap();
    night.start_engine().unwrap();
    let told = night.notification("Cleaned up after a restart").unwrap();
    assert_eq!(told.body, "a had stalled while nobody was watching; it was stopped.");
}

#[test]
fn a_stop_that_somebody_asked_for_alarms_nobody() {
    let command = [&fake_agent().unwrap(), "mark 1", "hang"];
    let patient = format!("[jobs.patient]\ncommand = {command:?}\n");
    let night = Night::on_a_desktop(&(stalling(&["stuck"]) + &patient)).unwrap();
    let asked = night.begin(&["start", "patient"]).unwrap();
    night.until_step(asked.run, 1).unwrap();
    night.told(&["stop", "patient"]).unwrap();
    assert_eq!(night.ended(asked.run).unwrap().reason, Some(Reason::User));
    stall(&night, "stuck");
    night.notification("stuck was stopped").unwrap();
    let told = shown(&night);
    assert!(!told.iter().any(|told| told.summary.contains("patient")), "{told:#?}");
    let why = decided(&night, &[("alert", "stopped".into()), ("run", asked.run.into())]);
    let said = (&why["fields"]["decision"], &why["fields"]["why"]);
    assert_eq!(said, (&"dropped".into(), &"somebody asked for it".into()), "{why}");
}
