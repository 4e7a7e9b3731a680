//! What nobody is to find, and what nobody is to be fooled by.

use std::fs;
use std::path::{Path, PathBuf};

use nightkeep_engine::api::{Outcome, Reason};
use nightkeep_tests::night::{Night, Said};

/// Of whoever starts the engine and the run.
const OF_THE_CALLER: &str = "caller-5ec2e7-7d1f";
/// Of a job: it stands in `config.toml`, because the user wrote it there, and in `spec.json`, which the keeper reads.
const OF_THE_JOB: &str = "job-5ec2e7-93ab";
/// Of the agent alone: it is in its environment and nowhere else.
const OF_THE_AGENT: &str = "agent-5ec2e7-40cd";

const SECRETS: [&str; 3] = [OF_THE_CALLER, OF_THE_JOB, OF_THE_AGENT];

fn check(what: &str, text: &[u8]) {
    for secret in SECRETS {
        let is_there = text.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_there, "{what} holds the secret `{secret}`");
    }
}

fn holds(path: &Path, secret: &str) -> bool {
    fs::read_to_string(path).unwrap().contains(secret)
}

/// A night that logs everything, whose every command carries a secret.
fn told(night: &Night, arguments: &[&str]) -> Said {
    let mut command = night.command(arguments).unwrap();
    command.env("API_TOKEN", OF_THE_CALLER).env("NIGHTKEEP_LOG", "trace");
    Said::of(&command.output().unwrap())
}

#[test]
fn no_secret_of_an_environment_is_written_anywhere_or_told_to_anybody() {
    // Assembled by the shell, so that it is in no command line either.
    let (first, rest) = OF_THE_AGENT.split_at(7);
    let script = format!(
        "printf '{{\"step\": 1, \"note\": \"up\"}}' > $NIGHTKEEP_PROGRESS; A={first}; export OWN_TOKEN=$A{rest}; \
         env -u NOTHING sleep 600 & wait"
    );
    let night = Night::on_a_desktop(&format!(
        "[jobs.agent]\ncommand = [\"sh\", \"-c\", {script:?}]\nstall_after = \"900ms\"\ngrace = \"500ms\"\n\
         env = {{ JOB_TOKEN = \"{OF_THE_JOB}\" }}\n\n\
         [jobs.broken]\ncommand = [\"no-such-program\"]\nenv = {{ JOB_TOKEN = \"{OF_THE_JOB}\" }}\n"
    ))
    .unwrap();
    // An engine that was started with the secret in its environment, and logs all it can.
    night.told(&["engine", "--stop"]).unwrap();
    night.until_away().unwrap();
    for (arguments, code) in [
        (["run", "--detach", "--job", "agent"].as_slice(), Some(0)),
        (&["start", "broken"], Some(1)),
        (&["run", "--job", "broken"], Some(127)),
        (&["run", "--detach", "--stall-after", "0", "--", "true"], Some(1)),
    ] {
        let said = told(&night, arguments);
        assert!(said.code == code || code == Some(1), "{arguments:?}: {said:?}");
        check(&format!("{arguments:?}"), [said.out, said.err].concat().as_bytes());
    }
    let row = night.ended(1).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::Stalled)));
    let shown = night.show(1).unwrap();
    let evidence = shown.evidence.clone().unwrap();
    assert!(evidence.processes.len() >= 2, "{evidence:#?}");
    check("the evidence", serde_json::to_string(&shown).unwrap().as_bytes());
    for asked in [&["status"][..], &["history"], &["show", "1"], &["show", "2"]] {
        check(&format!("{asked:?}"), night.told(asked).unwrap().as_bytes());
        check(&format!("{asked:?} --json"), night.json(asked).unwrap().to_string().as_bytes());
    }
    check("the diagnostics", told(&night, &["diagnostics"]).out.as_bytes());
    let notification = night.notification("agent was stopped").unwrap();
    check("the notification", format!("{notification:?}").as_bytes());
    search_all_that_is_written(&night);
    let diagnostics = told(&night, &["diagnostics"]).out;
    assert!(diagnostics.contains("JOB_TOKEN = \"[hidden]\""), "{diagnostics}");
    check("the diagnostics without an engine", diagnostics.as_bytes());
}

