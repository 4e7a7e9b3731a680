//! What counts as progress, and by which limits.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use nightkeep_engine::api::{HistoryRow, Outcome, Phase, Reason, RunDetail};
use nightkeep_tests::binary;
use nightkeep_tests::night::{Night, agent, fake_agent, first, waited_ms};

/// Runs a command under short limits until it is over.
fn judge(night: &Night, limits: &[&str], command: &[&str]) -> (HistoryRow, RunDetail) {
    let begun = night.begin(&[&["run", "--detach", "--grace", "1s"], limits, &["--"], command].concat()).unwrap();
    let row = night.ended(begun.run).unwrap();
    (row, night.show(begun.run).unwrap())
}

fn check_that_it_stalled(row: &HistoryRow, detail: &RunDetail, stall_ms: i64) {
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::Stalled)), "{row:#?}");
    let waited = waited_ms(detail).unwrap();
    assert!(waited >= stall_ms, "{waited} ms instead of {stall_ms}");
}

#[test]
fn long_quiet_phases_below_the_limit_are_never_touched() {
    let night = Night::watched("").unwrap();
    let script = agent("patient.py");
    let command = ["python3", &script, "--phases", "3", "--quiet-seconds", "1.2"];
    let (row, detail) = judge(&night, &["--warn-after", "900ms", "--stall-after", "2s"], &command);
    assert_eq!((row.outcome, row.exit_code, row.advances), (Outcome::Succeeded, Some(0), 3));
    assert!(row.longest_gap_s.unwrap() >= 1.2, "{row:?}");
    assert!(first(&detail, "warned").is_some(), "{:#?}", detail.timeline);
    assert_eq!((first(&detail, "stop-intended"), first(&detail, "signalled")), (None, None), "{:#?}", detail.timeline);
}

#[test]
fn output_without_end_is_no_progress() {
    let night = Night::watched("").unwrap();
    let (row, detail) = judge(&night, &["--stall-after", "1s"], &["bash", &agent("chatty.sh")]);
    check_that_it_stalled(&row, &detail, 1_000);
    assert_eq!((row.advances, row.last_step, row.signal), (2, Some(2), Some(15)));
    let lines = detail.evidence.unwrap().output.lines;
    let waiting = lines.iter().filter(|line| *line == "waiting…").count();
    assert!(waiting >= 5, "{lines:?}");
}

#[test]
fn the_same_step_again_and_again_is_no_progress() {
    let night = Night::watched("").unwrap();
    let command = [&fake_agent().unwrap(), "mark-loop 3 still here every 100ms", "hang"];
    let (row, detail) = judge(&night, &["--stall-after", "1s"], &command);
    check_that_it_stalled(&row, &detail, 1_000);
    assert_eq!((row.advances, row.last_step), (1, Some(3)));
}

#[test]
fn a_step_that_goes_back_is_no_progress_and_is_shown() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let command = ["--", &agent, "mark 3", "sleep 200ms", "mark-loop 2 back every 100ms", "hang"];
    let limits = ["run", "--detach", "--stall-after", "1200ms", "--grace", "1s"];
    let begun = night.begin(&[&limits[..], &command[..]].concat()).unwrap();
    night.until_run("the fall to be shown", begun.run, |view| view.marker_note.is_some()).unwrap();
    let status = night.json(&["status"]).unwrap();
    assert_eq!(status["runs"][0]["marker_note"], "The marker went back to step 2; step 3 still counts.");
    assert_eq!(status["runs"][0]["step"], 3);
    let row = night.ended(begun.run).unwrap();
    check_that_it_stalled(&row, &night.show(begun.run).unwrap(), 1_200);
    assert_eq!((row.advances, row.last_step), (1, Some(3)));
}

