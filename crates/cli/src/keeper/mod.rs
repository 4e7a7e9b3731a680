//! The keeper: the small process that is the parent of one run's command.
//!
//! It holds what no crash of anything else may lose: the exit status, the output file and, on Linux, every orphan of the
//! run. One loop owns everything; a thread that waits for ended children, one that accepts connections and one for each
//! connection do nothing but wait and tell the loop. One more thread holds the output file to its limit. There is no async runtime, no database and no timer while nothing
//! happens.
//!
//! The order of a start matters to whoever finds the directory later: lock, spec, socket, record, command.

mod connections;
mod desk;
mod output;
mod records;
mod start;
mod system;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
    sync::mpsc,
};

use nightkeep_engine::rundir::RunDir;

use desk::{Desk, Input};
use start::{Outcome, StartError};

/// How many inputs may wait for the loop. Whoever comes after them waits.
const INPUTS_MAX: usize = 32;

/// Keeps the run in `run_dir` until nothing of it is left.
///
/// Ends with a failure only where no command was started and none was tried.
#[must_use]
pub fn main(run_dir: &Path) -> ExitCode {
    let run = RunDir::at(run_dir);
    let mut reporter = start::Reporter::open(&run);
    match keep(&run, &mut reporter) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = start::chain(&error);
            // There may be nobody who listens.
            drop(writeln!(io::stderr(), "error: the keeper failed to {message}"));
            reporter.refused(message);
            ExitCode::FAILURE
        }
    }
}

fn keep(run: &RunDir, reporter: &mut start::Reporter) -> Result<(), StartError> {
    let ground = start::claim(run)?;
    let (sender, inputs) = mpsc::sync_channel(INPUTS_MAX);
    let kept = match start::command(run, ground)? {
        Outcome::Running(kept) => kept,
        Outcome::NotStarted { error, mut records } => {
            records.settle();
            reporter.not_started(error);
            return Ok(());
        }
    };
    reporter.running(kept.started.clone());
    let desk = Desk::open(kept, sender)?;
    desk.work(&inputs);
    Ok(())
}

/// What another thread has to say to the loop, unless the loop is over.
fn tell(desk: &mpsc::SyncSender<Input>, input: Input) -> bool {
    desk.send(input).is_ok()
}
