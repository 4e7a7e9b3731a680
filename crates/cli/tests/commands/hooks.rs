//! `hook`: no engine anywhere, and the settings of somebody else's program.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::fake::{nightkeep, private_home, program, run};

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn what_an_agent_tells_is_taken_in_without_a_word_whatever_it_is() {
    let home = private_home();
    let too_much = vec![b'x'; 3 * 1024 * 1024];
    for event in [&b"{\"hook_event_name\":\"Stop\"}"[..], b"\xff\n{", b"", &too_much] {
        // Not even a home is needed.
        let mut command = nightkeep(home.path());
        command.args(["hook", "claude"]).env_remove("HOME").env_remove("NIGHTKEEP_HOME");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut agent = command.spawn().unwrap();
        // A pipe that closes early would be an error of the hook to the agent.
        agent.stdin.take().unwrap().write_all(event).await.unwrap();
        let output = agent.wait_with_output().await.unwrap();
        assert_eq!((output.status.code(), output.stdout.len(), output.stderr.len()), (Some(0), 0, 0));
    }
}

#[tokio::test]
async fn the_settings_that_are_printed_are_those_that_are_installed() {
    let home = private_home();
    let printed = run(home.path(), &["hook", "claude", "--print"], &[]).await;
    assert_eq!((printed.code(), printed.stderr.as_str()), (0, ""));
    let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    let command = printed["hooks"]["Stop"][0]["hooks"][0]["command"].as_str().unwrap();
    let called = command.trim_end_matches(" hook claude").trim_matches('\'');
    assert_eq!(Path::new(called), program());
    let elsewhere = home.path().join("config");
    let of_claude = [("CLAUDE_CONFIG_DIR", elsewhere.to_str().unwrap())];
    for (args, env, path) in [
        (&["hook", "claude", "--install"][..], &[][..], ".claude/settings.json"),
        (&["hook", "claude", "--install"], &of_claude, "config/settings.json"),
        (&["hook", "claude", "--install", "--settings", "night.json"], &[], "night.json"),
    ] {
        assert_eq!(run(home.path(), args, env).await.code(), 0);
        assert_eq!(json(&home.path().join(path)), printed, "{path}");
    }
}

#[tokio::test]
async fn hooks_are_brought_in_and_taken_out_and_it_is_said_what_was_done() {
    let home = private_home();
    std::fs::create_dir(home.path().join(".claude")).unwrap();
    let settings = home.path().join(".claude/settings.json");
    std::fs::write(&settings, "{ \"model\": \"opus\" }\n").unwrap();
    let mut shown = String::new();
    for option in ["--install", "--install", "--uninstall", "--uninstall"] {
        let ended = run(home.path(), &["hook", "claude", "--project", option], &[]).await;
        shown.push_str(&format!("$ {option}\n{}\n", ended.shown()));
    }
    assert_eq!(json(&settings), serde_json::json!({ "model": "opus" }));
    std::fs::write(&settings, "{ \"model\": ").unwrap();
    let refused = run(home.path(), &["hook", "claude", "--install"], &[]).await;
    shown.push_str(&format!("$ --install\n{}", refused.shown()));
    insta::assert_snapshot!("hooks", shown);
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), "{ \"model\": ");
}
