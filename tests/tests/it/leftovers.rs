//! Processes that outlive the root of their run: named, stopped where that is wanted, and never denied.

use nightkeep_engine::api::{HistoryRow, LeftoverView, Outcome};
use nightkeep_os::{Process, Signal};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, alive, fake_agent, pids_in};

/// A job whose root ends with 3 while a process in a session of its own lives on.
fn config(more: &str) -> String {
    let script = "setsid sh -c 'echo $$ > left; exec sleep 1000' & while [ ! -s left ]; do sleep 0.02; done; exit 3";
    format!("[jobs.web]\ncommand = [\"sh\", \"-c\", {script:?}]\ncwd = \"work\"\ngrace = \"2s\"\n{more}\n")
}

fn left_by(night: &Night) -> (Begun, HistoryRow, u32) {
    let begun = night.begin(&["start", "web"]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.exit_code, row.reason), (Outcome::Failed, Some(3), None), "{row:#?}");
    (begun, row, pids_in(&night.work().join("left"))[0])
}

fn shown(night: &Night, run: u64) -> LeftoverView {
    night.until("what it left behind", |live| live.leftovers.iter().find(|left| left.run == run).cloned()).unwrap()
}

fn gone(night: &Night, pid: u32) {
    night.until("nothing to be left", |live| live.leftovers.is_empty().then_some(())).unwrap();
    assert!(!alive(pid));
}

#[test]
fn what_a_run_leaves_behind_is_named_on_every_surface_and_stopped_by_one_command() {
    let night = Night::watched(&config("")).unwrap();
    let (begun, row, pid) = left_by(&night);
    assert!(row.message.contains(&format!("It left 1 process behind (pid {pid}).")), "{}", row.message);
    let left = shown(&night, begun.run);
    assert_eq!((left.pids, left.stopping, left.job.as_str()), (vec![pid], false, "web"));
    let said = night.told(&["status"]).unwrap();
    let line = format!("run {} web is over and left 1 process (pid {pid}) behind; `nightkeep stop", begun.run);
    assert!(said.contains(&line), "{said}");
    assert!(alive(pid), "it is reported, not touched");

    night.told(&["stop", &begun.run.to_string()]).unwrap();
    gone(&night, pid);
    let detail = night.show(begun.run).unwrap();
    assert!(detail.message.contains("What it left behind was stopped."), "{}", detail.message);
    let ended = detail.ended.unwrap();
    assert_eq!((ended.outcome, ended.exit_code), (Outcome::Failed, Some(3)), "the end of the run is what it was");
}

#[test]
fn where_the_job_wants_it_what_is_left_is_stopped_gently_and_then_by_force() {
    let stubborn = "trap '' TERM; setsid sh -c 'echo $$ > left; while :; do sleep 0.1; done' & \
                    while [ ! -s left ]; do sleep 0.02; done; exit 3";
    let config = format!(
        "[jobs.web]\ncommand = [\"sh\", \"-c\", {stubborn:?}]\ncwd = \"work\"\ngrace = \"1s\"\nleftovers = \"stop\"\n"
    );
    let night = Night::watched(&config).unwrap();
    let (begun, _, pid) = left_by(&night);
    gone(&night, pid);
    let kinds: Vec<String> = night.show(begun.run).unwrap().timeline.into_iter().map(|event| event.kind).collect();
    let of_leftovers: Vec<&str> =
        kinds.iter().map(String::as_str).filter(|kind| kind.starts_with("leftover")).collect();
    let wanted =
        ["leftovers", "leftover-stop-intended", "leftovers-signalled", "leftovers-signalled", "leftovers-gone"];
    assert_eq!(of_leftovers, wanted);
}

