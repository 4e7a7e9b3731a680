//! What is seen of a run just before the first signal. A part that cannot be had is named and holds nothing up.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nightkeep_core::{Span, Wall};
use nightkeep_os::{ProcessFacts, SocketFacts};

use super::output;
use super::run::Top;
use super::usage::percent;
use crate::api::{Evidence, EvidenceProcess, MarkerSeen, OutputTail, SocketView};
use crate::clean::clean_text;
use crate::clock;
use crate::marker::{self, Reading};
use crate::rundir::RunDir;

/// Between the two looks from which the processor share is worked out.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// The longest command line kept, in characters.
const COMMAND_MAX: usize = 300;

/// How many processes and how many sockets are kept.
const PROCESSES_MAX: usize = 1_000;
const SOCKETS_MAX: usize = 1_000;

/// Takes the evidence. Takes a bit over [`BETWEEN_LOOKS`].
pub(super) async fn take(top: Option<Top>, dir: Option<RunDir>, marker: Option<PathBuf>) -> Evidence {
    let mut evidence = Evidence { taken_at: clock::rfc3339(clock::now().wall), ..Evidence::default() };
    let first = look(top).await;
    tokio::time::sleep(BETWEEN_LOOKS).await;
    let second = look(top).await;
    match second {
        Ok(mut found) => {
            let before = first.unwrap_or_default();
            keep_first(PROCESSES_MAX, &mut found, "processes", &mut evidence.missing);
            evidence.sockets = sockets(&found, &mut evidence.missing);
            evidence.processes = found.iter().map(|process| seen(process, &before)).collect();
        }
        Err(why) => evidence.missing.push(format!("the process tree: {why}")),
    }
    evidence.marker = match marker {
        Some(path) => tokio::task::spawn_blocking(move || look_at(&path)).await.ok(),
        None => None,
    };
    evidence.output = match dir.as_ref().map(output::tail) {
        Some(Ok(tail)) => tail,
        Some(Err(why)) => {
            evidence.missing.push(format!("the output: {why}"));
            OutputTail::default()
        }
        None => {
            evidence.missing.push("the output: it is not captured for an attached run".to_owned());
            OutputTail::default()
        }
    };
    evidence
}

/// The marker once more, with what its file system says of it.
fn look_at(path: &Path) -> MarkerSeen {
    let shown = clean_text(&path.display().to_string(), COMMAND_MAX);
    match marker::read(path) {
        Ok(Reading { step, stamp, .. }) => {
            let written_ms = i64::try_from(stamp.written_ns / 1_000_000).ok();
            MarkerSeen {
                path: shown,
                modified_at: written_ms.map(|ms| clock::rfc3339(Wall::from_ms(ms))),
                size_bytes: Some(stamp.size),
                step,
                trouble: None,
            }
        }
        Err(trouble) => MarkerSeen { path: shown, trouble: Some(trouble.to_string()), ..MarkerSeen::default() },
    }
}

async fn look(top: Option<Top>) -> Result<Vec<ProcessFacts>, String> {
    let Some(top) = top else { return Err("its processes are not known".to_owned()) };
    match tokio::task::spawn_blocking(move || top.processes()).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(fault)) => Err(fault.to_string()),
        Err(fault) => Err(fault.to_string()),
    }
}

fn seen(process: &ProcessFacts, before: &[ProcessFacts]) -> EvidenceProcess {
    let former = before.iter().find(|former| former.identity == process.identity);
    let cpu_percent = former.and_then(|former| {
        let used_ms = process.cpu_ms.saturating_sub(former.cpu_ms);
        percent(used_ms, Span::from_ms(process.age_ms.saturating_sub(former.age_ms)))
    });
    EvidenceProcess {
        pid: process.identity.pid,
        parent: Some(process.parent),
        depth: process.depth,
        name: clean_text(&process.name, COMMAND_MAX),
        command: clean_text(&process.command, COMMAND_MAX),
        state: process.state.word().to_owned(),
        cpu_s: Span::from_ms(process.cpu_ms).as_secs_f64(),
        cpu_percent,
        memory_bytes: Some(process.memory_bytes),
        age_s: Span::from_ms(process.age_ms).as_secs_f64(),
        end: None,
    }
}

fn sockets(found: &[ProcessFacts], missing: &mut Vec<String>) -> Vec<SocketView> {
    let pids: Vec<u32> = found.iter().map(|process| process.identity.pid).collect();
    match nightkeep_os::open_sockets(&pids) {
        Ok(mut open) => {
            keep_first(SOCKETS_MAX, &mut open, "open sockets", missing);
            open.into_iter().map(socket_view).collect()
        }
        Err(why) => {
            missing.push(format!("the open sockets: {why}"));
            Vec::new()
        }
    }
}

fn socket_view(socket: SocketFacts) -> SocketView {
    SocketView {
        pid: socket.pid,
        protocol: socket.protocol,
        local: socket.local.to_string(),
        remote: socket.remote.map_or_else(String::new, |remote| remote.to_string()),
        state: socket.state,
    }
}

/// What a run that went wild has more of is counted, not kept.
fn keep_first<T>(most: usize, found: &mut Vec<T>, what: &str, missing: &mut Vec<String>) {
    let surplus = found.len().saturating_sub(most);
    if surplus > 0 {
        found.truncate(most);
        missing.push(format!("{surplus} more {what}: only the first {most} are kept"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_can_be_kept_is_counted() {
        let (mut found, mut missing) = ((0..5).collect::<Vec<u32>>(), Vec::new());
        keep_first(5, &mut found, "processes", &mut missing);
        assert!(missing.is_empty());
        keep_first(2, &mut found, "processes", &mut missing);
        assert_eq!((found, missing), (vec![0, 1], vec!["3 more processes: only the first 2 are kept".to_owned()]));
    }
}
