//! Jobs after their runs: the circuit breaker, the restart with back-off, and the stop that stays; over crashes of the engine.

use std::fs;

use nightkeep_engine::api::{HistoryQuery, JobCondition, JobStatus, Live, Outcome, Phase, Reason};
use nightkeep_engine::store::Store;
use nightkeep_engine::store::entry::Stamp;
use nightkeep_engine::store::job::{JobEntries, JobEntry, StampedJob};
use nightkeep_engine::time::Wall;
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, fake_agent};

/// A job that notes each start and ends with what stands in the file `code`.
const FAILS: &str = "[jobs.fails]\ncommand = [\"sh\", \"-c\", \"echo $$ >> starts; exit $(cat code 2>/dev/null || echo 7)\"]\n\
                     cwd = \"work\"\n";

/// A job that notes each start and then hangs, and that is started again when it is stopped for that.
fn stalls() -> String {
    let agent = fake_agent().unwrap();
    let script = format!("echo $$ >> starts; exec {agent} 'mark 1' hang");
    format!(
        "[jobs.stalls]\ncommand = [\"sh\", \"-c\", {script:?}]\ncwd = \"work\"\nstall_after = \"500ms\"\ngrace = \"2s\"\n\
         on_stall = \"restart\"\n"
    )
}

fn starts(night: &Night) -> usize {
    fs::read_to_string(night.work().join("starts")).unwrap_or_default().lines().count()
}

fn status_of(live: &Live, job: &str) -> Option<JobStatus> {
    live.status.jobs.iter().find(|status| status.job == job).cloned()
}

fn until_condition(night: &Night, job: &str, wanted: JobCondition) -> JobStatus {
    let found = |live: &Live| status_of(live, job).filter(|status| status.state == wanted);
    night.until(&format!("{job} to be {wanted:?}"), found).unwrap()
}

fn fail(night: &Night) -> u64 {
    let run = night.begin(&["start", "fails"]).unwrap().run;
    assert_eq!(night.ended(run).unwrap().outcome, Outcome::Failed);
    run
}

/// What refuses to start a job, and what it says.
fn check_that_it_is_refused(night: &Night, job: &str, why: &str) {
    let before = starts(night);
    for line in [&["start", job][..], &["run", "--job", job], &["run", "--detach", "--job", job]] {
        let said = night.nightkeep(line).unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{line:?}: {}", said.err);
        assert!(said.err.contains(why), "{line:?}: {}", said.err);
        assert!(said.err.contains(&format!("`nightkeep resume {job}`")), "{line:?}: {}", said.err);
    }
    assert_eq!(starts(night), before);
}

#[test]
fn three_failures_in_a_row_open_the_breaker_which_a_crash_does_not_close_and_a_person_does() {
    let night = Night::watched(FAILS).unwrap();
    let (_first, _second) = (fail(&night), fail(&night));
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let third = fail(&night);
    let status = until_condition(&night, "fails", JobCondition::BreakerOpen);
    assert_eq!((status.failures, &status.next_start), (3, &None));
    // Between the open breaker and a start.
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    check_that_it_is_refused(&night, "fails", "it failed or was stopped 3 times in a row");
    assert_eq!(until_condition(&night, "fails", JobCondition::BreakerOpen), status);
    let shown = night.told(&["job", "show", "fails"]).unwrap();
    assert!(shown.contains("3 runs in a row failed or were stopped"), "{shown}");
    assert!(shown.contains(&format!("Run {third} failed or was stopped, the 3rd in a row.")), "{shown}");
    assert!(night.told(&["status"]).unwrap().contains("fails will not start again since"));
    assert!(night.told(&["job", "list"]).unwrap().contains("will not start"));
    // Work that is no run of the job is not refused.
    assert_eq!(night.nightkeep(&["run", "--name", "fails", "--", "true"]).unwrap().code, Some(0));
    night.told(&["resume", "fails"]).unwrap();
    let again = fail(&night);
    assert_eq!(night.json(&["status"]).unwrap()["jobs"].as_array().unwrap().len(), 0);
    assert!(again > third);
}

