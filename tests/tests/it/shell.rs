//! `nightkeep run`, as a shell or cron calls it.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use nightkeep_engine::api::{HistoryRow, Method, Outcome, Reason};
use nightkeep_tests::night::{Night, Said, agent, alive, fake_agent, of_run};
use nightkeep_tests::{binary, eventually};
use rustix::process::{Pid, Signal, kill_process};

/// A run in the foreground whose streams are pipes.
fn spawn(night: &Night, arguments: &[&str]) -> Child {
    let mut command = night.command(&[&["run"], arguments].concat()).unwrap();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).spawn().unwrap()
}

fn said(child: Child) -> Said {
    Said::of(&child.wait_with_output().unwrap())
}

fn newest(night: &Night) -> HistoryRow {
    let rows = night.json(&["history", "--limit", "1"]).unwrap();
    serde_json::from_value(rows[0].clone()).unwrap()
}

#[test]
fn a_run_ends_as_its_command_does() {
    let night = Night::watched("").unwrap();
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)] {
        let said = night.nightkeep(&["run", "--", "sh", "-c", script]).unwrap();
        assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(code), "", ""), "{script}");
    }
    let rows = night.json(&["history"]).unwrap();
    let outcomes: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["failed", "failed", "failed", "succeeded"]);
}

#[test]
fn a_run_that_nightkeep_stopped_ends_with_124_and_says_why() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let limits = ["run", "--stall-after", "700ms", "--grace", "500ms", "--", &agent];
    for (steps, method) in [(["on-term exit 0", "hang"], Method::Graceful), (["ignore term", "hang"], Method::Forced)] {
        let said = night.nightkeep(&[&limits[..], &steps[..]].concat()).unwrap();
        assert_eq!(said.code, Some(124), "{}", said.err);
        assert!(said.err.contains("was stopped: no progress for"), "{}", said.err);
        assert_eq!(newest(&night).method, Some(method));
    }
}

#[test]
fn ctrl_c_reaches_the_command_and_is_recorded_as_a_wish_of_the_user() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let child = spawn(&night, &["--", &agent, "mark 1", "hang"]);
    let run = night.until("its first step", |live| live.status.runs.first().filter(|run| run.step == Some(1)).cloned());
    let pid = run.unwrap().pid.unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(said(child).code, Some(130));
    let row = newest(&night);
    assert_eq!((row.outcome, row.reason, row.signal), (Outcome::Aborted, Some(Reason::User), Some(2)));
    assert!(!alive(pid));
}

#[test]
fn what_a_command_prints_arrives_where_it_belongs() {
    let night = Night::watched("").unwrap();
    let script = "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done";
    let apart = night.nightkeep(&["run", "--", "sh", "-c", script]).unwrap();
    assert_eq!(apart.out, "out 1\nout 2\nout 3\nout 4\nout 5\n");
    assert_eq!(apart.err, "err 1\nerr 2\nerr 3\nerr 4\nerr 5\n");
    let path = night.work().join("both.log");
    let both = File::create(&path).unwrap();
    let mut command = night.command(&["run", "--", "sh", "-c", script]).unwrap();
    let status = command.stdout(both.try_clone().unwrap()).stderr(both).status().unwrap();
    assert!(status.success());
    let merged: String = (1..=5).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert_eq!(fs::read_to_string(path).unwrap(), merged);
}

#[test]
fn a_command_reads_what_its_caller_gives_it() {
    let night = Night::watched("").unwrap();
    let mut child = spawn(&night, &["--", "sort"]);
    child.stdin.take().unwrap().write_all(b"pear\napple\n").unwrap();
    assert_eq!(said(child).out, "apple\npear\n");
}

#[test]
fn a_detached_run_goes_on_alone_and_without_input() {
    let night = Night::watched("").unwrap();
    let script = "cat; read _ < gate; echo done";
    assert!(Command::new("mkfifo").arg(night.work().join("gate")).status().unwrap().success());
    let begun = night.begin(&["run", "--detach", "--", "sh", "-c", script]).unwrap();
    night.until_run("it to run", begun.run, |view| view.pid.is_some()).unwrap();
    fs::write(night.work().join("gate"), "go\n").unwrap();
    assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
    assert_eq!(night.told(&["show", &begun.run.to_string(), "--output"]).unwrap(), "done\n");
}

