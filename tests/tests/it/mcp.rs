//! `nightkeep mcp`, as an agent speaks to it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use nightkeep_engine::api::{Activity, Phase, Progress};
use nightkeep_tests::night::{Begun, Night, fake_agent};
use serde_json::{Value, json};

/// A conversation.
struct Agent {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
    asked: u64,
}

impl Agent {
    fn begin(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let mut agent = Self { child, stdin, lines: BufReader::new(stdout), asked: 0 };
        let client = json!({ "name": "it", "version": "1" });
        let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        let greeted = agent.ask("initialize", &hello);
        assert_eq!(greeted["serverInfo"]["name"], "nightkeep", "{greeted}");
        assert!(greeted["capabilities"]["tools"].is_object(), "{greeted}");
        agent.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        agent
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params }));
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert_eq!(answer["id"], self.asked, "{answer}");
        answer["result"].clone()
    }

    /// What a tool says, and whether it did what it was asked to.
    fn call(&mut self, tool: &str, arguments: &Value) -> (String, bool) {
        let result = self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }));
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{tool}: {result}"));
        (text.to_owned(), result["isError"] != true)
    }

    fn did(&mut self, tool: &str, arguments: &Value) -> String {
        let (text, did) = self.call(tool, arguments);
        assert!(did, "{tool}: {text}");
        text
    }

    /// Ends the conversation. Nothing but answers may have been said.
    fn end(mut self) {
        drop(self.stdin.take());
        let output = self.child.wait_with_output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && complaint.is_empty(), "{:?}: {complaint}", output.status);
    }
}

fn begun(night: &Night) -> Begun {
    let agent = fake_agent().unwrap();
    let begun = night.begin(&["run", "--detach", "--type", "llm", "--", &agent, "hang"]).unwrap();
    night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    begun
}

fn agent_of(night: &Night, begun: &Begun) -> Agent {
    Agent::begin(night.command(&["mcp"]).unwrap().env("NIGHTKEEP_RUN", &begun.tag))
}

#[test]
fn an_agent_reports_its_progress_and_what_it_waits_for_and_is_told_what_counts() {
    let night = Night::watched("").unwrap();
    let begun = begun(&night);
    let mut agent = agent_of(&night, &begun);
    let tools = agent.ask("tools/list", &json!({}));
    let mut names: Vec<&str> =
        tools["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["mark_progress", "status", "waiting"]);

    let said = agent.did("mark_progress", &json!({ "step": 3, "total": 12, "note": "draft written" }));
    let limit = "It is stopped after 15 min without progress.";
    assert_eq!(said, format!("Recorded for run {}: step 3 of 12 counts as progress. {limit}", begun.run));
    let view = night.until_step(begun.run, 3).unwrap();
    assert_eq!((view.total, view.note.as_deref()), (Some(12), Some("draft written")));
    let said = agent.did("mark_progress", &json!({ "step": 3, "expect": "40m" }));
    assert!(said.contains("step 3, which is no progress: only a higher step"), "{said}");
    assert!(said.ends_with("It is stopped after 40 min without progress."), "{said}");

    let said = agent.did("waiting", &json!({ "reason": "May I delete build/?" }));
    assert!(said.contains("it waits for a person") && said.contains("is not on the limit"), "{said}");
    let view = night.until_run("it to wait", begun.run, |view| view.progress == Progress::Waiting).unwrap();
    assert_eq!((view.activity, view.doing.as_deref()), (Activity::WaitingHuman, Some("May I delete build/?")));
    let said = agent.did("waiting", &json!({ "reason": "usage limit", "until": "2100-01-01T00:00:00Z" }));
    assert!(said.contains("a usage limit to pass, until 2100-01-01T00:00:00Z"), "{said}");
    agent.did("mark_progress", &json!({ "step": 4 }));
    night.until_run("it to work again", begun.run, |view| view.activity == Activity::Working).unwrap();
    let said = agent.did("status", &json!({}));
    assert!(said.starts_with(&format!("Run {} (`fake-agent`): ", begun.run)) && said.ends_with(limit), "{said}");
    agent.end();

    let detail = night.show(begun.run).unwrap();
    let by: Vec<_> = detail.advances.iter().map(|advance| (advance.step, advance.source.as_deref())).collect();
    assert_eq!(by, [(3, Some("mcp")), (4, Some("mcp"))]);
    let shown = night.told(&["show", &begun.run.to_string()]).unwrap();
    assert!(shown.contains(", reported by the agent (mcp)  draft written"), "{shown}");
}

#[test]
fn an_agent_whose_report_cannot_be_recorded_is_told_so_and_goes_on() {
    let night = Night::watched("").unwrap();
    let begun = begun(&night);
    let mut agent = agent_of(&night, &begun);
    let (said, did) = agent.call("mark_progress", &json!({ "step": 1, "expect": "soon" }));
    assert!(!did && said.starts_with("Nothing was recorded: `expect`: "), "{said}");
    let (said, did) = agent.call("waiting", &json!({ "reason": "limit", "until": "tomorrow" }));
    assert!(!did && said.starts_with("Nothing was recorded: `until` is a time such as"), "{said}");
    night.crash_engine().unwrap();
    let away = "Nothing was recorded: the engine is not running. Go on with the work all the same.";
    for (tool, arguments) in [("mark_progress", json!({ "step": 1 })), ("status", json!({}))] {
        assert_eq!(agent.call(tool, &arguments), (away.to_owned(), false));
    }
    night.start_engine().unwrap();
    agent.did("mark_progress", &json!({ "step": 1 }));
    night.until_step(begun.run, 1).unwrap();
    agent.end();

    let mut nobody = Agent::begin(night.command(&["mcp"]).unwrap().env_remove("NIGHTKEEP_RUN"));
    let (said, did) = nobody.call("mark_progress", &json!({ "step": 1 }));
    assert!(!did && said.contains("no run is named: `NIGHTKEEP_RUN` is not set"), "{said}");
    nobody.end();
}
