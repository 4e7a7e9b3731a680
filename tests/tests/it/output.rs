//! What a run prints costs no more than is kept of it, and whoever misses something is told so.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use nightkeep_engine::api::Outcome;
use nightkeep_os::{Process, Signal, first_kept};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, fake_agent};

/// What is kept, and as much as may be there between two looks.
const MAX: u64 = 100_000;
const HELD: u64 = MAX + MAX / 16 + 8_192;

/// A job of which little is kept, and what it does.
fn job(steps: &[&str]) -> String {
    let agent = fake_agent().unwrap();
    let command = [&[agent.as_str()], steps].concat();
    format!("[jobs.loud]\ncommand = {command:?}\noutput_max = \"100KB\"\n")
}

/// Waits until the flood was printed into a file to its end, and the file holds no more of it than it may. Where somebody
/// came late to give the rest back, it was begun anew, so that its length tells nothing.
fn held(output: &Path) {
    let is_held = || {
        let file = File::open(output).ok()?;
        let begins = first_kept(&file, 0).ok()?;
        let found = file.metadata().ok()?.len();
        let is_all = fs::read(output).ok()?.ends_with(b"249999\n");
        (is_all && found - begins <= HELD).then_some(())
    };
    eventually("the output to be held", is_held).unwrap();
}

#[test]
fn show_tells_how_much_of_the_output_is_gone_and_when_all_of_it_was_removed() {
    let night = Night::watched(&job(&["flood 5", "exit 0"])).unwrap();
    let begun = night.begin(&["start", "loud"]).unwrap();
    assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
    let output = night.run_dir(&begun.tag).output();
    let kept = eventually("a plain file of what is kept", || {
        fs::read_to_string(&output).ok().filter(|text| text.len() as u64 <= MAX)
    });
    let kept = kept.unwrap();
    assert!(kept.starts_with("line ") && kept.ends_with("249999\n"), "{kept:.40}");
    let shown = night.show(begun.run).unwrap().output;
    assert_eq!((shown.bytes, shown.dropped_bytes), (5_000_000, 5_000_000 - kept.len() as u64));
    assert_eq!(shown.lines.last().map(String::as_str), Some("line         249999"));
    assert!(night.told(&["show", &begun.run.to_string()]).unwrap().contains("which are gone"));

    fs::remove_file(&output).unwrap();
    assert!(night.show(begun.run).unwrap().output.removed);
    assert!(night.told(&["show", &begun.run.to_string()]).unwrap().contains("was removed"));
}

#[test]
fn whoever_reads_too_slowly_misses_lines_and_is_told_so() {
    let night = Night::watched(&job(&["flood 5", "hang"])).unwrap();
    let mut command = night.command(&["run", "--job", "loud"]).unwrap();
    let reader = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let view = night.until("the run", |live| live.status.runs.first().map(|run| run.run)).unwrap();
    let tag = night.show(view).unwrap().tag;
    held(&night.run_dir(&tag).output());
    // From here on somebody reads; the stop ends the run, and with it the reading.
    night.told(&["stop", "--force", "loud"]).unwrap();
    let said = reader.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(said.stdout).unwrap(), String::from_utf8(said.stderr).unwrap());
    assert!(out.starts_with("line ") && out.ends_with("249999\n"), "{out:.80}");
    assert!(out.len() < 2_000_000 && !out.contains('\0'), "{} bytes", out.len());
    assert_eq!(err.matches("faster than it is read").count(), 1, "{err}");
}

#[test]
fn the_output_of_a_run_whose_keeper_was_killed_is_held_as_well() {
    let night = Night::watched(&job(&["mark 1", "sleep 1s", "flood 5", "hang"])).unwrap();
    let begun = night.begin(&["start", "loud"]).unwrap();
    night.until_step(begun.run, 1).unwrap();
    let dir = night.run_dir(&begun.tag);
    let keeper = dir.read_started().unwrap().unwrap().keeper;
    Process::open(&keeper).unwrap().unwrap().signal(Signal::Kill).unwrap();
    night.until_happened(begun.run, "adopted").unwrap();
    let is_all = || fs::read(dir.output()).is_ok_and(|text| text.ends_with(b"249999\n"));
    eventually("all of it", || is_all().then_some(())).unwrap();
    held(&dir.output());
    let shown = night.show(begun.run).unwrap().output;
    assert_eq!(shown.lines.last().map(String::as_str), Some("line         249999"));
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    night.ended(begun.run).unwrap();
}
