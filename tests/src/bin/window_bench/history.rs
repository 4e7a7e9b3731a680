//! A history of many nights.

use std::path::Path;

use anyhow::Result;
use nightkeep_core::time::Wall;
use nightkeep_engine::api::{Method, Outcome, Reason};
use nightkeep_engine::store::entry::{Ending, Entry, LimitsMs, Registration, Stamp, Stamped};
use nightkeep_engine::store::{Store, Write};

const MINUTE_MS: u64 = 60_000;
/// How far apart they begin.
const APART_MS: u64 = 20 * MINUTE_MS;
/// How many are written together.
const TOGETHER: u64 = 500;

/// Puts a history of so many runs into the place of a home's, of which the last has just ended. No engine may run.
pub(super) fn lay(path: &Path, runs: u64) -> Result<()> {
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond())?;
    let first = now - runs * APART_MS;
    let mut store = Store::open(path, Wall::from_ms(i64::try_from(first)?))?.store;
    for begin in (0..runs).step_by(usize::try_from(TOGETHER)?) {
        let numbers: Vec<u64> = (begin..runs.min(begin + TOGETHER)).collect();
        let plans: Vec<Write> =
            numbers.iter().map(|&n| Write::Register(at(first, n * APART_MS), Box::new(registration(n)))).collect();
        let stories: Vec<Write> = numbers.iter().map(|&n| Write::Append(n + 1, story(first, n))).collect();
        for written in store.write(&plans)?.into_iter().chain(store.write(&stories)?) {
            written?;
        }
    }
    Ok(store.close()?)
}

fn at(first: u64, ms: u64) -> Stamp {
    let at_wall_ms = i64::try_from(first + ms).unwrap_or(i64::MAX);
    Stamp { at_wall_ms, at_awake_ms: ms, boot: "an-earlier-boot".to_owned() }
}

fn registration(n: u64) -> Registration {
    Registration {
        tag: format!("past-{n}"),
        job: format!("job-{:02}", n % 40),
        job_type: "llm".to_owned(),
        command: ["write-novel", "--all", "--chapter"].map(str::to_owned).to_vec(),
        cwd: Some("/home/ann/novel".to_owned()),
        marker: Some("/home/ann/novel/progress.json".to_owned()),
        attached: false,
        observe: false,
        limits: LimitsMs { warn_ms: 900_000, stall_ms: 2_700_000, grace_ms: 20_000, ..LimitsMs::default() },
        identity: None,
        sources: Vec::new(),
        by_job: None,
        restart: None,
    }
}

/// Four steps and an end; every tenth run is stopped, and all of them were seen.
fn story(first: u64, n: u64) -> Vec<Stamped> {
    let since = |minutes: u64| at(first, n * APART_MS + minutes * MINUTE_MS);
    let mut story = vec![Stamped { at: since(0), entry: Entry::Started { pid: 4_711, identity: None } }];
    for (step, minute) in (1_i64..).zip(1..=4) {
        let note = Some(format!("chapter {minute} of night {n}"));
        let entry =
            Entry::Advanced { n: minute, step: step * 10, total: Some(40), note, gap_ms: MINUTE_MS, source: None };
        story.push(Stamped { at: since(minute), entry });
    }
    let over = since(19);
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
