//! The text is one form, whatever was found.

use super::*;
use crate::api::ErrorCode;

const CONFIG: &str = "[settings]\nkeep_days = 14\n[types.llm]\nstall_after = '20m'\n[jobs.docs]\ntype = 'llm'\n\
    command = ['tool', '--api-key', 'my-own-key', '/home/ann/in']\nenv = { MODE = 'night', DEPLOY_TOKEN = 'hunter2!' }\n\
    ping = '5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278'\nmax_runtime = '8h'\n";

fn found(config: &Config, log: Vec<String>) -> Found {
    Found {
        at: "2026-11-22T07:40:00.000Z".to_owned(),
        system: vec!["Linux 6.1.0 on x86_64".to_owned()],
        checks: Vec::new(),
        engine: Err(ApiError::new(ErrorCode::Unreachable, "the engine is not running")),
        live: None,
        ends: Some((3, vec![("finished", 2), ("failed", 1), ("lost", 0)])),
        storage: StorageView { database_bytes: 4_300_000, output_bytes: 0, runs: 3, cleaning: None },
        wanted: Some(Wanted { settings: config.settings_spec(), types: config.types(), jobs: config.jobs().to_vec() }),
        log,
    }
}

fn told(config: &Config, log: Vec<String>) -> String {
    let hiding = Hiding::of_values(config.jobs().iter(), std::iter::empty(), None);
    writing::markdown(&found(config, log), &hiding)
}

#[test]
fn everything_that_helps_is_told_and_nothing_that_is_nobody_s_business() {
    let config = Config::parse(CONFIG).unwrap();
    let log = vec!["INFO sent hunter2! to postgres://ann:pw@db".to_owned()];
    let text = told(&config, log).replace(crate::VERSION, "[VERSION]");
    insta::assert_snapshot!(text);
    for secret in ["my-own-key", "hunter2", "night\"", "5bf66975", "home/ann", "pw@"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[test]
fn however_much_there_is_the_text_stays_small_and_ends_with_the_end_of_the_log() {
    let jobs: String = (0..9_000).map(|at| format!("[jobs.job-{at}]\ncommand = 'true'\n")).collect();
    let config = Config::parse(&jobs).unwrap();
    let text = told(&config, (0..300).map(|at| format!("{at} {}", "ab ".repeat(200))).collect());
    assert!(text.len() <= BYTES_MAX, "{}", text.len());
    assert!(text.contains("\n299 ab"), "the log was cut at its end");
    // Every fence that is opened is closed.
    assert_eq!(text.lines().filter(|line| *line == "```").count() % 2, 0, "{text}");
}

#[test]
fn what_stands_in_it_closes_no_fence() {
    let config = Config::parse("[jobs.a]\ncommand = ['sh', '-c', '```']\n").unwrap();
    let text = told(&config, vec!["```".to_owned()]);
    assert!(text.contains("````\n[jobs.a]") && text.contains("````\n```\n````"), "{text}");
}

#[tokio::test]
async fn without_an_engine_what_the_files_say_is_told() {
    let home = tempfile::tempdir().unwrap();
    let places = Places::below(home.path());
    std::fs::create_dir_all(places.log_dir()).unwrap();
    std::fs::write(places.config_file(), "[settings]\nmax_running = 3\n").unwrap();
    std::fs::write(places.log_dir().join("engine.log"), "the last word\n").unwrap();
    let text = text(&places).await;
    for told in ["the engine is not running", "max_running       3  (usually none)", "the last word"] {
        assert!(text.contains(told), "{told} is not in\n{text}");
    }
}