#[test]
fn what_is_meant_to_live_on_is_recorded_and_left_alone() {
    let night = Night::watched(&config("leftovers = \"keep\"")).unwrap();
    let (begun, row, pid) = left_by(&night);
    assert!(row.message.contains("It left 1 process behind"), "{}", row.message);
    assert_eq!(night.ask(async |engine| engine.live().await).unwrap().leftovers, []);
    assert!(alive(pid));
    night.told(&["stop", &begun.run.to_string(), "--force"]).unwrap();
    eventually("its end", || (!alive(pid)).then_some(())).unwrap();
}

#[test]
fn what_was_left_behind_is_known_after_a_crash_of_the_engine() {
    let night = Night::watched(&config("")).unwrap();
    let (begun, _, pid) = left_by(&night);
    let _shown = shown(&night, begun.run);
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    assert_eq!(shown(&night, begun.run).pids, [pid]);
    night.told(&["stop", "web"]).unwrap();
    gone(&night, pid);
}

#[test]
fn a_run_whose_root_ended_while_no_engine_was_there_says_what_it_left() {
    let night = Night::watched(&config("")).unwrap();
    night.crash_engine().unwrap();
    let mut command = night.command(&["run", "--job", "web"]).unwrap();
    let said = command.env("NIGHTKEEP_BIN", "/bin/false").output().unwrap();
    assert_eq!(said.status.code(), Some(3));
    let pid = pids_in(&night.work().join("left"))[0];
    night.start_engine().unwrap();
    let row = night.ended(1).unwrap();
    assert_eq!((row.exit_code, row.recovered), (Some(3), true), "{row:#?}");
    assert_eq!(shown(&night, 1).pids, [pid]);
    night.told(&["stop", "1"]).unwrap();
    gone(&night, pid);
}

#[test]
fn without_a_keeper_what_was_left_is_still_known_and_its_end_is_noticed() {
    let night = Night::watched(&config("")).unwrap();
    let (begun, _, pid) = left_by(&night);
    let keeper = night.run_dir(&begun.tag).read_started().unwrap().unwrap().keeper;
    Process::open(&keeper).unwrap().unwrap().signal(Signal::Kill).unwrap();
    eventually("the keeper's end", || (!alive(keeper.pid)).then_some(())).unwrap();
    assert_eq!(shown(&night, begun.run).pids, [pid]);
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    gone(&night, pid);
}

#[test]
fn what_comes_and_goes_too_fast_to_be_listed_is_not_denied() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let begun = night.begin(&["run", "--detach", "--grace", "200ms", "--", &agent, "role hopper", "exit 0"]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!(row.outcome, Outcome::Succeeded, "{row:#?}");
    assert!(row.message.contains(" behind"), "{}", row.message);
    let _left = shown(&night, begun.run);
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    night.until("nothing to be left", |live| live.leftovers.is_empty().then_some(())).unwrap();
    assert_eq!(nightkeep_tests::night::of_run(&begun.tag), Vec::<u32>::new());
}

#[test]
fn what_an_attached_run_leaves_behind_is_named_too() {
    let night = Night::watched("").unwrap();
    let mut root = std::process::Command::new("sh");
    let script = "sleep 1000 & echo $! > left; read _ < gate; exit 0";
    assert!(std::process::Command::new("mkfifo").arg(night.work().join("gate")).status().unwrap().success());
    let mut root = root.args(["-c", script]).current_dir(night.work()).spawn().unwrap();
    eventually("its child", || (!pids_in(&night.work().join("left")).is_empty()).then_some(())).unwrap();
    let pid = pids_in(&night.work().join("left"))[0];
    let number = root.id().to_string();
    let begun = night.begin(&["attach", "--name", "web", "--pid", &number, "--progress", "p.json"]).unwrap();
    std::fs::write(night.work().join("gate"), "go\n").unwrap();
    let _status = root.wait().unwrap();
    let row = night.ended(begun.run).unwrap();
    assert!(row.message.contains(&format!("It left 1 process behind (pid {pid}).")), "{}", row.message);
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    gone(&night, pid);
}