#[test]
fn one_success_resets_the_count() {
    let night = Night::watched(FAILS).unwrap();
    let _failed = [fail(&night), fail(&night)];
    fs::write(night.work().join("code"), "0").unwrap();
    let run = night.begin(&["start", "fails"]).unwrap().run;
    assert_eq!(night.ended(run).unwrap().outcome, Outcome::Succeeded);
    fs::remove_file(night.work().join("code")).unwrap();
    let _failed = [fail(&night), fail(&night)];
    assert_eq!(night.nightkeep(&["run", "--job", "fails"]).unwrap().code, Some(7));
    until_condition(&night, "fails", JobCondition::BreakerOpen);
}

#[test]
fn a_stop_of_a_job_stays_over_a_crash_until_it_is_resumed_and_counts_for_nothing() {
    let config = "[jobs.docs]\ncommand = [\"sh\", \"-c\", \"echo $$ >> starts; sleep 600\"]\ncwd = \"work\"\n";
    let night = Night::watched(config).unwrap();
    let run = night.begin(&["start", "docs"]).unwrap().run;
    eventually("its start", || (starts(&night) == 1).then_some(())).unwrap();
    let said = night.nightkeep(&["stop", "docs"]).unwrap();
    assert_eq!((said.code, said.out), (Some(0), format!("stopping run {run}\n")));
    assert!(said.err.contains("docs stays stopped"), "{}", said.err);
    let row = night.ended(run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)));
    let status = until_condition(&night, "docs", JobCondition::Killed);
    assert_eq!(status.failures, 0, "a deliberate stop is no crash");
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    check_that_it_is_refused(&night, "docs", "`docs` was stopped and stays stopped");
    let told = night.json(&["status"]).unwrap();
    assert_eq!((&told["summary"]["killed"], &told["jobs"][0]["state"]), (&1.into(), &"killed".into()));
    assert_eq!(night.nightkeep(&["stop", "docs"]).unwrap().code, Some(0), "again, although nothing runs");
    night.told(&["resume", "docs"]).unwrap();
    let run = night.begin(&["start", "docs"]).unwrap().run;
    // The stop of a run leaves its job as it is.
    night.told(&["stop", &run.to_string()]).unwrap();
    night.ended(run).unwrap();
    assert_eq!(night.json(&["status"]).unwrap()["summary"]["killed"], 0);
}

#[test]
fn what_is_known_of_a_job_follows_its_name_and_goes_with_it() {
    let config = "[jobs.docs]\ncommand = [\"true\"]\n[jobs.other]\ncommand = [\"true\"]\n";
    let night = Night::watched(config).unwrap();
    night.told(&["stop", "docs"]).unwrap();
    night.told(&["job", "edit", "docs", "--rename", "pages"]).unwrap();
    check_that_it_is_refused(&night, "pages", "`pages` was stopped and stays stopped");
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    check_that_it_is_refused(&night, "pages", "`pages` was stopped and stays stopped");
    assert_eq!(night.json(&["status"]).unwrap()["jobs"].as_array().unwrap().len(), 1);
    // A name that is taken changes nothing.
    assert_eq!(night.nightkeep(&["job", "edit", "pages", "--rename", "other"]).unwrap().code, Some(1));
    check_that_it_is_refused(&night, "pages", "`pages` was stopped and stays stopped");
    assert_eq!(night.nightkeep(&["run", "--job", "other"]).unwrap().code, Some(0));
    night.told(&["job", "remove", "pages"]).unwrap();
    night.told(&["job", "add", "pages", "--", "true"]).unwrap();
    assert_eq!(night.nightkeep(&["run", "--job", "pages"]).unwrap().code, Some(0), "another job of that name");
    // Taken out by hand, it is forgotten as well.
    night.told(&["stop", "other"]).unwrap();
    night.configure("[jobs.pages]\ncommand = [\"true\"]\n").unwrap();
    night.until("it to be forgotten", |live| live.status.jobs.is_empty().then_some(())).unwrap();
}