#[test]
fn the_next_run_of_a_job_learns_how_the_last_one_ended_from_a_shell_as_well() {
    let night = Night::watched("").unwrap();
    let agent = agent("articles.py");
    let stuck = ["python3", &agent, "--ignore-term", "--step-seconds", "0.1"];
    let limits = ["run", "--name", "articles", "--stall-after", "800ms", "--grace", "300ms", "--"];
    assert_eq!(night.nightkeep(&[&limits[..], &stuck[..]].concat()).unwrap().code, Some(124));
    let told = night.told(&["run", "--name", "articles", "--", "env"]).unwrap();
    let mut last: Vec<&str> = told.lines().filter(|line| line.starts_with("NIGHTKEEP_LAST_")).collect();
    last.sort_unstable();
    assert_eq!(
        last,
        ["NIGHTKEEP_LAST_NOTE=aborted: stalled at step 2", "NIGHTKEEP_LAST_OUTCOME=aborted", "NIGHTKEEP_LAST_STEP=2"]
    );
}

#[test]
fn a_command_runs_even_when_the_engine_cannot_be_started_and_is_taken_in_later() {
    let night = Night::new("").unwrap();
    // No socket can be made where a directory lies.
    fs::create_dir(night.socket()).unwrap();
    let said = night.nightkeep(&["run", "--name", "alone", "--", "sh", "-c", "echo ran; exit 3"]).unwrap();
    assert_eq!((said.code, said.out.as_str()), (Some(3), "ran\n"), "{}", said.err);
    assert!(said.err.contains("warning: not watched: "), "{}", said.err);

    fs::remove_dir(night.socket()).unwrap();
    night.start_engine().unwrap();
    let row = night.ended(1).unwrap();
    assert_eq!((row.job.as_str(), row.outcome, row.exit_code), ("alone", Outcome::Failed, Some(3)));
    assert!(row.recovered, "{row:#?}");
}

#[test]
fn a_command_that_must_be_watched_does_not_run_without_an_engine() {
    let night = Night::new("").unwrap();
    fs::create_dir(night.socket()).unwrap();
    let said = night.nightkeep(&["run", "--require-watch", "--", "touch", "ran"]).unwrap();
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(said.err.starts_with("error: ") && said.err.contains("hint: "), "{}", said.err);
    assert!(!night.work().join("ran").exists());
}

/// Calls `nightkeep` with nothing in its environment but what cron gives, in a session without a terminal.
fn from_cron(night: &Night, arguments: &[&str]) -> Said {
    let user = night.work();
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(binary("nightkeep").unwrap()).args(arguments).current_dir(&user).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", &user).stdin(Stdio::null());
    Said::of(&command.output().unwrap())
}

/// Ends the engine that [`from_cron`] started.
struct Cron<'n>(&'n Night);

impl Drop for Cron<'_> {
    fn drop(&mut self) {
        drop(from_cron(self.0, &["engine", "--stop"]));
    }
}

#[test]
fn cron_needs_no_more_than_a_path_and_a_home() {
    let night = Night::new("").unwrap();
    let config = night.work().join(".config").join("nightkeep");
    fs::create_dir_all(&config).unwrap();
    let agent = fake_agent().unwrap();
    let job = format!("[jobs.nightly]\ncommand = [{agent:?}, \"mark 1 done\", \"print hello\", \"exit 5\"]\n");
    fs::write(config.join("config.toml"), format!("[settings]\nnotifications = false\n{job}")).unwrap();
    let _engine = Cron(&night);
    let said = from_cron(&night, &["run", "--job", "nightly"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(5), "hello\n", ""));
    let data = night.work().join(".local").join("share").join("nightkeep");
    eventually("its history", || data.join("nightkeep.db").exists().then_some(())).unwrap();
    let rows: Vec<HistoryRow> = serde_json::from_str(&from_cron(&night, &["history", "--json"]).out).unwrap();
    assert_eq!((rows[0].job.as_str(), rows[0].exit_code, rows[0].last_step), ("nightly", Some(5), Some(1)));
}

#[test]
fn a_run_goes_on_when_its_caller_is_killed() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let mut child = spawn(&night, &["--", &agent, "mark 1", "hang"]);
    let run = night.until("its first step", |live| live.status.runs.first().filter(|run| run.step == Some(1)).cloned());
    let run = run.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(alive(run.pid.unwrap()));
    night.told(&["stop", &run.run.to_string()]).unwrap();
    let row = night.ended(run.run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)));
    assert_eq!(of_run(&night.show(run.run).unwrap().tag), Vec::<u32>::new());
}