/// The databases with their logs and backups, the engine's log, the directories of the runs.
fn search_all_that_is_written(night: &Night) {
    night.told(&["engine", "--stop"]).unwrap();
    night.until_away().unwrap();
    let files: Vec<PathBuf> = walkdir::WalkDir::new(night.home())
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    let names: Vec<&str> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
    for name in ["nightkeep.db", "engine.log", "exit.json", "run.json", "spec.json", "config.toml", "output.log"] {
        assert!(names.contains(&name), "`{name}` was not searched: {names:?}");
    }
    for file in &files {
        if file.ends_with("config.toml") || file.ends_with("spec.json") {
            assert!(![OF_THE_CALLER, OF_THE_AGENT].iter().any(|secret| holds(file, secret)), "{}", file.display());
        } else {
            check(&file.display().to_string(), &fs::read(file).unwrap());
        }
    }
}

/// Characters that steer a terminal, hide text or turn its direction.
fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check_none_is_harmful(what: &str, text: &str) {
    let found: Vec<char> = text.chars().filter(|c| is_harmful(*c)).collect();
    assert!(found.is_empty(), "{what} has {found:?}:\n{text:?}");
}

fn check_harmless(what: &str, text: &str) {
    check_none_is_harmful(what, text);
    assert!(text.contains("evil"), "{what} does not show the text at all:\n{text}");
}

#[test]
fn no_text_of_an_agent_steers_a_terminal_or_turns_its_direction_on_any_surface() {
    let night = Night::on_a_desktop("").unwrap();
    let evil = "\u{1b}]0;title\u{7}\u{1b}[2J\u{202e}evil\u{2066}\u{9b}31m";
    let script =
        "printf '%s\\n' \"$1\"; printf '{\"step\": 1, \"note\": \"%s\"}' \"$2\" > $NIGHTKEEP_PROGRESS; sleep 600";
    let note = "\\u001b[2J\\u202eevil\\u0007";
    let begin = ["run", "--detach", "--stall-after", "900ms", "--grace", "500ms", "--name", "odd", "--"];
    let begun = night.begin(&[&begin[..], &["sh", "-c", script, "sh", evil, note]].concat()).unwrap();
    night.until_step(begun.run, 1).unwrap();
    check_harmless("the status", &night.told(&["status"]).unwrap());
    night.ended(begun.run).unwrap();
    let run = begun.run.to_string();
    check_harmless("the story", &night.told(&["show", &run]).unwrap());
    check_harmless("the summary", &night.told(&["status"]).unwrap());
    let waited = night.nightkeep(&["wait", &run]).unwrap();
    check_harmless("what came of it", &waited.out);
    let notification = night.notification("odd was stopped").unwrap();
    check_none_is_harmful("the notification", &notification.body);
    // What the engine passes on of an agent is clean for every surface. The command line is the user's own, and exact.
    let shown = night.show(begun.run).unwrap();
    let evidence = shown.evidence.unwrap();
    let notes = shown.advances.iter().filter_map(|advance| advance.note.clone()).collect::<Vec<_>>().join("\n");
    check_harmless("the note", &notes);
    check_harmless("the output", &shown.output.lines.join("\n"));
    check_harmless("the evidence's output", &evidence.output.lines.join("\n"));
    let commands: Vec<String> = evidence.processes.into_iter().map(|process| process.command).collect();
    check_harmless("the evidence's commands", &commands.join("\n"));
    assert_eq!(shown.command.last().map(String::as_str), Some(note));
}

#[test]
fn a_name_that_would_steer_a_terminal_is_refused_wherever_it_comes_from() {
    let night = Night::watched("").unwrap();
    for name in ["a\u{1b}[2Jb", "a\u{202e}b", "a\nb", "../x", "", &"x".repeat(61)] {
        let said = night.nightkeep(&["run", "--detach", "--name", name, "--", "true"]).unwrap();
        assert_eq!(said.code, Some(2), "{name:?}: {said:?}");
        let progress = night.work().join("p.json");
        let pid = std::process::id();
        let limits = serde_json::json!({});
        let asked =
            serde_json::json!({"name": name, "pid": pid, "progress": progress, "limits": limits, "observe": true});
        assert_eq!(night.posts("/v1/attach", &asked).unwrap(), 422, "{name:?}");
    }
    assert_eq!(night.json(&["status"]).unwrap()["runs"].as_array().unwrap().len(), 0);
}
