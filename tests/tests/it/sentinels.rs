//! Scripts that leave sentinel files, written by somebody who never heard of Nightkeep.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use nightkeep_engine::api::{Method, Outcome, Reason, RunView};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, Said, agent, alive};
use serde_json::{Value, json};

/// A script at work. Ends with this value.
struct Script {
    child: Child,
    folder: PathBuf,
}

impl Script {
    fn begin(night: &Night, steps: &[&str]) -> Self {
        let folder = night.work().join("out");
        fs::create_dir_all(&folder).unwrap();
        let mut command = Command::new("sh");
        command.arg(agent("sentinel.sh")).arg(&folder).args(steps).stdin(Stdio::null());
        let script = Self { child: command.spawn().unwrap(), folder };
        eventually("its first heartbeat", || script.has(&format!("{}.heartbeat", steps[0]))).unwrap();
        script
    }

    fn has(&self, name: &str) -> Option<()> {
        self.folder.join(name).exists().then_some(())
    }

    /// Lets a step come to its end.
    fn go(&self, step: &str, how: &str) {
        let aside = self.folder.join("go");
        fs::write(&aside, how).unwrap();
        fs::rename(aside, self.folder.join(format!("{step}.go"))).unwrap();
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn attach(night: &Night, more: &[&str]) -> u64 {
    night.begin(&[&["attach", "--name", "pipeline", "--sentinel", "out"], more].concat()).unwrap().run
}

fn waited(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|fault| panic!("{fault}: {said:#?}"))
}

/// The history tells what the kernel told: nothing of somebody else's child, or its code on a kernel that knows it.
fn says_itself(row: &Value) -> bool {
    row["exit_code"].is_null() && row["message"].as_str().unwrap().contains("its exit code was not seen")
        || row["exit_code"].is_number()
}

#[test]
fn a_script_with_sentinel_files_is_watched_by_its_folder_alone_and_its_end_and_result_are_handed_back() {
    let night = Night::watched("").unwrap();
    let script = Script::begin(&night, &["fetch", "write"]);
    let run = attach(&night, &[]);
    let view = night.until_run("its step", run, |view| view.note.as_deref() == Some("fetch began")).unwrap();
    assert_eq!((view.pid, view.r#type.as_str()), (Some(script.child.id()), "sentinel"));
    script.go("fetch", "");
    night.until_step(run, 1).unwrap();
    // The end of one step is not the end of the work.
    let goes_on = |view: &RunView| view.note.as_deref() == Some("write began") && view.claim.is_none();
    night.until_run("the next step", run, goes_on).unwrap();
    script.go("write", "");
    let mut script = script;
    script.child.wait().unwrap();
    let said = night.nightkeep(&["wait", "pipeline"]).unwrap();
    let report = waited(&said);
    assert_eq!((said.code, &report["outcome"], &report["last_step"]), (Some(0), &json!("succeeded"), &json!(2)));
    assert_eq!(report["result"], json!({"ok": true, "msg": "write is written", "pages": [1, 2]}));
    let rows = night.json(&["history"]).unwrap();
    assert_eq!((&rows[0]["outcome"], &rows[0]["last_note"]), (&json!("succeeded"), &json!("write is done")));
    assert!(says_itself(&rows[0]), "{rows:#}");
    let shown = night.told(&["show", &run.to_string()]).unwrap();
    assert!(shown.contains(r#""msg":"write is written""#), "{shown}");
}

#[test]
fn a_step_that_says_that_it_failed_is_a_failure() {
    let night = Night::watched("").unwrap();
    let mut script = Script::begin(&night, &["fetch"]);
    let run = attach(&night, &[]);
    script.go("fetch", "fail");
    script.child.wait().unwrap();
    let said = night.nightkeep(&["wait", &run.to_string()]).unwrap();
    let report = waited(&said);
    assert_eq!((said.code, &report["outcome"], &report["result"]), (Some(1), &json!("failed"), &Value::Null));
}

#[test]
fn a_script_that_was_faster_than_whoever_attaches_is_taken_at_its_word() {
    let night = Night::watched("").unwrap();
    let mut script = Script::begin(&night, &["fetch"]);
    script.go("fetch", "");
    script.child.wait().unwrap();
    attach(&night, &[]);
    let said = night.nightkeep(&["wait", "pipeline"]).unwrap();
    let report = waited(&said);
    assert_eq!((said.code, &report["outcome"], &report["exit_code"]), (Some(0), &json!("succeeded"), &Value::Null));
    assert_eq!(report["result"]["msg"], json!("fetch is written"));
    let message = report["message"].as_str().unwrap();
    assert!(message.starts_with("It reported success itself: `fetch: fetch is written`"), "{message}");
}

#[test]
fn what_ends_while_no_engine_lives_is_told_by_its_files() {
    let night = Night::watched("").unwrap();
    let mut script = Script::begin(&night, &["fetch", "write"]);
    let run = attach(&night, &[]);
    script.go("fetch", "");
    night.until_step(run, 1).unwrap();
    let is_kept = || (night.show(run).ok()?.advances.len() == 1).then_some(());
    eventually("the step to be in the history", is_kept).unwrap();
    night.crash_engine().unwrap();
    script.go("write", "");
    script.child.wait().unwrap();
    night.start_engine().unwrap();
    let row = night.ended(run).unwrap();
    // No step is counted twice.
    assert_eq!((row.outcome, row.advances, row.exit_code), (Outcome::Succeeded, 2, None), "{row:#?}");
    assert_eq!(night.show(run).unwrap().result.unwrap()["msg"], json!("write is written"));
}

#[test]
fn a_script_that_dies_in_a_step_is_lost_though_the_step_before_it_went_well() {
    let night = Night::watched("").unwrap();
    let mut script = Script::begin(&night, &["fetch", "write"]);
    let run = attach(&night, &[]);
    script.go("fetch", "");
    night.until_run("the next step", run, |view| view.note.as_deref() == Some("write began")).unwrap();
    script.child.kill().unwrap();
    script.child.wait().unwrap();
    let row = night.ended(run).unwrap();
    assert!(matches!(row.outcome, Outcome::Lost | Outcome::Failed), "{row:#?}");
    assert_eq!((row.reason, row.last_step), (None, Some(1)));
}

#[test]
fn a_heartbeat_that_is_stale_is_a_hung_step_and_one_that_never_came_is_not() {
    let night = Night::watched("").unwrap();
    let folder = night.work().join("out");
    fs::create_dir(&folder).unwrap();
    let hung = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    let script = Script { child: hung, folder: folder.clone() };
    fs::write(folder.join("fetch.pid"), script.child.id().to_string()).unwrap();
    let beat = ["--beat", "200ms"];
    let silent = night.begin(&[&["attach", "--sentinel", "out"], &beat[..]].concat()).unwrap().run;
    // Ten beats that are missing are one that is unreachable; there was none that could be missed.
    let since = || night.json(&["status"]).ok()?["runs"][0]["since_advance_s"].as_f64();
    eventually("some time to pass", || since().filter(|since| *since > 3.0)).unwrap();
    fs::write(folder.join("fetch.heartbeat"), "").unwrap();
    let row = night.ended(silent).unwrap();
    assert_eq!(row.job, "out", "as its folder");
    let how = (row.outcome, row.reason, row.method);
    assert_eq!(how, (Outcome::Aborted, Some(Reason::Unresponsive), Some(Method::Graceful)), "{row:#?}");
    drop(script);
}

#[test]
fn what_the_files_do_not_tell_is_said_and_nobody_is_attached_by_a_number_alone() {
    let night = Night::watched("").unwrap();
    let folder = night.work().join("out");
    let refused = |wanted: &str| {
        let said = night.nightkeep(&["attach", "--name", "x", "--sentinel", "out"]).unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{}", said.err);
        assert!(said.err.contains(wanted), "{wanted}: {}", said.err);
    };
    refused("the folder cannot be listed: it does not exist");
    fs::create_dir(&folder).unwrap();
    refused("no step has begun there");
    fs::write(folder.join("a.heartbeat"), "").unwrap();
    refused("no step that goes on has a `.pid` that can be used: of `a`, there is none");
    let mut dead = Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    fs::write(folder.join("a.pid"), dead.id().to_string()).unwrap();
    refused("which is gone, and left no status");
    let other = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    let script = Script { child: other, folder: folder.clone() };
    let other = script.child.id();
    fs::write(folder.join("a.pid"), other.to_string()).unwrap();
    let file = fs::File::options().append(true).open(folder.join("a.pid")).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_mins(60)).unwrap();
    refused("which is gone and whose number somebody else has");
    fs::write(folder.join("a.pid"), format!("{other} 1")).unwrap();
    refused("which is gone and whose number somebody else has");
    assert!(alive(other));
    assert_eq!(night.json(&["history"]).unwrap(), json!([]));
}

#[test]
fn how_long_a_step_has_run_counts_from_its_beginning_not_from_whoever_came_to_it() {
    let night = Night::watched("").unwrap();
    let script = Script::begin(&night, &["fetch"]);
    let begun = Instant::now();
    eventually("a part of its time", || (begun.elapsed() > Duration::from_millis(2_500)).then_some(())).unwrap();
    let run = attach(&night, &["--max-runtime", "3s", "--grace", "1s"]);
    let row = night.ended(run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::MaxRuntime)), "{row:#?}");
    assert!(row.duration_s >= 2.5, "{row:#?}");
    drop(script);
}
