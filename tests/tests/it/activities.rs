//! What a run does has limits of its own: the same quiet that is a stall of its own work is none of its sub-agent's.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nightkeep_engine::api::{
    Activity, HistoryRow, HumanWaitKind, Outcome, Reason, RunView, SignalSpec, SignalsRequest,
};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, waited_ms};
use serde_json::{Value, json};

/// A job whose work may stand still for 1.2 s. It says that something begins, is quiet for 3.5 s, says that it has ended,
/// and says nothing more.
fn job(name: &str, limits: &str) -> String {
    let script = format!("cat {name}.begins; sleep 3.5; cat {name}.ends; exec sleep 600");
    format!(
        "[jobs.{name}]\ncommand = [\"sh\", \"-c\", {script:?}]\ncwd = \"~/work\"\nsources = [\"claude-stream\"]\n\
         warn_after = \"600ms\"\nstall_after = \"1200ms\"\ngrace = \"1s\"\n{limits}\n"
    )
}

fn longer(activity: &str) -> String {
    format!("{activity}_warn_after = \"20s\"\n{activity}_stall_after = \"30s\"")
}

fn call(tool: &str) -> [Value; 2] {
    let call =
        json!({ "type": "tool_use", "id": "toolu_1", "name": tool, "input": { "description": "Mend the links" } });
    let result = json!({ "type": "tool_result", "tool_use_id": "toolu_1", "content": "done" });
    [
        json!({ "type": "assistant", "message": { "id": "msg_1", "content": [call] } }),
        json!({ "type": "user", "message": { "content": [result] } }),
    ]
}

fn compaction() -> [Value; 2] {
    let status = |status: Value| json!({ "type": "system", "subtype": "status", "status": status });
    [status("compacting".into()), status(Value::Null)]
}

fn start(night: &Night, name: &str, [begins, ends]: [Value; 2]) -> Begun {
    fs::write(night.work().join(format!("{name}.begins")), format!("{begins}\n")).unwrap();
    fs::write(night.work().join(format!("{name}.ends")), format!("{ends}\n")).unwrap();
    night.begin(&["start", name]).unwrap()
}

fn stalled(night: &Night, run: u64) -> (HistoryRow, i64) {
    let row = night.ended(run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::Stalled)), "{row:#?}");
    let waited = waited_ms(&night.show(run).unwrap()).unwrap();
    (row, waited)
}

#[test]
fn a_tool_a_sub_agent_and_a_compaction_may_be_quiet_for_longer_than_work_may() {
    let names = ["tool", "subagent", "compacting"];
    let config: String = names.iter().map(|name| job(name, &longer(name))).collect();
    let night = Night::watched(&config).unwrap();
    let doing = [Activity::Tool, Activity::Subagent, Activity::Compacting];
    let said = [call("Bash"), call("Agent"), compaction()];
    let runs: Vec<Begun> = names.iter().zip(said).map(|(name, said)| start(&night, name, said)).collect();
    for (begun, activity) in runs.iter().zip(doing) {
        let view = night.until_run("what it does", begun.run, |view| view.activity == activity).unwrap();
        assert!((29.9..=31.3).contains(&view.stall_after_s), "{activity:?}: {}", view.stall_after_s);
    }
    for (begun, activity) in runs.iter().zip(doing) {
        let (row, waited) = stalled(&night, begun.run);
        if activity == Activity::Compacting {
            // It moved nothing forward; its 3.5 s are not on the work's limit all the same, but for what of them had
            // passed when it was first heard of.
            assert_eq!(row.advances, 0);
            assert!(waited >= 4_000, "{waited} ms");
        } else {
            assert!(row.longest_gap_s.unwrap() >= 3.4, "{row:#?}");
            assert!(waited >= 1_150, "{activity:?}: {waited} ms after its end");
        }
    }
}

#[test]
fn the_same_quiet_is_a_stall_where_no_longer_limit_is_named_for_what_it_does() {
    let night = Night::watched(&job("novel", &longer("tool"))).unwrap();
    let begun = start(&night, "novel", call("Agent"));
    let (row, waited) = stalled(&night, begun.run);
    assert_eq!(row.advances, 0);
    // Before its call has come back, which is all that a busy computer allows to say.
    assert!(waited >= 1_150, "{waited} ms");
}

