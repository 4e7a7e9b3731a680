//! Who is stopped, by whom, and who is not.

use std::time::{Duration, Instant};

use nightkeep_engine::api::{HistoryRow, Method, Outcome, Reason};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, alive, fake_agent, of_run, pids_in};

fn how(row: &HistoryRow) -> (Outcome, Option<Reason>, Option<Method>) {
    (row.outcome, row.reason, row.method)
}

fn begin(night: &Night, options: &[&str], steps: &[&str]) -> Begun {
    let agent = fake_agent().unwrap();
    night.begin(&[&["run", "--detach"], options, &["--", &agent], steps].concat()).unwrap()
}

#[test]
fn an_observed_run_is_never_stopped_and_what_would_have_been_done_is_told() {
    let night = Night::watched("").unwrap();
    let steps = ["mark 1", "sleep 1500ms", "mark 2", "exit 0"];
    let begun = begin(&night, &["--observe", "--stall-after", "500ms"], &steps);
    let row = night.ended(begun.run).unwrap();
    assert_eq!((how(&row), row.last_step), ((Outcome::Succeeded, None, None), Some(2)));
    let shown = night.told(&["show", &begun.run.to_string()]).unwrap();
    assert!(shown.contains("would have been stopped"), "{shown}");
}

#[test]
fn a_person_stops_a_run_by_its_number_and_by_its_job() {
    let night = Night::watched("").unwrap();
    for by_number in [true, false] {
        let begun = begin(&night, &["--name", "docs"], &["mark 1", "on-term exit 143", "hang"]);
        night.until_step(begun.run, 1).unwrap();
        let number = begun.run.to_string();
        let told = night.told(&["stop", if by_number { &number } else { "docs" }]).unwrap();
        assert_eq!(told, format!("stopping run {number}\n"));
        let row = night.ended(begun.run).unwrap();
        let wanted = (Outcome::Aborted, Some(Reason::User), Some(Method::Graceful));
        assert_eq!((how(&row), row.exit_code), (wanted, Some(143)));
    }
}

#[test]
fn a_forced_stop_grants_no_grace() {
    let night = Night::watched("").unwrap();
    let begun = begin(&night, &["--grace", "10m"], &["mark 1", "on-term exit 0", "hang"]);
    night.until_step(begun.run, 1).unwrap();
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!(how(&row), (Outcome::Aborted, Some(Reason::User), Some(Method::Forced)));
    assert_eq!((row.signal, of_run(&begun.tag)), (Some(9), vec![]));
}

#[test]
fn a_stop_that_takes_too_long_for_a_person_can_be_forced() {
    let night = Night::watched("").unwrap();
    let begun = begin(&night, &["--grace", "10m"], &["mark 1", "ignore all", "spawn 2", "hang"]);
    night.until_step(begun.run, 1).unwrap();
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    night.until_happened(begun.run, "signalled").unwrap();
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!(how(&row), (Outcome::Aborted, Some(Reason::User), Some(Method::Forced)));
    assert_eq!(of_run(&begun.tag), Vec::<u32>::new());
}

#[test]
fn what_does_not_run_cannot_be_stopped() {
    let night = Night::watched("").unwrap();
    for target in ["41", "nobody"] {
        let said = night.nightkeep(&["stop", target]).unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
        assert!(said.err.contains(target) && said.err.contains("nightkeep status"), "{}", said.err);
    }
}

#[test]
fn a_run_that_takes_too_long_in_all_is_stopped_although_it_advances() {
    let night = Night::watched("").unwrap();
    let begun = begin(&night, &["--max-runtime", "1s"], &["on-term exit 143", "advance 1000 every 100ms"]);
    let row = night.ended(begun.run).unwrap();
    assert_eq!(how(&row), (Outcome::Aborted, Some(Reason::MaxRuntime), Some(Method::Graceful)));
    assert!(row.advances >= 5, "{row:?}");
}

