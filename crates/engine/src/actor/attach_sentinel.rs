//! Attaching to a script by the sentinel files that it leaves.

use std::path::Path;

use nightkeep_core::{Awake, Now, Span, Wall};
use nightkeep_os::Identity;

use super::attach::{PIDFILE_TOLERANCE_MS, own_process};
use crate::api::{ApiError, ErrorCode};
use crate::sentinel::{Decision, Pid, Undecided, decide, read};

/// The process of the step that goes on, and when that began; nothing when all steps have ended and said how.
pub(super) type Found = Option<(Identity, (Awake, Wall))>;

/// The process that the files in `folder` tell of. The one that began last is taken that is there.
pub(super) fn process_of_steps(folder: &Path, now: Now) -> Result<Found, ApiError> {
    let reading = read(folder);
    let steps = match decide(&reading) {
        Ok(Decision::Watch(steps)) => steps,
        Ok(Decision::Take) => return Ok(None),
        Err(undecided) => {
            let hint = match undecided {
                Undecided::Unlisted(_) => "name the folder in which the script leaves its files",
                Undecided::Empty | Undecided::NoPid { .. } => {
                    "start the script first, or name its process with `--pid`"
                }
            };
            let what = format!("`{}`: {undecided}", folder.display());
            return Err(at(ErrorCode::NotFound, what).with_hint(hint));
        }
    };
    let mut refused = None;
    for (step, pid, written_ns) in steps {
        match process_of(&step.name, pid, written_ns, now) {
            Ok(found) => return Ok(Some(found)),
            // What is wrong with the latest one is said.
            Err(error) => drop(refused.get_or_insert(error)),
        }
    }
    Err(refused.unwrap_or_else(|| at(ErrorCode::NotFound, format!("`{}`: no step goes on", folder.display()))))
}

/// The process of a step. A number alone is not enough: somebody else may have it by this time.
fn process_of(step: &str, pid: Pid, written_ns: Option<i128>, now: Now) -> Result<(Identity, (Awake, Wall)), ApiError> {
    let Pid { pid, start } = pid;
    let identity = own_process(pid).map_err(|error| {
        let what = if error.code == ErrorCode::NotFound {
            format!("step `{step}` names process {pid}, which is gone, and left no status")
        } else {
            format!("step `{step}`: {}", error.message)
        };
        at(error.code, what).with_hint("start the script again, or name its process with `--pid`")
    })?;
    let age_ms = nightkeep_os::facts(pid).ok().flatten().map_or(0, |facts| facts.age_ms);
    let written_ms = written_ns.and_then(|ns| i64::try_from(ns / 1_000_000).ok()).unwrap_or(now.wall.as_ms());
    let is_younger = now.wall.as_ms().saturating_sub_unsigned(age_ms) > written_ms.saturating_add(PIDFILE_TOLERANCE_MS);
    if is_younger || start.is_some_and(|start| start != identity.start) {
        let what = format!("step `{step}` names process {pid}, which is gone and whose number somebody else has");
        return Err(at(ErrorCode::Conflict, what).with_hint("start the script again, or name its process with `--pid`"));
    }
    let since_ms = u64::try_from(now.wall.as_ms().saturating_sub(written_ms)).unwrap_or(0).min(age_ms);
    Ok((identity, since(Span::from_ms(since_ms), now)))
}

/// When something began that long ago. How much of it the computer slept is not known, so that it counts as if all of
/// its sleep were in it.
fn since(length: Span, now: Now) -> (Awake, Wall) {
    let clocks = nightkeep_os::clocks();
    let awake = length.minus(Span::from_ms(clocks.boot_ms.saturating_sub(clocks.awake_ms)));
    let began = Awake::from_ms(now.awake.as_ms().saturating_sub(awake.as_ms()));
    (began, Wall::from_ms(now.wall.as_ms().saturating_sub_unsigned(length.as_ms())))
}

fn at(code: ErrorCode, what: String) -> ApiError {
    ApiError::new(code, what).at_field("sentinel")
}