#[test]
fn what_is_neither_a_job_nor_runs_cannot_be_stopped_or_resumed() {
    let night = Night::watched(FAILS).unwrap();
    for line in [["stop", "nothing"], ["resume", "nothing"]] {
        let said = night.nightkeep(&line).unwrap();
        assert_eq!(said.code, Some(1), "{line:?}");
        assert!(said.err.contains("there is no job `nothing`"), "{line:?}: {}", said.err);
    }
    assert_eq!(night.told(&["resume", "fails"]).unwrap(), "fails may start; nothing kept it from that\n");
}

#[test]
fn a_job_that_is_called_as_a_route_of_the_api_is_changed_started_and_removed_as_any_other() {
    let night = Night::watched("").unwrap();
    night.told(&["job", "add", "validate", "--", "true"]).unwrap();
    night.told(&["job", "edit", "validate", "--stall-after", "20m"]).unwrap();
    night.until_job("validate", |job| job.limits.stall_after.as_deref() == Some("20m")).unwrap();
    assert_eq!(night.nightkeep(&["run", "--job", "validate"]).unwrap().code, Some(0));
    let run = night.begin(&["start", "validate"]).unwrap().run;
    assert_eq!(night.ended(run).unwrap().outcome, Outcome::Succeeded);
    night.told(&["job", "remove", "validate"]).unwrap();
    assert_eq!(night.ask(async |engine| engine.jobs().await).unwrap(), []);
}

#[test]
fn a_job_that_is_added_runs_where_whoever_added_it_stood() {
    let night = Night::watched("").unwrap();
    night.told(&["job", "add", "here", "--", "sh", "-c", "pwd > where"]).unwrap();
    let run = night.begin(&["start", "here"]).unwrap().run;
    assert_eq!(night.ended(run).unwrap().outcome, Outcome::Succeeded);
    let stood = fs::read_to_string(night.work().join("where")).unwrap();
    assert_eq!(fs::canonicalize(stood.trim_end()).unwrap(), fs::canonicalize(night.work()).unwrap());
    let doctor = night.nightkeep(&["doctor"]).unwrap().out;
    assert!(doctor.lines().any(|line| line.ends_with("is good and has 1 job")), "{doctor}");
    // A change from elsewhere moves it nowhere.
    let mut edit = night.command(&["job", "edit", "here", "--grace", "5s"]).unwrap();
    assert!(edit.current_dir("/").status().unwrap().success());
    night.until_job("here", |job| job.cwd.as_deref() == night.work().to_str() && job.limits.grace.is_some()).unwrap();
}

#[test]
fn a_job_that_will_not_start_again_is_told() {
    let night = Night::on_a_desktop(FAILS).unwrap();
    let _failed = [fail(&night), fail(&night), fail(&night)];
    let shown = night.notification("fails will not start again").unwrap();
    assert_eq!(shown.body, "Failed 3 times in a row. Last cause: exit code 7.");
}

#[test]
fn a_job_whose_stalls_are_only_told_is_left_alone() {
    let night = Night::on_a_desktop(&stalls().replace("restart", "notify")).unwrap();
    let run = night.begin(&["start", "stalls"]).unwrap().run;
    night.notification("stalls has stalled").unwrap();
    night.until_run("it to run on", run, |view| view.phase == Phase::Running).unwrap();
    let shown = night.told(&["show", &run.to_string()]).unwrap();
    assert!(shown.contains("its job wants it left alone"), "{shown}");
}

