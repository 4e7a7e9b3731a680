//! A night with a coding agent in it, which speaks to a played model and to nobody else.

use std::ffi::OsString;
use std::fs;

use nightkeep_core::{Metrics, Signal};
use nightkeep_engine::api::{Outcome, RunDetail, TimelineEvent};
use nightkeep_engine::sources::Reader;
use nightkeep_tests::night::{Begun, Night};

/// A program of the gate's. Fails where more than loopback can be reached: nothing of this is to leave the computer.
pub(crate) fn fetched(variable: &str) -> OsString {
    let devices = fs::read_to_string("/proc/net/dev").unwrap();
    let names: Vec<&str> =
        devices.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()).collect();
    assert_eq!(names, ["lo"], "there is a network: run `cargo xtask test --only agents`");
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("`{variable}` is not set: run `cargo xtask test --only agents`"))
}

/// Begins a run of a command with this environment beside its own.
pub(crate) fn run(night: &Night, sources: &[&str], environment: &[(&str, String)], command: &[&str]) -> Begun {
    let sources = sources.iter().flat_map(|source| ["--source", source]);
    let environment: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut words: Vec<&str> = ["run", "--detach"].into_iter().chain(sources).chain(["--", "env"]).collect();
    words.extend(environment.iter().map(String::as_str).chain(command.iter().copied()));
    night.begin(&words).unwrap()
}

/// What a run did that went well, from its beginning to its end.
pub(crate) fn went_well(night: &Night, run: u64) -> RunDetail {
    let detail = ended(night, run);
    let end = detail.ended.as_ref().unwrap();
    assert_eq!((end.outcome, end.exit_code), (Outcome::Succeeded, Some(0)), "{detail:#?}");
    detail
}

pub(crate) fn ended(night: &Night, run: u64) -> RunDetail {
    night.ended(run).unwrap();
    night.show(run).unwrap()
}

/// The notes of all advances.
pub(crate) fn notes(detail: &RunDetail) -> Vec<&str> {
    detail.advances.iter().filter_map(|advance| advance.note.as_deref()).collect()
}

/// The last sentence of a kind in its story.
pub(crate) fn last_said<'a>(detail: &'a RunDetail, kind: &str) -> Option<&'a str> {
    all_said(detail, kind).last().copied()
}

/// All sentences of a kind in its story.
pub(crate) fn all_said<'a>(detail: &'a RunDetail, kind: &str) -> Vec<&'a str> {
    let is_one = |event: &&TimelineEvent| event.kind == kind;
    detail.timeline.iter().filter(is_one).map(|event| event.text.as_str()).collect()
}

/// What a reader finds in a text that work took.
pub(crate) fn metrics(mut reader: impl Reader, text: &str) -> Metrics {
    let mut out = Vec::new();
    reader.take(text.as_bytes(), &mut out);
    let taken =
        out.iter().filter_map(|signal| if let Signal::Metrics(metrics) = signal { Some(metrics) } else { None });
    taken.fold(Metrics::default(), |sum, taken| Metrics {
        succeeded: sum.succeeded + taken.succeeded,
        failed: sum.failed + taken.failed,
        latency: None,
        cost_microusd: sum.cost_microusd + taken.cost_microusd,
        turns: sum.turns + taken.turns,
        tokens: sum.tokens + taken.tokens,
    })
}
