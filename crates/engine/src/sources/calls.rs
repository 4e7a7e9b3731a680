//! The calls of a coding agent that are open, and what it waits for: what all of its readers have in common.

use std::collections::BTreeMap;

use nightkeep_core::{Activity, Advance, Claim, HumanWait, Metrics, Signal, Span, Wait};
use serde_json::Value;

use super::Begun;
use super::json::{Digest, list, shown, text};

/// So many open calls are kept. An agent has a few at a time; of one above that only the end is told.
const OPEN_MAX: usize = 1_000;

/// So many characters of what an agent says in the end are handed back.
const RESULT_CHARS_MAX: usize = 16_000;

/// A call of a tool.
#[derive(Debug, Clone)]
pub(super) struct Call {
    activity: Activity,
    what: Option<String>,
    digest: Option<Digest>,
    asks: Option<(HumanWait, Option<String>)>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct End<'a> {
    /// It did not do what it should.
    pub(super) failed: bool,
    /// What came of it.
    pub(super) result: &'a Value,
    /// How long it took, if anybody said so.
    pub(super) took: Option<Span>,
}

impl Call {
    /// A call of a tool by its name and what it was given.
    pub(super) fn of(name: &str, input: &Value) -> Self {
        let activity = if runs_agents(name) { Activity::Subagent } else { Activity::Tool };
        let asks = asks(name).map(|kind| (kind, question(input)));
        Self { activity, what: described(name, input), digest: Some(Digest::new().text(name).value(input)), asks }
    }

    /// Something that is no tool.
    pub(super) const fn other(activity: Activity, what: Option<String>) -> Self {
        Self { activity, what, digest: None, asks: None }
    }

    /// What asks a person, when this does.
    pub(super) fn waits(&self) -> Option<Signal> {
        self.asks.clone().map(|(kind, what)| Signal::Waits(Wait::Human { kind, what }))
    }

    /// That it begins.
    pub(super) fn begins(&self, id: &str) -> Signal {
        Signal::Begins { id: id.to_owned(), activity: self.activity, what: self.what.clone() }
    }

    /// What its end says. One that failed moved nothing forward: an agent that tries the same in vain for hours ends
    /// call after call.
    pub(super) fn ends(self, id: &str, end: End<'_>, out: &mut Vec<Signal>) {
        let digest = self.digest.map(|digest| digest.value(end.result).get());
        out.push(Signal::Ends { id: id.to_owned(), digest });
        told(self.what, end, out);
    }
}

/// What the end of a call says beside that it is over.
fn told(what: Option<String>, end: End<'_>, out: &mut Vec<Signal>) {
    if !end.failed {
        out.push(Signal::Advance(Advance { note: what, ..Advance::default() }));
    }
    let (succeeded, failed) = (u32::from(!end.failed), u32::from(end.failed));
    out.push(Signal::Metrics(Metrics { succeeded, failed, latency: end.took, ..Metrics::default() }));
}

/// The calls that are open, and whether the agent waits.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: BTreeMap<String, Call>,
    waits: bool,
}

impl Calls {
    /// Takes back what an earlier reader had told to have begun: its end is told, and a question is still one.
    pub(super) fn go_on_with(&mut self, open: &[Begun]) {
        for Begun { id, activity, what } in open {
            let name = what.as_deref().map_or("", |what| what.split(':').next().unwrap_or(what));
            let call = Call { asks: asks(name).map(|kind| (kind, None)), ..Call::other(*activity, what.clone()) };
            self.open.insert(id.clone(), call);
        }
    }

    /// A call begins. One that is open already, or cannot be kept, is not told.
    pub(super) fn begin(&mut self, id: &str, call: Call, out: &mut Vec<Signal>) {
        let fits = !id.is_empty() && self.open.len() < OPEN_MAX;
        if fits && !self.open.contains_key(id) {
            out.push(call.begins(id));
            self.open.insert(id.to_owned(), call);
        }
    }

    /// Whether a call of this name is open.
    pub(super) fn is_open(&self, id: &str) -> bool {
        self.open.contains_key(id)
    }

    /// A call is over. That of one whose beginning nobody saw is work that was done all the same.
    pub(super) fn end(&mut self, id: &str, end: End<'_>, out: &mut Vec<Signal>) {
        match self.open.remove(id) {
            Some(call) => call.ends(id, end, out),
            None => told(None, end, out),
        }
    }

