//! Bad input and a bad world: each is said in one line, and stops nothing that need not stop.

use std::fs;

use nightkeep_engine::api::{FaultKind, Outcome, Reason};
use nightkeep_tests::night::{Night, Said, fake_agent};

/// One line that says what is wrong, one that says what to do, and nothing on standard output.
fn check_refusal(said: &Said, code: i32, words: &[&str]) {
    assert_eq!((said.code, said.out.as_str()), (Some(code), ""), "{}", said.err);
    assert!(said.err.starts_with("error: ") && said.err.lines().count() <= 2, "{}", said.err);
    for word in words {
        assert!(said.err.contains(word), "`{word}` is not in: {}", said.err);
    }
}

#[test]
fn a_job_that_does_not_exist_is_refused_with_those_that_do() {
    let night = Night::watched("[jobs.docs]\ncommand = [\"true\"]\n[jobs.fuzz]\ncommand = [\"true\"]\n").unwrap();
    check_refusal(&night.nightkeep(&["start", "dosc"]).unwrap(), 1, &["`dosc`", "docs, fuzz"]);
    check_refusal(&night.nightkeep(&["run", "--job", "dosc"]).unwrap(), 1, &["`dosc`", "docs, fuzz"]);
    assert_eq!(night.json(&["history"]).unwrap(), serde_json::json!([]));
}

#[test]
fn a_job_that_was_written_by_hand_a_moment_ago_can_be_started() {
    let night = Night::watched("").unwrap();
    for name in ["one", "two", "three"] {
        night.configure(&format!("[jobs.{name}]\ncommand = [\"true\"]\n")).unwrap();
        let begun = night.begin(&["start", name]).unwrap();
        assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
    }
}

#[test]
fn a_length_that_cannot_be_read_is_a_fault_of_the_command_line() {
    let night = Night::new("").unwrap();
    let said = night.nightkeep(&["run", "--stall-after", "soon", "--", "true"]).unwrap();
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(said.err.contains("`soon` is no length of time") && said.err.contains("--stall-after"), "{}", said.err);
    assert!(!night.socket().exists(), "no engine is started for nothing");
}

#[test]
fn a_broken_configuration_is_shown_with_its_place_and_the_last_good_one_stays_in_force() {
    let good = "[jobs.docs]\ncommand = [\"true\"]\n";
    let night = Night::watched(good).unwrap();
    night.configure(&format!("{good}\n[jobs.fuzz]\ncommand = 7\n")).unwrap();
    let fault = night.fault(FaultKind::Config).unwrap();
    assert!(fault.message.contains("line 5, column") && fault.message.contains("`jobs.fuzz.command`"), "{fault:?}");
    let begun = night.begin(&["start", "docs"]).unwrap();
    assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
    let said = night.nightkeep(&["run", "--job", "docs"]).unwrap();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let added = night.nightkeep(&["job", "add", "web", "--", "true"]).unwrap();
    check_refusal(&added, 1, &["line 5"]);
    let checked = night.nightkeep(&["doctor"]).unwrap();
    assert_eq!(checked.code, Some(1));
    assert!(checked.out.contains("line 5"), "{}", checked.out);
    night.configure(good).unwrap();
    night
        .until("the fault to be gone", |live| {
            live.faults.iter().all(|fault| fault.kind != FaultKind::Config).then_some(())
        })
        .unwrap();
}

#[test]
fn a_program_that_is_missing_is_said_and_recorded() {
    let night = Night::watched("[jobs.gone]\ncommand = [\"/nowhere/agent\"]\n").unwrap();
    check_refusal(&night.nightkeep(&["run", "--", "/nowhere/agent"]).unwrap(), 127, &["`/nowhere/agent`", "PATH"]);
    check_refusal(&night.nightkeep(&["start", "gone"]).unwrap(), 1, &["No such file"]);
    for run in [1, 2] {
        let row = night.ended(run).unwrap();
        assert_eq!((row.outcome, row.exit_code), (Outcome::Failed, None));
        assert_eq!(row.message, "`/nowhere/agent` could not be started: no such file or directory.");
    }
}

