//! What the readers of coding agents make of the recorded samples in `tests/fixtures/agents`: short ones, made for the
//! purpose after what the programs write.

use std::path::Path;

use nightkeep_core::{Advance, Metrics, Signal, Wait};
use serde_json::Value;

use super::claude::{Stream, Transcript, read_hook};
use super::codex::{Exec, Rollout};
use super::{LineReader, Lines, Reader};

/// A hook as if it were a line of a stream.
struct Hook;

impl LineReader for Hook {
    fn line(&mut self, line: &[u8], out: &mut Vec<Signal>) {
        out.extend(read_hook(line));
    }
}

fn sample(name: &str) -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/agents").join(name).with_extension("jsonl");
    std::fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// A sample with what a reader makes of each of its lines.
fn told(name: &str, mut reader: impl LineReader) -> String {
    let mut told = String::new();
    for (n, line) in (1..).zip(sample(name).lines()) {
        let mut out = Vec::new();
        reader.line(line.as_bytes(), &mut out);
        told.push_str(&format!("{n:>2} {}\n", heading(line)));
        for signal in out {
            told.push_str(&format!("       {}\n", shown(&signal)));
        }
    }
    told
}

/// What kind of line it is, in its own words.
fn heading(line: &str) -> String {
    let Ok(line) = serde_json::from_str::<Value>(line) else { return "not whole".to_owned() };
    let paths = ["/type", "/subtype", "/hook_event_name", "/payload/type", "/item/type", "/message/content/0/type"];
    let words = paths.iter().filter_map(|path| line.pointer(path)?.as_str());
    words.collect::<Vec<_>>().join(" ")
}

fn shown(signal: &Signal) -> String {
    let text = |text: &Option<String>| text.as_ref().map(|text| format!(" `{text}`")).unwrap_or_default();
    match signal {
        Signal::Beat => "beat".to_owned(),
        Signal::Advance(Advance { note, step, .. }) => {
            assert_eq!(*step, None, "calls that are over and steps do not count alike");
            format!("advance{}", text(note))
        }
        Signal::Begins { id, activity, what } => format!("begins {id}: {activity:?}{}", text(what)),
        Signal::Ends { id, digest: Some(digest) } => format!("ends {id}, {digest:016x}"),
        Signal::Ends { id, digest: None } => format!("ends {id}"),
        Signal::EmptyTurn => "empty turn".to_owned(),
        Signal::Waits(Wait::Human { kind, what }) => format!("waits for a person: {kind:?}{}", text(what)),
        Signal::Waits(Wait::Limit { until, after }) => {
            let until = until.map(|until| jiff::Timestamp::from_millisecond(until.as_ms()).unwrap().to_string());
            let after = after.map(|after| after.to_string());
            format!("waits for a limit{}{}", text(&until), text(&after))
        }
        Signal::Resumes => "resumes".to_owned(),
        Signal::Claims(claim) => {
            format!("claims {}{}", if claim.succeeded { "success" } else { "failure" }, text(&claim.message))
        }
        Signal::Unclaims => "claims nothing any more".to_owned(),
        Signal::Result(result) => format!("hands back {result}"),
        Signal::Note(note) => format!("note `{note}`"),
        Signal::Metrics(metrics) => format!("took {}", taken(metrics)),
        Signal::Expects(span) => format!("expects {span}"),
    }
}

fn taken(metrics: &Metrics) -> String {
    let Metrics { succeeded, failed, latency, cost_microusd, turns, tokens } = metrics;
    let numbers = [
        (u64::from(*succeeded), "succeeded"),
        (u64::from(*failed), "failed"),
        (latency.map_or(0, |latency| latency.as_ms()), "ms"),
        (*cost_microusd, "µ$"),
        (u64::from(*turns), "turns"),
        (*tokens, "tokens"),
    ];
    let numbers = numbers.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number} {unit}"));
    numbers.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_stream_of_claude_code_is_told() {
    insta::assert_snapshot!(told("claude-stream", Stream::default()));
}

#[test]
fn the_stream_of_claude_code_that_asks_and_fails_is_told() {
    insta::assert_snapshot!(told("claude-stream-failed", Stream::default()));
}

#[test]
fn the_transcript_of_claude_code_is_told() {
    insta::assert_snapshot!(told("claude-transcript", Transcript::default()));
}

#[test]
fn the_hooks_of_claude_code_are_told() {
    insta::assert_snapshot!(told("claude-hooks", Hook));
}

