//! Floods through sources that the engine reads: what is too much is counted, nothing that was reached is lost, and a run
//! beside it is none the worse. Those of the API, of pings and of datagrams are in `signals`, `pings` and `notified`.

use std::fs;
use std::time::{Duration, Instant};

use nightkeep_engine::api::{Phase, RunView};
use nightkeep_tests::night::{Begun, Night, fake_agent};

/// A run that does these things, and `more` words for its start.
fn begun(night: &Night, more: &[&str], command: &[&str]) -> Begun {
    let begun = night.begin(&[&["run", "--detach"], more, &["--"], command].concat()).unwrap();
    night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    begun
}

fn quiet(night: &Night) -> Begun {
    begun(night, &[], &[&fake_agent().unwrap(), "hang"])
}

/// A run beside a flood is heard at once, and nothing of it is left out.
fn is_unharmed(night: &Night, quiet: &Begun) {
    fs::write(night.run_dir(&quiet.tag).marker(), r#"{"step": 1}"#).unwrap();
    let view = night.until_step(quiet.run, 1).unwrap();
    assert_eq!((view.phase, view.signals_dropped, view.signals_foreign), (Phase::Running, 0, 0));
}

#[test]
fn a_flood_of_printed_steps_is_a_few_advances_and_its_last_step_is_not_lost() {
    let night = Night::watched("").unwrap();
    let quiet = quiet(&night);
    let agent = fake_agent().unwrap();
    // 200,000 lines.
    let loud = begun(&night, &["--source", r"pattern:line +(\d+)"], &[&agent, "flood 4", "hang"]);
    is_unharmed(&night, &quiet);
    night.until_step(loud.run, 199_999).unwrap();
    night.told(&["stop", "--force", &loud.run.to_string()]).unwrap();
    let row = night.ended(loud.run).unwrap();
    assert!(row.last_step == Some(199_999) && (1..100).contains(&row.advances), "{row:#?}");
}

#[test]
fn a_flood_of_an_agent_s_stream_is_counted_and_the_run_goes_on() {
    let night = Night::watched("").unwrap();
    let quiet = quiet(&night);
    let file = night.work().join("stream.jsonl");
    let begins =
        |n: i32| format!(r#"{{"id":"m{n}","content":[{{"type":"tool_use","id":"t{n}","name":"Bash","input":{{}}}}]}}"#);
    let ends = |n: i32| format!(r#"{{"content":[{{"type":"tool_result","tool_use_id":"t{n}","content":"ok"}}]}}"#);
    let line = |kind: &str, message: String| format!("{{\"type\":\"{kind}\",\"message\":{message}}}\n");
    let mut lines: String = (0..10_000).map(|n| line("assistant", begins(n)) + &line("user", ends(n))).collect();
    lines +=
        "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"all done\",\"num_turns\":3}\n";
    fs::write(&file, lines).unwrap();
    let path = file.display().to_string();
    let loud = begun(&night, &["--source", "claude-stream"], &["sh", "-c", "cat \"$0\"; exec sleep 600", &path]);
    is_unharmed(&night, &quiet);
    let counted = |view: &RunView| view.signals_dropped > 15_000;
    let view = night.until_run("the count", loud.run, counted).unwrap();
    assert_eq!(view.phase, Phase::Running);
}

#[test]
fn what_a_job_prints_that_the_engine_starts_is_read_when_it_is_printed() {
    let agent = fake_agent().unwrap();
    let job = |n: u64| {
        format!("[jobs.j{n}]\ncommand = ['{agent}', 'print step 1', 'hang']\nsources = ['pattern:step (\\d+)']\n")
    };
    let night = Night::watched(&(1..=8).map(job).collect::<String>()).unwrap();
    for n in 1..=8 {
        let asked = Instant::now();
        let begun = night.begin(&["start", &format!("j{n}")]).unwrap();
        night.until_step(begun.run, 1).unwrap();
        // Where nothing tells of anything new, a source is looked at every half minute.
        assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    }
}

#[test]
fn a_flood_of_datagrams_is_counted_on_its_run_and_what_it_says_of_its_end_is_heard() {
    let night = Night::watched("").unwrap();
    let quiet = quiet(&night);
    let agent = nightkeep_tests::night::agent("notifying.py");
    let script = format!("python3 {agent} --steps 3 --flood 20000; exec sleep 600");
    let loud = begun(&night, &["--source", "sd-notify"], &["sh", "-c", &script]);
    is_unharmed(&night, &quiet);
    let view = night.until_run("its last word", loud.run, |view| view.claim.is_some()).unwrap();
    assert_eq!((view.step, view.signals_foreign), (Some(3), 0));
    assert!((15_000..20_000).contains(&view.signals_dropped), "{}", view.signals_dropped);
}

#[test]
fn a_marker_that_is_swapped_all_the_time_harms_no_other_run_and_its_last_step_is_not_lost() {
    let night = Night::watched("").unwrap();
    let (quiet, loud) = (quiet(&night), quiet(&night));
    let marker = night.run_dir(&loud.tag).marker();
    let aside = marker.with_extension("aside");
    for step in 1..=20_000 {
        fs::write(&aside, format!("{{\"step\": {step}}}")).unwrap();
        fs::rename(&aside, &marker).unwrap();
    }
    is_unharmed(&night, &quiet);
    night.until_step(loud.run, 20_000).unwrap();
    night.told(&["stop", "--force", &loud.run.to_string()]).unwrap();
    let row = night.ended(loud.run).unwrap();
    assert_eq!(row.last_step, Some(20_000), "{row:#?}");
}