#[test]
fn a_time_of_next_year_is_ignored_and_shown() {
    let night = Night::watched("").unwrap();
    let year = 365 * 24 * 3600;
    let next_year = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + year;
    let (agent, garble) = (fake_agent().unwrap(), format!(r#"garble {{"step": 1, "ts": {next_year}}}"#));
    let limits = ["run", "--detach", "--stall-after", "1s", "--grace", "1s", "--", &agent, &garble, "hang"];
    let begun = night.begin(&limits).unwrap();
    night.until_run("the claim to be shown", begun.run, |view| view.marker_note.is_some()).unwrap();
    let status = night.json(&["status"]).unwrap();
    assert_eq!(status["runs"][0]["marker_note"], "The marker's `ts` lies in the future and is ignored.");
    let row = night.ended(begun.run).unwrap();
    check_that_it_stalled(&row, &night.show(begun.run).unwrap(), 1_000);
}

#[test]
fn two_jobs_side_by_side_are_each_judged_by_the_limits_of_their_type() {
    let agent = fake_agent().unwrap();
    let job = |name: &str, kind: &str| {
        format!("[jobs.{name}]\ntype = \"{kind}\"\ncommand = [{agent:?}, \"mark 1\", \"on-term exit 0\", \"hang\"]\n")
    };
    let types = "[types.hasty]\nstall_after = \"700ms\"\n[types.calm]\nstall_after = \"2s\"\n";
    let night = Night::watched(&format!("{types}{}{}", job("a", "hasty"), job("b", "calm"))).unwrap();
    let (hasty, calm) = (night.begin(&["start", "a"]).unwrap(), night.begin(&["start", "b"]).unwrap());
    check_that_it_stalled(&night.ended(hasty.run).unwrap(), &night.show(hasty.run).unwrap(), 700);
    let left = night.until_run("the calm one", calm.run, |_| true).unwrap();
    assert_eq!((left.job.as_str(), left.r#type.as_str(), left.stall_after_s), ("b", "calm", 2.0));
    check_that_it_stalled(&night.ended(calm.run).unwrap(), &night.show(calm.run).unwrap(), 2_000);
}

#[test]
fn a_marker_that_an_earlier_run_left_says_nothing_of_the_next_one() {
    let agent = fake_agent().unwrap();
    let job = format!(
        "[jobs.docs]\ncommand = [{agent:?}, \"sleep 300ms\", \"mark 1 begun\", \"exit 0\"]\nprogress = \"docs.json\"\ncwd = \"work\"\n"
    );
    let night = Night::watched(&job).unwrap();
    fs::write(night.work().join("docs.json"), r#"{"step": 9, "note": "done"}"#).unwrap();
    let begun = night.begin(&["start", "docs"]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.advances, row.last_step, row.last_note.as_deref()), (1, Some(1), Some("begun")), "{row:#?}");
}

#[test]
fn a_job_that_runs_already_is_not_started_again() {
    let agent = fake_agent().unwrap();
    let night = Night::watched(&format!("[jobs.docs]\ncommand = [{agent:?}, \"hang\"]\n")).unwrap();
    let begun = night.begin(&["start", "docs"]).unwrap();
    let said = night.nightkeep(&["start", "docs"]).unwrap();
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(said.err.contains(&format!("is running already, as run {}", begun.run)), "{}", said.err);
    assert_eq!(night.json(&["status"]).unwrap()["summary"]["running"], 1);
}

#[test]
fn a_marker_that_is_not_there_is_remarked_upon_only_where_one_was_named() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let plain = night.begin(&["run", "--detach", "--", &agent, "hang"]).unwrap();
    let named = night.begin(&["run", "--detach", "--progress", "m.json", "--", &agent, "hang"]).unwrap();
    let view = night.until_run("the remark", named.run, |view| view.marker_note.is_some()).unwrap();
    assert_eq!(view.marker_note.as_deref(), Some("The marker is not there yet."));
    let view = night.until_run("the other one", plain.run, |view| view.phase == Phase::Running).unwrap();
    assert_eq!(view.marker_note, None);
}

#[test]
fn a_step_that_asks_for_more_time_has_it() {
    let night = Night::watched("").unwrap();
    let nightkeep = binary("nightkeep").unwrap().display().to_string();
    let script = r#""$0" mark 1 --expect 20s; sleep 1.5; "$0" mark 2; exit 0"#;
    let command = ["sh", "-c", script, &nightkeep];
    let (row, detail) = judge(&night, &["--stall-after", "700ms"], &command);
    assert_eq!((row.outcome, row.advances), (Outcome::Succeeded, 2), "{:#?}", detail.timeline);
}

#[test]
fn a_step_that_asks_for_an_hour_has_four_times_the_limit_however_often_its_marker_is_written() {
    let night = Night::watched("").unwrap();
    let nightkeep = binary("nightkeep").unwrap().display().to_string();
    let script = r#"while :; do "$0" mark 1 --expect 1h; sleep 0.2; done"#;
    let command = ["sh", "-c", script, &nightkeep];
    let (row, detail) = judge(&night, &["--stall-after", "500ms"], &command);
    check_that_it_stalled(&row, &detail, 2_000);
    let asked = detail.timeline.iter().filter(|event| event.kind == "expects").count();
    assert_eq!(asked, 1, "{:#?}", detail.timeline);
}
