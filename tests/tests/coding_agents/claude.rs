//! Claude Code.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use nightkeep_engine::api::{Activity, Outcome, RunView};
use nightkeep_engine::sources::{Lines, claude};
use nightkeep_tests::eventually;
use nightkeep_tests::model::anthropic::{MODEL, READ, WRITTEN, calls, held, model, overloaded, says, unauthorized};
use nightkeep_tests::model::{Answer, Model};
use nightkeep_tests::night::Night;
use serde_json::json;

use crate::stage::{all_said, ended, fetched, last_said, metrics, notes, run, went_well};

/// More calls than are made before the first look.
const CALLS: usize = 30;
/// The note of the last of them.
const LAST: &str = "Bash: echo 30";

/// Two calls that go well, the first of them of a shell, and the last words.
fn work(night: &Night) -> Vec<Answer> {
    vec![
        calls("1", "Bash", &json!({ "command": "echo one > one.md", "description": "Write the first" })),
        calls("2", "Read", &json!({ "file_path": night.work().join("one.md") })),
        says("3", "One article is written."),
    ]
}

/// The notes of [`work`].
fn worked(night: &Night) -> [String; 2] {
    ["Bash: Write the first".to_owned(), format!("Read: {}", night.work().join("one.md").display())]
}

fn program() -> String {
    let program: OsString = fetched("NIGHTKEEP_AGENTS_CLAUDE");
    program.into_string().unwrap()
}

/// It speaks to nobody but the model, whose key is none.
fn environment(model: &Model) -> Vec<(&'static str, String)> {
    let on = |name| (name, "1".to_owned());
    vec![
        ("ANTHROPIC_BASE_URL", model.url()),
        ("ANTHROPIC_API_KEY", "sk-ant-none".to_owned()),
        on("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"),
        on("DISABLE_TELEMETRY"),
        on("DISABLE_ERROR_REPORTING"),
        on("DISABLE_AUTOUPDATER"),
        // In a namespace everybody is root, who may not skip permissions elsewhere.
        on("IS_SANDBOX"),
    ]
}

const PROMPT: [&str; 5] = ["-p", "Write an article.", "--model", MODEL, "--dangerously-skip-permissions"];
const STREAM: [&str; 3] = ["--output-format", "stream-json", "--verbose"];

/// What Claude Code is launched with.
fn command(program: &str) -> Vec<&str> {
    [&[program], PROMPT.as_slice(), STREAM.as_slice()].concat()
}

fn launched(night: &Night, model: &Model, sources: &[&str]) -> u64 {
    run(night, sources, &environment(model), &command(&program())).run
}

/// The transcript of the one session that there was.
fn transcript(night: &Night) -> Option<PathBuf> {
    let projects = fs::read_dir(night.user().join(".claude/projects")).ok()?;
    let mut files = projects.flatten().flat_map(|project| fs::read_dir(project.path()).into_iter().flatten().flatten());
    files.find_map(|file| Some(file.path()).filter(|path| path.extension().is_some_and(|end| end == "jsonl")))
}

fn install_hooks(night: &Night) {
    night.told(&["hook", "claude", "--install"]).unwrap();
    assert!(night.user().join(".claude/settings.json").is_file());
}

#[test]
fn claude_code_is_followed_through_its_stream_from_its_first_call_to_what_it_cost() {
    let night = Night::watched("").unwrap();
    let mut answers = work(&night);
    answers.insert(1, overloaded(2));
    let model = model(answers).unwrap();
    let run = launched(&night, &model, &["claude-stream"]);
    let waits = |view: &RunView| view.activity == Activity::WaitingLimit;
    night.until_run("the service to be overloaded", run, waits).unwrap();
    let detail = went_well(&night, run);
    assert_eq!(notes(&detail), worked(&night));
    assert_eq!(all_said(&detail, "waits"), ["It waits for a usage limit to pass."]);
    assert_eq!(all_said(&detail, "claimed"), ["It reported success: `One article is written.`."]);
    assert_eq!(detail.result, Some(json!("One article is written.")));
    let totals = last_said(&detail, "totals").unwrap();
    assert!(totals.starts_with("What its work took so far: 2 of 2 calls went well, "), "{totals}");
    // 3 dollars for a million tokens that are read, 15 for those that are written.
    assert!(totals.ends_with("3 turns, $0.01."), "{totals}");
    assert_eq!((model.turns(), model.others()), (4, Vec::new()));
}

