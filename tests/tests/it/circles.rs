//! Busy, but not advancing: the same call with the same result again and again, or nothing but words.

use std::fs::{self, File};
use std::io::Write as _;
use std::process::Command;

use nightkeep_engine::api::{HistoryRow, Method, Outcome, Phase, Progress, Reason};
use nightkeep_tests::night::{Begun, Night, of_run};
use serde_json::json;

/// A job that prints what its agent says, which is what is written into its pipe, and ends with it.
fn novel(limits: &str) -> String {
    format!(
        "[jobs.novel]\ncommand = [\"cat\", \"said\"]\ncwd = \"~/work\"\nsources = [\"claude-stream\"]\ngrace = \"1s\"\n{limits}"
    )
}

/// An agent that says what a test makes it say, in the words of Claude Code. It ends well when this is dropped.
struct Agent {
    said: File,
    count: u32,
}

impl Agent {
    fn start(night: &Night) -> (Begun, Self) {
        let said = night.work().join("said");
        assert!(Command::new("mkfifo").arg(&said).status().unwrap().success());
        let begun = night.begin(&["start", "novel"]).unwrap();
        let agent = Self { said: fs::OpenOptions::new().write(true).open(said).unwrap(), count: 0 };
        night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
        (begun, agent)
    }

    fn say(&mut self, message: &serde_json::Value) {
        writeln!(self.said, "{message}").unwrap();
    }

    /// It calls a tool, and this comes of it.
    fn call(&mut self, command: &str, result: &str) {
        self.count += 1;
        let id = format!("toolu_{}", self.count);
        let call = json!({ "type": "tool_use", "id": id, "name": "Bash", "input": { "command": command } });
        let result = json!({ "type": "tool_result", "tool_use_id": id, "content": result });
        self.say(
            &json!({ "type": "assistant", "message": { "id": format!("msg_{}", self.count), "content": [call] } }),
        );
        self.say(&json!({ "type": "user", "message": { "content": [result] } }));
    }

    /// It says something, and does nothing.
    fn talk(&mut self, text: &str) {
        self.count += 1;
        let content = [json!({ "type": "text", "text": text })];
        let id = format!("msg_{}", self.count);
        self.say(
            &json!({ "type": "assistant", "message": { "id": id, "content": content, "stop_reason": "end_turn" } }),
        );
    }
}

fn warnings(night: &Night, run: u64) -> Vec<String> {
    let timeline = night.show(run).unwrap().timeline;
    timeline.into_iter().filter(|event| event.kind == "circling").map(|event| event.text).collect()
}

#[test]
fn the_twelfth_same_call_with_the_same_result_is_told_and_stops_nobody() {
    let night = Night::on_a_desktop(&novel("")).unwrap();
    let (begun, mut agent) = Agent::start(&night);
    (0..11).for_each(|_| agent.call("make check", "1 link is dead"));
    let view = night.until_step(begun.run, 11).unwrap();
    assert!(!view.circling, "eleven may be patience");
    agent.call("make check", "1 link is dead");
    let view = night.until_run("the circles", begun.run, |view| view.circling).unwrap();
    // It is a warning of its own kind: by its steps, the run advances.
    assert_eq!((view.step, view.progress), (Some(12), Progress::Advancing));
    assert_eq!(night.json(&["status"]).unwrap()["runs"][0]["circling"], true);
    let status = night.told(&["status"]).unwrap();
    assert!(status.contains("busy, but not advancing"), "{status}");
    let shown = night.notification("novel is busy, but not advancing").unwrap();
    assert_eq!(shown.body, "The same 12 times in a row. See what it does before it costs more.");
    // More of the same is no news; another result is another thing.
    (0..12).for_each(|_| agent.call("make check", "1 link is dead"));
    assert!(night.until_step(begun.run, 24).unwrap().circling);
    agent.call("make check", "all links work");
    night.until_run("the circles to end", begun.run, |view| !view.circling).unwrap();
    drop(agent);
    assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
    let said = "It is busy, but not advancing: 12 calls with the same result in a row.";
    assert_eq!(warnings(&night, begun.run), [said]);
    let history = night.told(&["show", &begun.run.to_string()]).unwrap();
    assert!(history.contains("busy, but not advancing: 12 calls"), "{history}");
}

fn check_that_it_was_stopped_for_circling(night: &Night, begun: &Begun) -> HistoryRow {
    let row = night.ended(begun.run).unwrap();
    let how = (row.outcome, row.reason, row.method);
    assert_eq!(how, (Outcome::Aborted, Some(Reason::Circling), Some(Method::Graceful)), "{row:#?}");
    assert_eq!(night.json(&["history"]).unwrap()[0]["reason"], "circling");
    assert!(of_run(&begun.tag).is_empty());
    row
}

#[test]
fn a_run_that_goes_round_in_circles_is_stopped_where_its_job_says_so() {
    let night = Night::on_a_desktop(&novel("repeats_max = 3\non_circling = \"stop\"\n")).unwrap();
    let (begun, mut agent) = Agent::start(&night);
    (0..2).for_each(|_| agent.call("make check", "1 link is dead"));
    agent.call("cat list.md", "eels, otters");
    (0..2).for_each(|_| agent.call("make check", "1 link is dead"));
    assert!(!night.until_step(begun.run, 5).unwrap().circling, "none came three times in a row");
    agent.call("make check", "1 link is dead");
    let row = check_that_it_was_stopped_for_circling(&night, &begun);
    assert_eq!((row.advances, row.last_step), (6, Some(6)));
    let shown = night.notification("novel was stopped").unwrap();
    assert!(shown.body.starts_with("It was busy with the same thing again and again"), "{}", shown.body);
    let waited = night.nightkeep(&["wait", &begun.run.to_string()]).unwrap();
    let waited = (waited.code, serde_json::from_str::<serde_json::Value>(&waited.out).unwrap());
    assert_eq!((waited.0, &waited.1["reason"]), (Some(1), &json!("circling")));
}

#[test]
fn a_run_of_which_nothing_comes_but_words_is_stopped_where_its_job_says_so() {
    let night = Night::watched(&novel("empty_turns_max = 3\non_circling = \"stop\"\n")).unwrap();
    let (begun, mut agent) = Agent::start(&night);
    (0..2).for_each(|_| agent.talk("I am about to begin."));
    agent.call("make check", "1 link is dead");
    (0..2).for_each(|_| agent.talk("I will mend it."));
    agent.call("make check", "all links work");
    assert!(!night.until_step(begun.run, 2).unwrap().circling, "something came in between");
    (0..3).for_each(|_| agent.talk("I will mend it."));
    check_that_it_was_stopped_for_circling(&night, &begun);
    let said = "It is busy, but not advancing: 3 turns without doing anything in a row.";
    assert_eq!(warnings(&night, begun.run), [said]);
}
