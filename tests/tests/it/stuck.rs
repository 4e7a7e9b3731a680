//! The agent that the product is about: its third step asks a service that never answers.

use std::fs;

use nightkeep_engine::api::{HistoryRow, MarkKind, Method, Outcome, ProcessEnd, Reason, RunDetail};
use nightkeep_tests::night::{Begun, Night, agent, first, last, of_run, waited_ms};
use serde_json::Value;

/// Milliseconds of the stall limit of [`config`].
const STALL_MS: i64 = 1_000;

fn config(flags: &[&str]) -> String {
    let script = agent("articles.py");
    let command = [&["python3", &script, "--name", "draft", "--step-seconds", "0.1"], flags].concat();
    format!(
        "[jobs.articles]\ncommand = {command:?}\ncwd = \"work\"\nwarn_after = \"400ms\"\nstall_after = \"1s\"\ngrace = \"1s\"\n\
         [notifications]\nwarnings = true\n"
    )
}

/// The job is started, and hangs until it is stopped.
fn hang(flags: &[&str]) -> (Night, Begun, HistoryRow, RunDetail) {
    let night = Night::on_a_desktop(&config(flags)).unwrap();
    let begun = night.begin(&["start", "articles"]).unwrap();
    night.until_step(begun.run, 2).unwrap();
    let row = night.ended(begun.run).unwrap();
    let detail = night.show(begun.run).unwrap();
    (night, begun, row, detail)
}

/// What its chart shows, each kind once: how often it is warned depends on how long the interpreter takes to begin.
fn marks(detail: &RunDetail) -> Vec<MarkKind> {
    let mut marks: Vec<MarkKind> = detail.quiet.marks.iter().map(|mark| mark.kind).collect();
    marks.dedup();
    marks
}

#[test]
fn a_stuck_generator_is_stopped_at_its_limit_and_cleans_up_itself() {
    let (night, begun, row, detail) = hang(&[]);
    assert_eq!(
        (row.outcome, row.reason, row.method),
        (Outcome::Aborted, Some(Reason::Stalled), Some(Method::Graceful))
    );
    assert_eq!((row.exit_code, row.last_step, row.last_note.as_deref()), (Some(143), Some(2), Some("outline made")));
    assert_eq!((row.advances, row.survivors.as_slice()), (2, [].as_slice()));
    let waited = waited_ms(&detail).unwrap();
    assert!(waited >= STALL_MS, "{waited} ms from the last advance to the verdict");
    assert_eq!(fs::read_dir(night.work()).unwrap().count(), 0, "its handler removes the draft and the lease");
    assert_eq!(of_run(&begun.tag), Vec::<u32>::new());
    let mut story: Vec<&str> = detail.timeline.iter().map(|event| event.kind.as_str()).collect();
    // How often depends on how long the interpreter takes to begin, and whether anybody sees that the root is gone first.
    story.retain(|kind| !["acknowledged", "signal-delivered"].contains(kind));
    story.dedup();
    assert_eq!(story, ["registered", "started", "warned", "evidence-taken", "stop-intended", "signalled", "ended"]);
    for once in ["acknowledged", "signal-delivered"] {
        assert!(first(&detail, once).is_some(), "{:#?}", detail.timeline);
    }
    assert!(row.message.contains("It acknowledged the stop request"), "{}", row.message);
    let listed = night.json(&["history"]).unwrap();
    assert_eq!(
        (&listed[0]["outcome"], &listed[0]["last_note"]),
        (&Value::from("aborted"), &Value::from("outline made"))
    );
}

#[test]
fn the_stop_of_a_stuck_generator_is_told_once_in_the_place_of_its_warning() {
    let (night, begun, _, _) = hang(&[]);
    let warning = night.notification("articles is quiet").unwrap();
    assert!(warning.body.contains("It will be stopped at"), "{}", warning.body);
    let stop = night.notification("articles was stopped").unwrap();
    assert_eq!((warning.replaces, stop.replaces), (0, warning.id));
    assert!(stop.body.contains("Last: step 2/5 at "), "{}", stop.body);
    let unseen = night
        .until("the stop to be unseen", |live| (live.status.summary.stopped_unseen == 1).then(|| live.unseen.clone()));
    assert_eq!(unseen.unwrap()[0].run, begun.run);
}