#[test]
fn claude_code_tells_its_hooks_what_it_does_without_any_source() {
    let night = Night::watched("").unwrap();
    install_hooks(&night);
    let model = model(work(&night)).unwrap();
    let detail = went_well(&night, launched(&night, &model, &[]));
    assert_eq!(notes(&detail), worked(&night));
    assert!(detail.advances.iter().all(|advance| advance.source.as_deref() == Some("claude-hook")), "{detail:#?}");
    assert_eq!(all_said(&detail, "claimed"), ["It reported success: `One article is written.`."]);
    let totals = last_said(&detail, "totals").unwrap();
    assert!(totals.starts_with("What its work took so far: 2 of 2 calls went well"), "{totals}");
}

#[test]
fn what_claude_code_tells_its_hooks_and_streams_as_well_is_counted_once() {
    let night = Night::watched("").unwrap();
    install_hooks(&night);
    let model = model(work(&night)).unwrap();
    let detail = went_well(&night, launched(&night, &model, &["claude-stream"]));
    assert_eq!(notes(&detail), worked(&night));
    assert_eq!(all_said(&detail, "claimed"), ["It reported success: `One article is written.`."]);
    let totals = last_said(&detail, "totals").unwrap();
    assert!(totals.starts_with("What its work took so far: 2 of 2 calls went well, "), "{totals}");
    assert!(totals.ends_with("3 turns, $0.01."), "{totals}");
}

#[test]
fn claude_code_that_cannot_sign_in_fails_and_says_why() {
    let night = Night::watched("").unwrap();
    let model = model(vec![calls("1", "Bash", &json!({ "command": "exit 3" })), unauthorized()]).unwrap();
    let detail = ended(&night, launched(&night, &model, &["claude-stream"]));
    assert_eq!(detail.ended.as_ref().unwrap().outcome, Outcome::Failed, "{detail:#?}");
    // A call that failed moved nothing forward.
    assert_eq!(notes(&detail), Vec::<&str>::new());
    let claimed = last_said(&detail, "claimed").unwrap();
    assert!(claimed.starts_with("It reported failure: `"), "{claimed}");
}

#[test]
fn claude_code_is_attached_to_through_the_transcript_that_it_writes() {
    let night = Night::watched("").unwrap();
    let count = |n: usize| calls(&n.to_string(), "Bash", &json!({ "command": format!("echo {n}") }));
    let answers = (1..=CALLS).map(count).chain([says("end", "All counted.")]).collect();
    let model = held(answers, 1).unwrap();
    let mut agent = night.program(program());
    let (out, err) = (Stdio::null(), Stdio::null());
    let mut agent =
        agent.args(PROMPT).envs(environment(&model)).current_dir(night.work()).stdout(out).stderr(err).spawn().unwrap();
    eventually("the second answer to be asked for", || (model.turns() == 2).then_some(())).unwrap();
    // It is written with some delay.
    let path = eventually("the transcript", || transcript(&night)).unwrap();
    let pid = agent.id().to_string();
    let source = format!("claude-transcript:{}", path.display());
    let begun = night.begin(&["attach", "--name", "author", "--pid", &pid, "--source", &source]).unwrap();
    let mut let_in = 1;
    eventually("a call to be told", || {
        // What was written before the first look is none of the run, and nothing tells when that is.
        let_in += 1;
        model.let_in(let_in);
        night.show(begun.run).ok()?.advances.first().map(drop)
    })
    .unwrap();
    model.let_in(usize::MAX);
    assert!(agent.wait().unwrap().success());
    let detail = ended(&night, begun.run);
    assert_eq!(all_said(&detail, "claimed"), ["It reported success: `All counted.`."]);
    assert!(notes(&detail).ends_with(&[LAST]), "{detail:#?}");
    let text = fs::read_to_string(path).unwrap();
    // Each message but the last is written as two lines that repeat its use.
    assert_eq!(text.lines().filter(|line| line.contains(r#""output_tokens":50"#)).count(), 2 * CALLS + 1);
    let all = (CALLS as u64 + 1) * (READ + WRITTEN);
    let metrics = metrics(Lines::new(claude::Transcript::joined()), &text);
    assert_eq!((metrics.tokens, u64::from(metrics.turns)), (all, CALLS as u64 + 1));
    assert!(metrics.cost_microusd > 0, "a session that is read from its beginning costs what it says");
}
