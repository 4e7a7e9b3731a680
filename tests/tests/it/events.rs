//! What is told of runs one event at a time: quiet is not dead, and whoever reads along can tell.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use nightkeep_engine::api::{Outcome, Phase, RunEvent, RunEventKind};
use nightkeep_tests::PATIENCE;
use nightkeep_tests::night::{Night, fake_agent};

/// `nightkeep events`, with a sign of life every second. Ends with this value.
struct Reader {
    child: Child,
    lines: Receiver<RunEvent>,
}

impl Reader {
    fn follows(night: &Night) -> Self {
        let mut command = night.command(&["events", "--json", "--every", "1s"]).unwrap();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (heard, lines) = channel();
        let _thread = std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or_else(|fault| panic!("{fault}: {line}"));
                if heard.send(event).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// All events up to the one that is `wanted`, with it.
    fn until(&self, what: &str, mut wanted: impl FnMut(&RunEvent) -> bool) -> Vec<RunEvent> {
        let mut heard = Vec::new();
        loop {
            let next = self.lines.recv_timeout(PATIENCE);
            heard.push(next.unwrap_or_else(|_| panic!("waited in vain for {what}; heard {heard:#?}")));
            if heard.last().is_some_and(&mut wanted) {
                return heard;
            }
        }
    }

    /// All events up to the one with which so many `kind` of `run` were heard.
    fn until_heard(&self, kind: RunEventKind, run: u64, count: usize) -> Vec<RunEvent> {
        let mut left = count;
        self.until(&format!("{count} {kind:?} of run {run}"), |event| {
            left -= usize::from(event.event == kind && event.run == run);
            left == 0
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It may have ended.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn of(events: &[RunEvent], kind: RunEventKind, run: u64) -> Vec<&RunEvent> {
    events.iter().filter(|event| event.event == kind && event.run == run).collect()
}

fn begin(night: &Night, name: &str, steps: &[&str]) -> u64 {
    let agent = fake_agent().unwrap();
    night.begin(&[&["run", "--detach", "--name", name, "--", &agent], steps].concat()).unwrap().run
}

#[test]
fn a_run_that_prints_and_one_that_is_quiet_give_the_same_signs_of_life() {
    let night = Night::watched("").unwrap();
    let loud = begin(&night, "loud", &["mark 1", "print-loop here every 200ms", "hang"]);
    let quiet = begin(&night, "quiet", &["mark 1", "hang"]);
    for run in [loud, quiet] {
        night.until_run("its first step", run, |view| view.phase == Phase::Running && view.step == Some(1)).unwrap();
    }
    let events = Reader::follows(&night).until_heard(RunEventKind::Liveness, quiet, 4);
    let (of_loud, of_quiet) = (of(&events, RunEventKind::Liveness, loud), of(&events, RunEventKind::Liveness, quiet));
    assert_eq!((of_loud.len(), of_quiet.len()), (4, 4), "they come together: {events:#?}");
    assert!(of_loud.iter().chain(&of_quiet).all(|event| event.alive == Some(true)), "{events:#?}");
    assert!(of_loud.iter().all(|event| event.since_last_output_s.is_some_and(|s| s < 10.0)), "{of_loud:#?}");
    assert!(of_quiet.iter().all(|event| event.since_last_output_s.is_none()), "{of_quiet:#?}");
    assert!(of_quiet.is_sorted_by(|one, next| one.idle_for_s < next.idle_for_s), "{of_quiet:#?}");
    let printed = of(&events, RunEventKind::Output, loud);
    assert!((2..=4).contains(&printed.len()), "at most once a second: {events:#?}");
    assert!(printed.is_sorted_by(|one, next| one.output_bytes < next.output_bytes), "{printed:#?}");
    assert!(printed.iter().all(|event| event.output_grew_by > Some(0) && event.step == Some(1)), "{printed:#?}");
    assert!(of(&events, RunEventKind::Output, quiet).is_empty(), "{events:#?}");
    for (run, kind) in [(loud, RunEventKind::Advance), (quiet, RunEventKind::Advance), (quiet, RunEventKind::State)] {
        assert!(of(&events, kind, run).is_empty(), "neither liveness nor output is progress: {events:#?}");
    }
}

#[test]
fn a_process_that_is_gone_gives_no_more_signs_of_life_and_its_end_is_told() {
    let night = Night::watched("").unwrap();
    let quiet = begin(&night, "quiet", &["mark 1", "hang"]);
    let killed = begin(&night, "killed", &["mark 1", "hang"]);
    let mut stranger = Command::new(fake_agent().unwrap()).arg("hang").stdin(Stdio::null()).spawn().unwrap();
    let pid = stranger.id().to_string();
    let attached = night.begin(&["attach", "--name", "web", "--pid", &pid, "--progress", "web.json"]).unwrap().run;
    let view = night.until_run("its first step", killed, |view| view.step == Some(1)).unwrap();
    let reader = Reader::follows(&night);
    for run in [quiet, killed, attached] {
        let events = reader.until_heard(RunEventKind::Liveness, run, 1);
        assert_eq!(events.last().unwrap().alive, Some(true), "{events:#?}");
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(view.pid.unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let end = reader.until("its end", |event| event.run == killed && event.phase == Phase::Ended).pop().unwrap();
    let row = end.ended.unwrap();
    assert_eq!((end.event, row.outcome, row.signal), (RunEventKind::State, Outcome::Failed, Some(9)));
    assert_eq!((end.step, end.idle_for_s, end.since_last_output_s), (Some(1), None, None));
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    let end = reader.until("its end", |event| event.run == attached && event.phase == Phase::Ended).pop().unwrap();
    // Not every system tells how a stranger ended.
    let outcome = end.ended.unwrap().outcome;
    assert!(matches!(outcome, Outcome::Failed | Outcome::Lost), "{outcome:?}");
    let events = reader.until_heard(RunEventKind::Liveness, quiet, 3);
    assert!(events.iter().all(|event| event.run == quiet && event.alive == Some(true)), "{events:#?}");
}

#[test]
fn each_advance_is_told_and_a_run_that_is_over_at_once_is_not_missed() {
    let night = Night::watched("").unwrap();
    let reader = Reader::follows(&night);
    night.nightkeep(&["run", "--", "true"]).unwrap();
    let end = reader.until("its end", |event| event.phase == Phase::Ended).pop().unwrap();
    assert_eq!((end.run, end.ended.map(|row| row.outcome)), (1, Some(Outcome::Succeeded)));
    let run = begin(&night, "steps", &["mark 1 one", "sleep 300ms", "mark 2 two", "sleep 300ms", "exit 0"]);
    let events = reader.until("its end", |event| event.run == run && event.phase == Phase::Ended);
    let steps: Vec<_> =
        of(&events, RunEventKind::Advance, run).iter().map(|told| (told.step, told.note.clone())).collect();
    assert_eq!(steps, [(Some(1), Some("one".to_owned())), (Some(2), Some("two".to_owned()))]);
}

#[test]
fn a_reader_goes_on_with_the_engine_that_takes_over() {
    let night = Night::watched("").unwrap();
    let run = begin(&night, "quiet", &["mark 1", "hang"]);
    let reader = Reader::follows(&night);
    reader.until_heard(RunEventKind::Liveness, run, 1);
    let engine = night.engine_pid();
    night.later_json(&["status"]).unwrap();
    assert_ne!(night.engine_pid(), engine);
    reader.until_heard(RunEventKind::Liveness, run, 3);
    night.told(&["stop", &run.to_string(), "--force"]).unwrap();
    reader.until("its end", |event| event.run == run && event.phase == Phase::Ended);
}