#[test]
fn a_marker_that_is_a_directory_is_shown_and_the_run_is_judged_all_the_same() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    fs::create_dir(night.work().join("marker")).unwrap();
    let limits =
        ["run", "--detach", "--progress", "marker", "--stall-after", "1500ms", "--grace", "500ms", "--", &agent];
    let begun = night.begin(&[&limits[..], &["on-term exit 0", "hang"]].concat()).unwrap();
    let view = night.until_run("the trouble to be shown", begun.run, |view| view.marker_note.is_some()).unwrap();
    assert_eq!(view.marker_note.as_deref(), Some("The marker cannot be used: it is a folder, not a file."));
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.reason, row.last_step), (Outcome::Aborted, Some(Reason::Stalled), None));
}

#[test]
fn a_home_that_cannot_be_used_is_named() {
    let night = Night::new("").unwrap();
    let file = night.work().join("file");
    fs::write(&file, "").unwrap();
    for arguments in [&["status"][..], &["run", "--", "true"], &["engine"]] {
        let mut command = night.command(arguments).unwrap();
        let said = Said::of(&command.env("NIGHTKEEP_HOME", &file).output().unwrap());
        check_refusal(&said, 1, &[&file.display().to_string()]);
    }
}

#[test]
fn a_directory_of_runs_that_cannot_be_used_is_named_and_nothing_runs_unseen() {
    let night = Night::watched("[jobs.docs]\ncommand = [\"touch\", \"ran\"]\ncwd = \"work\"\n").unwrap();
    let runs = night.home().join("runs");
    fs::remove_dir(&runs).unwrap();
    fs::write(&runs, "").unwrap();
    check_refusal(&night.nightkeep(&["start", "docs"]).unwrap(), 1, &["runs"]);
    check_refusal(&night.nightkeep(&["run", "--", "touch", "ran"]).unwrap(), 1, &["runs"]);
    assert!(!night.work().join("ran").exists());
}

#[test]
fn a_damaged_history_is_set_aside_never_deleted_and_said() {
    let night = Night::new("").unwrap();
    let garbage = b"this has never been a database\n".repeat(300);
    fs::write(night.home().join("nightkeep.db"), &garbage).unwrap();
    night.start_engine().unwrap();
    let fault = night.fault(FaultKind::Quarantine).unwrap();
    let files = fs::read_dir(night.home()).unwrap().map(|entry| entry.unwrap().path());
    let kept = files.into_iter().find(|path| fs::read(path).is_ok_and(|bytes| bytes == garbage)).unwrap();
    assert!(fault.message.contains(kept.file_name().unwrap().to_str().unwrap()), "{fault:?} {kept:?}");
    let said = night.nightkeep(&["run", "--", "true"]).unwrap();
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 1);
    let checked = night.nightkeep(&["doctor"]).unwrap();
    assert!(checked.out.contains(kept.file_name().unwrap().to_str().unwrap()), "{}", checked.out);
}

#[test]
fn an_engine_that_ends_at_once_is_not_waited_for() {
    let night = Night::new("").unwrap();
    // No history can be opened here, and what stands in its place is nobody's to take away.
    fs::create_dir(night.home().join("nightkeep.db")).unwrap();
    check_refusal(
        &night.nightkeep(&["status"]).unwrap(),
        1,
        &["no engine can be started", "nightkeep.db", "`nightkeep engine`"],
    );
    check_refusal(&night.nightkeep(&["engine"]).unwrap(), 1, &["nightkeep.db"]);
    assert!(night.home().join("nightkeep.db").is_dir());
}

#[test]
fn a_second_engine_sees_the_first_and_leaves_it_alone() {
    let night = Night::watched("").unwrap();
    let first = night.engine_pid();
    check_refusal(&night.nightkeep(&["engine"]).unwrap(), 1, &["another engine is running", "nightkeep engine --stop"]);
    assert_eq!(night.engine_pid(), first);
}
