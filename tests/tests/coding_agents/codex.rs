//! Codex.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nightkeep_engine::api::Outcome;
use nightkeep_engine::sources::{Lines, codex};
use nightkeep_tests::eventually;
use nightkeep_tests::model::Model;
use nightkeep_tests::model::openai::{USED, calls, held, model, says, scripts, unavailable, used_up};
use nightkeep_tests::night::Night;
use serde_json::{Value, json};

use crate::stage::{all_said, ended, fetched, last_said, metrics, notes, run, went_well};

/// More calls than are made before the first look.
const CALLS: usize = 30;
/// The note of the last of them.
const LAST: &str = "exec_command: echo 30";

fn program() -> String {
    fetched("NIGHTKEEP_AGENTS_CODEX").into_string().unwrap()
}

/// Its arguments: it speaks to nobody but the model.
fn arguments(model: &Model) -> Vec<String> {
    let provider = format!(
        "model_providers.played={{name=\"played\",base_url=\"{}/v1\",wire_api=\"responses\",env_key=\"PLAYED_KEY\"}}",
        model.url()
    );
    let fixed = ["exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"];
    let settings =
        ["model_provider=\"played\"", &provider, "check_for_update_on_startup=false", "analytics.enabled=false"];
    let settings = settings.into_iter().flat_map(|setting| ["-c", setting]);
    fixed.into_iter().chain(settings).chain(["Write an article."]).map(str::to_owned).collect()
}

fn environment() -> [(&'static str, String); 1] {
    [("PLAYED_KEY", "sk-none".to_owned())]
}

fn launched(night: &Night, model: &Model) -> u64 {
    let (program, arguments) = (program(), arguments(model));
    let command: Vec<&str> = [program.as_str()].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    run(night, &["codex-exec"], &environment(), &command).run
}

fn shell(command: &str) -> Value {
    json!({ "cmd": command })
}

/// The rollout file of the one session that there was.
fn rollout(folder: &Path) -> Option<PathBuf> {
    let entries: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    entries.iter().find_map(|path| {
        if path.is_dir() { rollout(path) } else { Some(path.clone()).filter(|path| path.extension().is_some()) }
    })
}

#[test]
fn codex_is_followed_through_its_events_from_its_first_call_to_what_it_hands_back() {
    let night = Night::watched("").unwrap();
    let script = "await tools.exec_command({cmd: 'echo two'}); await tools.exec_command({cmd: 'exit 3'});";
    let answers = vec![
        calls("1", "exec_command", &shell("echo one")),
        unavailable(),
        scripts("2", script),
        says("3", "cut off").cut_off(),
        says("3", "One article is written."),
    ];
    let model = model(answers).unwrap();
    let detail = went_well(&night, launched(&night, &model));
    let expected = ["command: /bin/bash -lc 'echo one'", "command: /bin/bash -lc 'echo two'"];
    assert_eq!(notes(&detail), expected);
    assert_eq!(all_said(&detail, "claimed"), ["It reported success: `One article is written.`."]);
    assert_eq!(detail.result, Some(json!("One article is written.")));
    let totals = last_said(&detail, "totals").unwrap();
    assert_eq!(totals, "What its work took so far: 2 of 3 calls went well, 1 turns.");
    assert_eq!((model.turns(), model.others()), (5, Vec::new()));
}

#[test]
fn codex_that_may_not_go_on_waits_for_its_limit_and_fails() {
    let night = Night::watched("").unwrap();
    let model = model(vec![calls("1", "exec_command", &shell("echo one")), used_up()]).unwrap();
    let detail = ended(&night, launched(&night, &model));
    assert_eq!(detail.ended.as_ref().unwrap().outcome, Outcome::Failed, "{detail:#?}");
    assert_eq!(all_said(&detail, "waits"), ["It waits for a usage limit to pass."]);
    let claimed = last_said(&detail, "claimed").unwrap();
    assert!(claimed.starts_with("It reported failure: `You’ve hit your usage limit."), "{claimed}");
}

#[test]
fn codex_is_attached_to_through_the_rollout_file_that_it_writes() {
    let night = Night::watched("").unwrap();
    // What it offers to the models of this time is a script, which calls the tools.
    let call = |n: usize| match n % 2 {
        0 => calls(&n.to_string(), "exec_command", &shell(&format!("echo {n}"))),
        _ => scripts(&n.to_string(), &format!("await tools.exec_command({{cmd: 'echo {n}'}}); text('done');")),
    };
    let answers = (1..=CALLS).map(call).chain([says("end", "All counted.")]).collect();
    let model = held(answers, 1).unwrap();
    let mut agent = night.program(program());
    let agent = agent.args(arguments(&model)).envs(environment()).current_dir(night.work());
    let mut agent = agent.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the second answer to be asked for", || (model.turns() == 2).then_some(())).unwrap();
    let sessions = night.user().join(".codex/sessions");
    let path = eventually("the rollout file", || rollout(&sessions)).unwrap();
    let pid = agent.id().to_string();
    let source = format!("codex-rollout:{}", path.display());
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
    let metrics = metrics(Lines::new(codex::Rollout::default()), &text);
    let answers = CALLS as u64 + 1;
    assert_eq!((u64::from(metrics.succeeded), metrics.failed), (CALLS as u64, 0), "a script and what it calls are one");
    assert_eq!((metrics.tokens, metrics.turns), (answers * USED, 1));
}

#[test]
fn codex_that_asks_again_and_again_after_a_command_that_hangs_does_not_advance() {
    let night = Night::watched("").unwrap();
    let hangs = "await tools.exec_command({cmd: 'sleep 600'});";
    let wait = |id| calls(id, "wait", &json!({ "cell_id": "1", "yield_time_ms": 300 }));
    let asks = "const r = await tools.exec_command({cmd: 'sleep 600', yield_time_ms: 300}); \
                await tools.write_stdin({session_id: r.session_id, chars: '', yield_time_ms: 300});";
    let answers = vec![
        calls("1", "exec_command", &json!({ "cmd": "sleep 600", "yield_time_ms": 300 })),
        scripts("2", &format!("// @exec: {{\"yield_time_ms\": 300}}\n{hangs}")),
        wait("3"),
        wait("4"),
        scripts("5", asks),
        says("6", "I give up."),
    ];
    let model = model(answers).unwrap();
    let detail = went_well(&night, launched(&night, &model));
    assert_eq!(notes(&detail), Vec::<&str>::new(), "nor in its events");
    let text = fs::read_to_string(rollout(&night.user().join(".codex/sessions")).unwrap()).unwrap();
    for words in ["Process running with session ID", "Script running with cell ID", "Script completed"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let metrics = metrics(Lines::new(codex::Rollout::default()), &text);
    assert_eq!((metrics.succeeded, metrics.turns), (0, 1));
}