#[test]
fn a_job_is_asked_to_end_with_the_signal_it_names() {
    let script = "trap 'echo asked; exit 3' INT; trap 'exit 4' TERM; echo ready; while :; do sleep 0.05; done";
    let job = |name: &str, signal: &str| format!("[jobs.{name}]\ncommand = [\"sh\", \"-c\", {script:?}]\n{signal}\n");
    let night = Night::watched(&(job("its-own", "stop_signal = \"INT\"") + &job("plain", ""))).unwrap();
    for (name, start, code) in
        [("its-own", vec!["start"], 3), ("its-own", vec!["run", "--detach", "--job"], 3), ("plain", vec!["start"], 4)]
    {
        let begun = night.begin(&[&start[..], &[name]].concat()).unwrap();
        let output = night.run_dir(&begun.tag).output();
        let said = || std::fs::read_to_string(&output).unwrap_or_default();
        eventually("it to be ready", || said().contains("ready").then_some(())).unwrap();
        night.told(&["stop", &begun.run.to_string()]).unwrap();
        let row = night.ended(begun.run).unwrap();
        assert_eq!((row.exit_code, row.method), (Some(code), Some(Method::Graceful)), "{row:?}");
        assert_eq!(said().contains("asked"), code == 3);
    }
}

#[test]
fn a_hostile_tree_is_stopped_to_the_last_process() {
    let night = Night::watched("").unwrap();
    let pids = night.work().join("pids");
    let agent = fake_agent().unwrap();
    let named = format!("FAKE_AGENT_PIDS={}", pids.display());
    let options = ["run", "--detach", "--stall-after", "1s", "--grace", "500ms"];
    let command = ["--", "env", &named, &agent, "hostile-tree", "mark 1", "hang"];
    let begun = night.begin(&[&options[..], &command[..]].concat()).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!(how(&row), (Outcome::Aborted, Some(Reason::Stalled), Some(Method::Forced)));
    // Six, and the two that made orphans and ended by themselves.
    assert_eq!(pids_in(&pids).len(), 8);
    assert_eq!(pids_in(&pids).into_iter().filter(|pid| alive(*pid)).collect::<Vec<_>>(), Vec::<u32>::new());
}

#[test]
fn ten_stubborn_runs_are_stopped_side_by_side_in_one_grace() {
    let night = Night::watched("").unwrap();
    let steps = ["ignore all", "mark 1", "spawn 1", "hang"];
    let runs: Vec<Begun> = (0..10).map(|_| begin(&night, &["--name", "ten", "--grace", "1s"], &steps)).collect();
    for begun in &runs {
        night.until_step(begun.run, 1).unwrap();
    }
    let asked = Instant::now();
    night.told(&["stop", "ten"]).unwrap();
    for begun in &runs {
        assert_eq!(how(&night.ended(begun.run).unwrap()).2, Some(Method::Forced));
    }
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(2) + Duration::from_secs(1), "{took:?}");
    for begun in &runs {
        assert_eq!(of_run(&begun.tag), Vec::<u32>::new());
    }
}

#[test]
fn an_aborted_note_of_the_agents_own_is_left_as_it_is() {
    let night = Night::watched("").unwrap();
    let steps = ["ignore term", "mark 1", "on-term mark -1 aborted: saved what there was", "hang"];
    let begun = begin(&night, &["--grace", "500ms"], &steps);
    night.until_step(begun.run, 1).unwrap();
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!(how(&row), (Outcome::Aborted, Some(Reason::User), Some(Method::Forced)));
    let marker = std::fs::read_to_string(night.run_dir(&begun.tag).marker()).unwrap();
    assert!(marker.contains("aborted: saved what there was"), "{marker}");
    let kinds: Vec<String> = night.show(begun.run).unwrap().timeline.into_iter().map(|event| event.kind).collect();
    assert!(kinds.iter().any(|kind| kind == "acknowledged"), "{kinds:?}");
    assert!(!kinds.iter().any(|kind| kind == "aborted-note-written"), "{kinds:?}");
}
