//! The longest time a run may take.

use std::fs;
use std::process::{Child, Command, Stdio};

use nightkeep_engine::api::{HistoryRow, Method, Outcome, Reason};
use nightkeep_engine::rundir::{Exit, FORMAT, RunEnd};
use nightkeep_tests::night::{Night, fake_agent, first, of_run};

const STEPS: [&str; 2] = ["advance 100 every 200ms", "hang"];

fn run(night: &Night, options: &[&str], steps: &[&str]) -> HistoryRow {
    let agent = fake_agent().unwrap();
    let begun = night.begin(&[&["run", "--detach"], options, &["--", &agent], steps].concat()).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!(of_run(&begun.tag), Vec::<u32>::new());
    row
}

fn check_that_it_ran_too_long(row: &HistoryRow, method: Method) {
    let how = (row.outcome, row.reason, row.method);
    assert_eq!(how, (Outcome::Aborted, Some(Reason::MaxRuntime), Some(method)), "{row:#?}");
    assert!(row.advances >= 2, "it was advancing all the time: {row:#?}");
    assert!(row.message.starts_with("Stopped after 1."), "{}", row.message);
    assert!(row.message.contains(" s: its longest run time is 1.5 s. Last: step "), "{}", row.message);
    assert!((1.5..4.0).contains(&row.duration_s), "{row:#?}");
}

#[test]
fn a_run_that_takes_too_long_is_stopped_even_while_it_advances() {
    let night = Night::watched("").unwrap();
    check_that_it_ran_too_long(&run(&night, &["--max-runtime", "1500ms"], &STEPS), Method::Graceful);
    let deaf = [&["ignore term"], &STEPS[..]].concat();
    let options = ["--max-runtime", "1500ms", "--grace", "500ms"];
    check_that_it_ran_too_long(&run(&night, &options, &deaf), Method::Forced);
}

#[test]
fn the_longest_run_time_of_the_settings_is_for_all_but_those_that_switch_it_off() {
    let config = "[settings]\nmax_runtime = \"1500ms\"\n[types.free]\nmax_runtime = \"off\"\n";
    let night = Night::watched(config).unwrap();
    check_that_it_ran_too_long(&run(&night, &[], &STEPS), Method::Graceful);
    let steps = ["mark 1", "sleep 2500ms", "exit 0"];
    for options in [["--type", "free"], ["--max-runtime", "off"]] {
        let row = run(&night, &options, &steps);
        assert_eq!((row.outcome, row.exit_code), (Outcome::Succeeded, Some(0)), "{options:?}: {row:#?}");
    }
}

#[test]
fn a_longest_run_time_is_set_for_a_type_and_shown() {
    let night = Night::watched("").unwrap();
    night.told(&["type", "set", "llm", "--max-runtime", "6h"]).unwrap();
    assert!(night.config().unwrap().contains("max_runtime = \"6h\""), "{}", night.config().unwrap());
    let types = night.json(&["type", "list"]).unwrap();
    let llm = types.as_array().unwrap().iter().find(|kind| kind["name"] == "llm").unwrap();
    assert_eq!(llm["limits"]["max_runtime_s"], 21_600.0);
    night.told(&["job", "add", "novel", "--type", "llm", "--max-runtime", "off", "--", "true"]).unwrap();
    let job = night.json(&["job", "show", "novel"]).unwrap();
    assert_eq!(job["limits"]["max_runtime_s"], serde_json::Value::Null, "{job:#}");
}

#[test]
fn an_observed_run_that_takes_too_long_goes_on_and_says_so() {
    let night = Night::watched("").unwrap();
    let steps = ["mark 1", "sleep 2500ms", "exit 0"];
    let row = run(&night, &["--observe", "--max-runtime", "1500ms"], &steps);
    assert_eq!((row.outcome, row.reason), (Outcome::Succeeded, None), "{row:#?}");
    assert!(row.message.contains("it would have been stopped at "), "{}", row.message);
    assert!(row.message.contains(", after running for 1."), "{}", row.message);
    assert!(row.message.contains(" s (limit 1.5 s)."), "{}", row.message);
}

#[test]
fn a_run_whose_time_is_up_and_that_turns_out_to_be_gone_has_its_own_end_and_was_not_stopped() {
    let night = Night::watched("").unwrap();
    let limits = ["run", "--detach", "--max-runtime", "1500ms", "--stall-after", "10m"];
    let begun = night.begin(&[&limits[..], &["--", &fake_agent().unwrap(), "mark 1", "hang"]].concat()).unwrap();
    night.until_step(begun.run, 1).unwrap();
    // Nobody said a word, and the connection stays: only whoever looks sees that it is over and nobody keeps it. That
    // its process lives shows whether anybody signalled it.
    let (dir, clocks) = (night.run_dir(&begun.tag), nightkeep_os::clocks());
    dir.write_exit(&Exit {
        format: FORMAT,
        end: RunEnd::Code(5),
        clocks,
        interrupted_by: None,
        killed: false,
        leftovers: Vec::new(),
        all_gone: Some(clocks),
        output_dropped: 0,
    })
    .unwrap();
    let nobody_s = night.work().join("lock");
    fs::write(&nobody_s, "").unwrap();
    fs::rename(nobody_s, dir.lock()).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.exit_code, row.reason), (Outcome::Failed, Some(5), None), "{row:#?}");
    let detail = night.show(begun.run).unwrap();
    for kind in ["stop-intended", "signalled"] {
        assert_eq!(first(&detail, kind), None, "{:#?}", detail.timeline);
    }
    assert_eq!(of_run(&begun.tag).len(), 1);
}

/// An agent that nobody launched. Ends with this value.
struct Stranger(Child);

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}

#[test]
fn the_time_of_an_attached_run_counts_from_its_attachment_and_over_a_crash_of_the_engine() {
    let night = Night::watched("").unwrap();
    let marker = night.work().join("marker.json");
    let mut command = Command::new(fake_agent().unwrap());
    command.args(STEPS).env("NIGHTKEEP_PROGRESS", &marker).stdin(Stdio::null());
    let stranger = Stranger(command.spawn().unwrap());
    let (pid, marker) = (stranger.0.id().to_string(), marker.display().to_string());
    let attach = ["attach", "--name", "fuzz", "--pid", &pid, "--progress", &marker, "--max-runtime", "5s"];
    let begun = night.begin(&attach).unwrap();
    let before = night.until_run("an advance", begun.run, |view| view.step > Some(4)).unwrap();
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let after = night.until_run("it to be found again", begun.run, |view| view.step > before.step).unwrap();
    let moment = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    // It is attached first and written down then.
    let apart = moment(&after.started_at).abs_diff(moment(&before.started_at));
    assert!(apart < 500, "{} instead of {}", after.started_at, before.started_at);
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::MaxRuntime)), "{row:#?}");
    assert!((5.0..7.0).contains(&row.duration_s), "{row:#?}");
    assert!(row.message.starts_with("Stopped after 5"), "{}", row.message);
}
