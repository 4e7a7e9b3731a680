//! Torture: engine, keepers, commands and surfaces are killed at many moments of the lives of many runs, and what
//! Nightkeep says afterwards is compared with the truth.
//!
//! The truth comes from elsewhere: agents note what they do (`notes`), the kernel tells when a root ends (`deaths`) and
//! whether anything of a tree holds its file. What is promised is in `judge`. A seed fixes who is started and who is
//! killed when; what two processes do between two moments it does not.

mod agents;
mod chance;
mod deaths;
mod elder;
mod field;
mod journal;
mod judge;
mod load;
mod locks;
mod moment;
mod notes;
mod plan;
mod round;
mod scout;
mod shots;
mod snare;
mod storm;
mod tally;

use std::time::{Duration, Instant};

use anyhow::Result;

pub use agents::{Kind, Start};
use load::Load;
pub use moment::{Moment, START, Victim};
use round::Rounds;
pub use round::{act, act_over};
pub use storm::Work;
pub use tally::Tally;

/// How long and how.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// At least so many kills.
    pub kills: u64,
    /// What the rounds are made from.
    pub seed: u64,
    /// At least so long.
    pub time: Duration,
    /// So many busy loops beside it.
    pub busy: u64,
}

/// Plays rounds until enough were killed, and calls `say` after each.
///
/// # Errors
/// The first promise that was broken, with the folder that is kept as evidence.
pub fn torture(options: Options, mut say: impl FnMut(&Tally)) -> Result<Tally> {
    let _load = Load::of(options.busy);
    let begin = Instant::now();
    let mut tally = Tally::default();
    let mut rounds = Rounds::new()?;
    let mut number = 0;
    while tally.kills() < options.kills || begin.elapsed() < options.time {
        number += 1;
        rounds.play(options.seed, number, &mut tally)?;
        say(&tally);
    }
    Ok(tally)
}