#[test]
fn the_pause_before_a_restart_is_awake_time() {
    let (night, time) = Night::on_made_up_time("").unwrap();
    // The engine in this process has another home directory.
    night.configure(&stalls().replace("\"work\"", &format!("{:?}", night.work()))).unwrap();
    night.until_job("stalls", |_| true).unwrap();
    let first = night.begin(&["start", "stalls"]).unwrap().run;
    assert_eq!(night.ended(first).unwrap().reason, Some(Reason::Stalled));
    let due = |status: &JobStatus| status.next_start.as_ref().unwrap().parse::<jiff::Timestamp>().unwrap();
    let before = due(&until_condition(&night, "stalls", JobCondition::Restarting));
    time.sleep(8 * 60 * 60 * 1000);
    let later = |live: &Live| status_of(live, "stalls").map(|status| due(&status)).filter(|due| *due > before);
    let _live = night.ask(async |engine| engine.live().await).unwrap();
    let after = night.until("the pause to move behind the sleep", later).unwrap();
    let moved = after.as_millisecond() - before.as_millisecond();
    assert!((moved - 8 * 60 * 60 * 1000).abs() < 1_000, "{moved} ms");
    time.pass(20_000);
    let live = night.ask(async |engine| engine.live().await).unwrap();
    assert_eq!((status_of(&live, "stalls").unwrap().state, starts(&night)), (JobCondition::Restarting, 1));
    time.pass(11_000);
    let _live = night.ask(async |engine| engine.live().await).unwrap();
    eventually("the restart", || (starts(&night) == 2).then_some(())).map_err(|error| night.explained(error)).unwrap();
}

/// The engine crashes, and finds the restart of the job with its pause almost over.
fn crash_before_the_restart(night: &Night, nth: u32) {
    night.crash_engine().unwrap();
    let clocks = nightkeep_os::clocks();
    let boot = nightkeep_os::boot_id().unwrap();
    let at = Stamp { at_wall_ms: clocks.wall_ms, at_awake_ms: clocks.awake_ms, boot };
    let entry = JobEntry::RestartDue { nth, after_ms: 1_000 };
    let mut store = Store::open(&night.home().join("nightkeep.db"), Wall::from_ms(0)).unwrap().store;
    store.note_job(JobEntries { job: "stalls".to_owned(), entries: vec![StampedJob { at, entry }] }).unwrap();
    store.close().unwrap();
    night.start_engine().unwrap();
}

fn history(night: &Night) -> Vec<u64> {
    let rows = night.ask(async |engine| engine.history(&HistoryQuery::default()).await).unwrap();
    let mut runs: Vec<u64> = rows.iter().map(|row| row.run).collect();
    runs.sort_unstable();
    runs
}

#[test]
fn a_stalled_job_is_started_again_once_although_the_engine_crashes_before_and_during_it() {
    let night = Night::watched(&stalls()).unwrap();
    let first = night.begin(&["start", "stalls"]).unwrap().run;
    assert_eq!(night.ended(first).unwrap().reason, Some(Reason::Stalled));
    let status = until_condition(&night, "stalls", JobCondition::Restarting);
    assert_eq!(status.failures, 1);
    // Thirty seconds from the end.
    let due: jiff::Timestamp = status.next_start.unwrap().parse().unwrap();
    let ended: jiff::Timestamp = night.ended(first).unwrap().ended_at.parse().unwrap();
    let pause_ms = due.as_millisecond() - ended.as_millisecond();
    assert!((29_500..32_000).contains(&pause_ms), "{pause_ms} ms");
    // A crash in the pause forgets neither the restart nor how long is left.
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let again = until_condition(&night, "stalls", JobCondition::Restarting);
    let again: jiff::Timestamp = again.next_start.unwrap().parse().unwrap();
    assert!((again.as_millisecond() - due.as_millisecond()).abs() < 500);
    crash_before_the_restart(&night, 1);
    eventually("the restart", || (starts(&night) == 2).then_some(())).map_err(|error| night.explained(error)).unwrap();
    // A crash right after the start begins no other one.
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    night.ended(first + 1).unwrap();
    let status = until_condition(&night, "stalls", JobCondition::Restarting);
    assert_eq!((status.failures, starts(&night)), (2, 2));
    crash_before_the_restart(&night, 2);
    night.ended(first + 2).unwrap();
    until_condition(&night, "stalls", JobCondition::BreakerOpen);
    assert_eq!((starts(&night), history(&night)), (3, vec![first, first + 1, first + 2]));
}
