//! `mark`: what an agent stamps its progress with. Needs no engine.

use std::env;
use std::path::PathBuf;

use nightkeep_engine::config::duration;
use nightkeep_engine::marker::{self, MarkStep, write_marker};
use nightkeep_engine::time::{Span, Wall};

use crate::args::Mark;
use crate::failure::{Failure, chain};

/// The marker of the run in which this is called.
const MARKER_VARIABLE: &str = "NIGHTKEEP_PROGRESS";
/// Its tag. Steps that an earlier run left in the same file are not counted on.
const RUN_VARIABLE: &str = "NIGHTKEEP_RUN";

pub(super) fn mark(wanted: &Mark) -> Result<(), Failure> {
    let path = match &wanted.file {
        Some(path) => path.clone(),
        None => marker_of_this_run()?,
    };
    let series = if wanted.file.is_none() { env::var(RUN_VARIABLE).ok() } else { None };
    let mark = marker::Mark {
        step: step(wanted)?,
        note: wanted.note.as_deref(),
        total: wanted.total,
        expect: wanted.expect.as_deref().map(length).transpose()?,
        series: series.as_deref(),
        at: Wall::from_ms(nightkeep_os::clocks().wall_ms),
    };
    write_marker(&path, &mark).map(drop).map_err(|error| {
        Failure::new(chain(&error)).with_hint("check that the directory exists and that the file is a marker")
    })
}

fn marker_of_this_run() -> Result<PathBuf, Failure> {
    env::var_os(MARKER_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from).ok_or_else(|| {
        Failure::usage(format!("no marker is named: `{MARKER_VARIABLE}` is not set"))
            .with_hint("call it from a command that Nightkeep runs, or say `--file FILE`")
    })
}

/// Asking for more time is not a step; everything else without a number is the next one.
fn step(wanted: &Mark) -> Result<MarkStep, Failure> {
    match wanted.step {
        Some(step) if step < 0 => Err(Failure::usage("a step is 0 or more")),
        Some(step) => Ok(MarkStep::To(step)),
        None if wanted.expect.is_some() && wanted.note.is_none() => Ok(MarkStep::Keep),
        None => Ok(MarkStep::Next),
    }
}

fn length(text: &str) -> Result<Span, Failure> {
    duration::parse(text).map_err(|fault| Failure::usage(fault.to_string()))
}