#[test]
fn the_events_of_codex_are_told() {
    insta::assert_snapshot!(told("codex-exec", Exec::default()));
}

#[test]
fn the_rollout_of_codex_is_told() {
    insta::assert_snapshot!(told("codex-rollout", Rollout::default()));
}

fn readers() -> Vec<(&'static str, Box<dyn Reader>)> {
    vec![
        ("claude-stream", Box::new(Lines::new(Stream::default()))),
        ("claude-stream-failed", Box::new(Lines::new(Stream::default()))),
        ("claude-transcript", Box::new(Lines::new(Transcript::default()))),
        ("claude-hooks", Box::new(Lines::new(Hook))),
        ("codex-exec", Box::new(Lines::new(Exec::default()))),
        ("codex-rollout", Box::new(Lines::new(Rollout::default()))),
    ]
}

#[test]
fn every_line_is_a_beat_at_least_wherever_it_is_cut_off() {
    for (name, mut reader) in readers() {
        for line in sample(name).lines() {
            for end in (0..line.len()).step_by(7) {
                let mut out = Vec::new();
                reader.take(&line.as_bytes()[..end], &mut out);
                reader.take(b"\n", &mut out);
                assert_eq!(out, [Signal::Beat], "{name}: {line} up to {end}");
            }
        }
    }
}

#[test]
fn every_field_may_be_missing_or_of_another_kind() {
    for other in
        [Value::Null, Value::from(-1.5), Value::from("\u{1b}[2J"), serde_json::json!([[]]), serde_json::json!({})]
    {
        for (name, mut reader) in readers() {
            for line in sample(name).lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
                for path in paths(&line) {
                    let mut line = line.clone();
                    *line.pointer_mut(&path).unwrap() = other.clone();
                    let mut out = Vec::new();
                    reader.take(format!("{line}\n").as_bytes(), &mut out);
                    assert!(!out.is_empty(), "{name}: {line}");
                    assert!(!format!("{out:?}").contains("u{1b}[2J"), "{name}: {out:?}");
                }
            }
        }
    }
}

/// The ways to everything in a document.
fn paths(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.replace('/', "~1"), value)).collect(),
        Value::Array(values) => values.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let below =
        children.iter().flat_map(|(key, value)| paths(value).into_iter().map(move |path| format!("/{key}{path}")));
    std::iter::once(String::new()).chain(below).collect()
}

#[test]
fn calls_without_an_end_do_not_pile_up() {
    let mut reader = Stream::default();
    let mut begun = 0;
    for n in 0..3_000 {
        let block = serde_json::json!({"type": "tool_use", "id": format!("toolu_{n}"), "name": "Bash", "input": {}});
        let line = serde_json::json!({"type": "assistant", "message": {"id": format!("msg_{n}"), "content": [block]}});
        let mut out = Vec::new();
        reader.line(line.to_string().as_bytes(), &mut out);
        begun += out.iter().filter(|signal| matches!(signal, Signal::Begins { .. })).count();
    }
    assert_eq!(begun, 1_000);
    let result = serde_json::json!({"tool_use_id": "toolu_2999", "type": "tool_result", "content": "done"});
    let mut out = Vec::new();
    reader.line(serde_json::json!({"type": "user", "message": {"content": [result]}}).to_string().as_bytes(), &mut out);
    assert!(out.contains(&Signal::Advance(Advance::default())), "work that was done counts: {out:?}");
}

#[test]
fn what_a_session_cost_before_it_was_joined_is_not_counted() {
    let mut reader = Transcript::joined();
    let mut cost = |usd: f64| {
        let mut out = Vec::new();
        reader.line(format!("{{\"type\":\"cost-state\",\"totalCostUSD\":{usd}}}").as_bytes(), &mut out);
        out
    };
    assert_eq!(cost(40.0), [Signal::Beat]);
    assert_eq!(cost(40.5), [Signal::Metrics(Metrics { cost_microusd: 500_000, ..Metrics::default() })]);
}

#[test]
fn what_a_session_cost_that_is_read_from_its_first_words_on_is_counted() {
    let mut reader = Transcript::joined();
    let mut out = Vec::new();
    reader.line(br#"{"type":"user","parentUuid":null,"message":{"role":"user","content":"Write."}}"#, &mut out);
    reader.line(br#"{"type":"cost-state","totalCostUSD":0.5}"#, &mut out);
    assert_eq!(out.last(), Some(&Signal::Metrics(Metrics { cost_microusd: 500_000, ..Metrics::default() })));
}
