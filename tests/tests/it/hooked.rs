//! `nightkeep hook claude`, as Claude Code calls it.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nightkeep_engine::api::{Activity, Phase};
use nightkeep_tests::night::{Begun, Night, Said, fake_agent};
use nightkeep_tests::root;
use serde_json::json;

/// What the hook says to an event.
fn told(night: &Night, begun: &Begun, event: &str) -> Said {
    let mut command = night.command(&["hook", "claude"]).unwrap();
    command.env("NIGHTKEEP_RUN", &begun.tag).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut hook = command.spawn().unwrap();
    hook.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    Said::of(&hook.wait_with_output().unwrap())
}

fn silent() -> Said {
    Said { code: Some(0), out: String::new(), err: String::new() }
}

fn begun(night: &Night) -> Begun {
    begun_with(night, &[])
}

fn begun_with(night: &Night, sources: &[&str]) -> Begun {
    let agent = fake_agent().unwrap();
    let begun = night.begin(&[&["run", "--detach"], sources, &["--", &agent, "hang"]].concat()).unwrap();
    night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    begun
}

#[test]
fn what_claude_code_tells_its_hook_is_known_of_the_run() {
    let night = Night::watched("").unwrap();
    let begun = begun(&night);
    let asks =
        json!({ "hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": { "command": "make" } });
    assert_eq!(told(&night, &begun, &asks.to_string()), silent());
    night.until_run("it to wait", begun.run, |view| view.activity == Activity::WaitingHuman).unwrap();
    let done = json!({ "hook_event_name": "TaskCompleted", "task_subject": "draft written" });
    assert_eq!(told(&night, &begun, &done.to_string()), silent());
    let view = night.until_run("it to work again", begun.run, |view| view.activity == Activity::Working).unwrap();
    assert_eq!((view.step, view.note.as_deref()), (Some(1), Some("draft written")));
    let advances = night.show(begun.run).unwrap().advances;
    assert_eq!(advances[0].source.as_deref(), Some("claude-hook"));
    for event in fs::read_to_string(root().join("tests/fixtures/agents/claude-hooks.jsonl")).unwrap().lines() {
        assert_eq!(told(&night, &begun, event), silent());
    }
    night.until_run("its end in its own words", begun.run, |view| view.claim.is_some()).unwrap();
}

#[test]
fn what_is_read_in_the_stream_of_an_agent_is_not_counted_again_when_its_hook_tells_it() {
    let night = Night::watched("").unwrap();
    let calls = |sources: &[&str]| {
        let begun = begun_with(&night, sources);
        for event in fs::read_to_string(root().join("tests/fixtures/agents/claude-hooks.jsonl")).unwrap().lines() {
            assert_eq!(told(&night, &begun, event), silent());
        }
        let view = night.until_run("its end in its own words", begun.run, |view| view.claim.is_some()).unwrap();
        (view.totals.map_or(0, |totals| totals.succeeded + totals.failed), view.step)
    };
    let (told, step) = calls(&[]);
    assert!(told > 0 && step.is_some());
    assert_eq!(calls(&["--source", "claude-stream"]), (0, None));
    // A transcript does not have the calls of sub-agents.
    assert_eq!(calls(&["--source", "claude-transcript:there-is-none"]), (0, step));
}

#[test]
fn an_engine_that_stands_still_or_is_gone_does_not_hold_an_agent_up() {
    let night = Night::watched("").unwrap();
    let begun = begun(&night);
    let event = json!({ "hook_event_name": "Stop" }).to_string();
    let frozen = night.freeze_engine().unwrap();
    let start = Instant::now();
    assert_eq!(told(&night, &begun, &event), silent());
    // 200 ms, and what a busy machine makes of them.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    drop(frozen);
    night.crash_engine().unwrap();
    assert_eq!(told(&night, &begun, &event), silent());
    assert!(night.engine_pid().is_none());
}
