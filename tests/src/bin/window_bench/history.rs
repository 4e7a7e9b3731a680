//! A history of many nights.

use std::path::Path;

use anyhow::Result;
use nightkeep_core::time::Wall;
use nightkeep_engine::api::{Method, Outcome, Reason};
use nightkeep_engine::store::entry::{Ending, Entry, Registration, Stamped};
use nightkeep_engine::store::{Store, Write};
use nightkeep_tests::past;

const MINUTE_MS: u64 = 60_000;
/// How far apart they begin.
const APART_MS: u64 = 20 * MINUTE_MS;
/// How many are written together.
const TOGETHER: u64 = 500;

/// Puts a history of so many runs into the place of a home's, of which the last has just ended. No engine may run.
pub(super) fn lay(path: &Path, runs: u64) -> Result<()> {
    let now = jiff::Timestamp::now().as_millisecond();
    let first = now.saturating_sub_unsigned(runs * APART_MS);
    let mut store = Store::open(path, Wall::from_ms(first))?.store;
    for begin in (0..runs).step_by(usize::try_from(TOGETHER)?) {
        let numbers: Vec<u64> = (begin..runs.min(begin + TOGETHER)).collect();
        let plans: Vec<Write> = numbers
            .iter()
            .map(|&n| Write::Register(past::at(first, n * APART_MS), Box::new(registration(n))))
            .collect();
        let stories: Vec<Write> = numbers.iter().map(|&n| Write::Append(n + 1, story(first, n))).collect();
        for written in store.write(&plans)?.into_iter().chain(store.write(&stories)?) {
            written?;
        }
    }
    Ok(store.close()?)
}

fn registration(n: u64) -> Registration {
    past::registration(format!("past-{n}"), format!("job-{:02}", n % 40))
}

/// Four steps and an end; every tenth run is stopped, and all of them were seen.
fn story(first_ms: i64, n: u64) -> Vec<Stamped> {
    let since = |ms: u64| past::at(first_ms, n * APART_MS + ms);
    let mut story = past::advances(n, 4, since);
    let over = since(19 * MINUTE_MS);
    let outcome = match n % 10 {
        0 => Outcome::Aborted,
        1 => Outcome::Failed,
        _ => Outcome::Succeeded,
    };
    let (reason, method) = match outcome {
        Outcome::Aborted => (Some(Reason::Stalled), Some(Method::Graceful)),
        Outcome::Succeeded | Outcome::Failed | Outcome::Lost => (None, None),
    };
    let ending = Ending { reason, method, ..Ending::new(outcome, over.at_wall_ms) };
    story.push(Stamped { at: over.clone(), entry: Entry::Ended(Box::new(ending)) });
    story.push(Stamped { at: over, entry: Entry::Seen });
    story
}