#[test]
fn a_sub_agent_that_is_quiet_keeps_its_limit_when_the_engine_crashes() {
    let night = Night::watched(&job("novel", &longer("subagent")).replace("sleep 3.5", "read _ < gate")).unwrap();
    let gate = night.work().join("gate");
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let begun = start(&night, "novel", call("Agent"));
    let late = |view: &RunView| view.activity == Activity::Subagent && view.since_advance_s > 1.3;
    night.until_run("the sub-agent", begun.run, |view| view.activity == Activity::Subagent).unwrap();
    until_late(&night, "more quiet than work may have", begun.run, late);
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let view = night.until_run("it to be found again", begun.run, |_| true).unwrap();
    assert_eq!(view.activity, Activity::Subagent);
    fs::write(gate, "go\n").unwrap();
    let view = night.until_step(begun.run, 1).unwrap();
    assert_eq!(view.activity, Activity::Working, "its end is understood");
}

/// Nothing is told when only time has passed: it is asked.
fn until_late(night: &Night, what: &str, run: u64, late: impl Fn(&RunView) -> bool) {
    let is_late = || {
        let live = night.ask(async |engine| engine.live().await).ok()?;
        live.status.runs.iter().any(|view| view.run == run && late(view)).then_some(())
    };
    eventually(what, is_late).unwrap();
}

/// A run that only says something when somebody is asked to say it of it.
fn silent(night: &Night) -> Begun {
    night.begin(&["start", "novel"]).unwrap()
}

fn hook(night: &Night, begun: &Begun, event: &Value) {
    let mut command = night.command(&["hook", "claude"]).unwrap();
    let mut hook = command.env("NIGHTKEEP_RUN", &begun.tag).stdin(Stdio::piped()).spawn().unwrap();
    hook.stdin.take().unwrap().write_all(event.to_string().as_bytes()).unwrap();
    assert!(hook.wait().unwrap().success());
}

#[test]
fn a_sub_agent_that_a_hook_told_of_keeps_its_limit_when_the_engine_crashes() {
    let config = "[jobs.novel]\ncommand = [\"sleep\", \"600\"]\nwarn_after = \"1500ms\"\nstall_after = \"3s\"\ngrace = \"1s\"\n\
                  subagent_warn_after = \"20s\"\nsubagent_stall_after = \"30s\"\n";
    let night = Night::watched(config).unwrap();
    let begun = silent(&night);
    hook(&night, &begun, &json!({ "hook_event_name": "SubagentStart", "agent_id": "a1", "agent_type": "Explore" }));
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let doing = |view: &RunView| view.activity == Activity::Subagent && view.doing.as_deref() == Some("Explore");
    let view = night.until_run("what it does", begun.run, doing).unwrap();
    assert!(view.stall_after_s >= 29.9, "{}", view.stall_after_s);
    let late = |view: &RunView| doing(view) && view.since_advance_s > 4.0;
    until_late(&night, "more quiet than work may have", begun.run, late);
    hook(&night, &begun, &json!({ "hook_event_name": "SubagentStop", "agent_id": "a1" }));
    night.until_run("its end", begun.run, |view| view.activity == Activity::Working).unwrap();
}

#[test]
fn the_time_that_a_run_waited_is_not_on_its_limit_when_the_engine_crashes() {
    let config =
        "[jobs.novel]\ncommand = [\"sleep\", \"600\"]\nwarn_after = \"1500ms\"\nstall_after = \"3s\"\ngrace = \"1s\"\n";
    let night = Night::watched(config).unwrap();
    let begun = silent(&night);
    let says = |signal: SignalSpec| {
        let said = SignalsRequest { run: begun.tag.clone(), source: "mcp".to_owned(), signals: vec![signal] };
        night.ask(async |engine| engine.signals(&said).await).unwrap();
    };
    says(SignalSpec::WaitingHuman { kind: HumanWaitKind::Question, what: None });
    let waiting = Instant::now();
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let still = |view: &RunView| view.activity == Activity::WaitingHuman && waiting.elapsed() > Duration::from_secs(4);
    until_late(&night, "a long wait", begun.run, still);
    says(SignalSpec::Resumed);
    night.crash_engine().unwrap();
    let answered = Instant::now();
    night.start_engine().unwrap();
    let (_, waited) = stalled(&night, begun.run);
    assert!(answered.elapsed() > Duration::from_millis(1_500), "{:?}", answered.elapsed());
    assert!(waited >= 6_000, "{waited} ms, of which it waited for 4 s");
}