#[test]
fn the_evidence_of_a_stuck_generator_shows_what_it_was_waiting_for() {
    let (_night, _, _, detail) = hang(&[]);
    let evidence = detail.evidence.clone().unwrap();
    let process = &evidence.processes[0];
    assert!(process.command.contains("articles.py"), "{}", process.command);
    assert_eq!((process.depth, process.state.as_str()), (0, "sleeping"));
    assert!(process.cpu_percent.is_some() && process.cpu_s > 0.0, "{process:?}");
    assert!(process.memory_bytes.unwrap() > 1_000_000, "{process:?}");
    assert_eq!(evidence.output.lines.last().unwrap(), "querying the model");
    let listens = evidence.sockets.iter().find(|socket| socket.state == "listen").unwrap();
    let asks = evidence.sockets.iter().find(|socket| socket.remote == listens.local).unwrap();
    assert_eq!((asks.state.as_str(), asks.protocol.as_str(), asks.pid), ("established", "tcp", process.pid));
    assert!(asks.remote.starts_with("127.0.0.1:"), "{asks:?}");
    assert_eq!(evidence.missing, Vec::<String>::new());
    assert_eq!(process.end, Some(ProcessEnd::Obeyed));
    let marker = evidence.marker.unwrap();
    assert_eq!((marker.step, marker.trouble.as_deref()), (Some(2), None));
    assert!(marker.size_bytes.is_some_and(|bytes| bytes > 10) && marker.modified_at.is_some(), "{marker:?}");
    assert_eq!(
        detail.quiet.teeth.iter().map(|tooth| (tooth.step, tooth.advances)).collect::<Vec<_>>(),
        [(1, 1), (2, 1)]
    );
    assert_eq!(marks(&detail), [MarkKind::Warning, MarkKind::Asked]);
    assert!(detail.cause[0].starts_with("The marker stopped advancing at "), "{:?}", detail.cause);
}

#[test]
fn a_stuck_generator_that_ignores_the_request_is_killed_and_its_next_run_knows() {
    let (night, begun, row, detail) = hang(&["--ignore-term"]);
    assert_eq!((row.outcome, row.method, row.signal), (Outcome::Aborted, Some(Method::Forced), Some(9)));
    let grace = last(&detail, "signalled").unwrap() - first(&detail, "signalled").unwrap();
    assert!(grace >= 1_000, "forced {grace} ms after the request");
    assert_eq!(of_run(&begun.tag), Vec::<u32>::new());
    assert!(night.notification("articles was force-stopped").unwrap().body.contains("ignored the stop request"));
    assert_eq!(detail.evidence.clone().unwrap().processes[0].end, Some(ProcessEnd::Ignored));
    assert_eq!(marks(&detail), [MarkKind::Warning, MarkKind::Asked, MarkKind::Killed]);
    assert!(detail.cause.iter().any(|told| told.contains("0 of 1 process ended")), "{:?}", detail.cause);

    let left: Value = serde_json::from_slice(&fs::read(night.run_dir(&begun.tag).marker()).unwrap()).unwrap();
    assert_eq!((&left["step"], &left["note"]), (&Value::from(-1), &Value::from("aborted: stalled at step 2")));
    let tell = "[jobs.articles]\ncommand = [\"env\"]\n";
    night.configure(tell).unwrap();
    night.until_job("articles", |spec| spec.command == ["env"]).unwrap();
    let next = night.begin(&["start", "articles"]).unwrap();
    night.ended(next.run).unwrap();
    let told = fs::read_to_string(night.run_dir(&next.tag).output()).unwrap();
    for line in
        ["NIGHTKEEP_LAST_OUTCOME=aborted", "NIGHTKEEP_LAST_STEP=2", "NIGHTKEEP_LAST_NOTE=aborted: stalled at step 2"]
    {
        assert!(told.lines().any(|told| told == line), "`{line}` is not in:\n{told}");
    }
}