    /// Something that is no call is over, or a call of which nothing came.
    pub(super) fn close(&mut self, id: &str, out: &mut Vec<Signal>) {
        if self.open.remove(id).is_some() {
            out.push(Signal::Ends { id: id.to_owned(), digest: None });
        }
    }

    /// Whatever `is_over` is over without a word.
    pub(super) fn close_all(&mut self, is_over: impl Fn(&str) -> bool, out: &mut Vec<Signal>) {
        let over: Vec<String> = self.open.keys().filter(|id| is_over(id)).cloned().collect();
        for id in over {
            self.close(&id, out);
        }
    }

    /// The agent waits.
    pub(super) fn wait(&mut self, wait: Wait, out: &mut Vec<Signal>) {
        self.waits = true;
        out.push(Signal::Waits(wait));
    }

    /// Something happened that a waiting agent does not do.
    pub(super) fn works(&mut self, out: &mut Vec<Signal>) {
        if std::mem::take(&mut self.waits) {
            out.push(Signal::Resumes);
        }
    }

    /// Ends a line whose first signal is at `from`: each line is a beat at least, and an open question is not forgotten
    /// over whatever else began or ended meanwhile.
    pub(super) fn settle(&mut self, from: usize, out: &mut Vec<Signal>) {
        let said = out.get(from..).unwrap_or_default();
        if said.is_empty() {
            out.push(Signal::Beat);
            return;
        }
        let question = self.open.values().find_map(Call::waits);
        if let Some(question) = question
            && said.iter().any(ends_waiting)
        {
            out.push(question);
        }
    }
}

fn ends_waiting(signal: &Signal) -> bool {
    match signal {
        Signal::Advance(_) | Signal::Begins { .. } | Signal::Ends { .. } | Signal::Resumes => true,
        Signal::Beat
        | Signal::EmptyTurn
        | Signal::Waits(_)
        | Signal::Claims(_)
        | Signal::Unclaims
        | Signal::Result(_)
        | Signal::Note(_)
        | Signal::Metrics(_)
        | Signal::Expects(_) => false,
    }
}

/// Tools behind which other agents work.
fn runs_agents(name: &str) -> bool {
    matches!(name, "Agent" | "Task" | "Workflow" | "spawn_agent" | "wait" | "wait_agent")
}

/// Tools that are questions to a person.
fn asks(name: &str) -> Option<HumanWait> {
    match name {
        "AskUserQuestion" | "request_user_input" => Some(HumanWait::Question),
        "ExitPlanMode" => Some(HumanWait::Permission),
        _ => None,
    }
}

/// The question in what a tool was given.
pub(super) fn question(input: &Value) -> Option<String> {
    let first = list(input, "questions").first()?;
    shown(text(first, "question"))
}

/// What a call is, for people: the tool, and the first of what it was given that says something.
pub(super) fn described(name: &str, input: &Value) -> Option<String> {
    const TELLING: [&str; 12] = [
        "description",
        "file_path",
        "notebook_path",
        "command",
        "cmd",
        "pattern",
        "path",
        "url",
        "query",
        "skill",
        "subject",
        "prompt",
    ];
    let telling = match input {
        Value::String(input) => shown(input),
        Value::Object(_) => TELLING.iter().find_map(|key| shown(&words(input, key))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    match telling {
        Some(telling) => shown(&format!("{name}: {telling}")),
        None => shown(name),
    }
}

/// The text under a key, or the words of a list of them, such as a command.
fn words(input: &Value, key: &str) -> String {
    match input.get(key) {
        Some(Value::Array(words)) => words.iter().take(20).filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => text(input, key).to_owned(),
    }
}

/// What an agent says of its end.
pub(super) fn claim(succeeded: bool, message: &str) -> Signal {
    Signal::Claims(Claim { succeeded, message: shown(message) })
}

/// What an agent hands back: what it says in the end.
pub(super) fn hand_back(text: &str, out: &mut Vec<Signal>) {
    let end = text.char_indices().nth(RESULT_CHARS_MAX).map_or(text.len(), |(at, _)| at);
    let text = text.get(..end).unwrap_or_default();
    if !text.trim().is_empty() {
        out.push(Signal::Result(Value::from(text).to_string()));
    }
}

/// Nothing but what some work took.
pub(super) fn took(metrics: Metrics, out: &mut Vec<Signal>) {
    if metrics != Metrics::default() {
        out.push(Signal::Metrics(metrics));
    }
}
