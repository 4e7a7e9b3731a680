//! Where there is something to torture.

use std::time::Duration;

use anyhow::Result;
use nightkeep_tests::torture::{self, Options};

/// The table of the kills that were survived. What has been done so far is shown after each round.
pub(crate) fn torture(kills: u64, seed: u64, seconds: u64, busy: u64) -> Result<String> {
    let options = Options { kills, seed, time: Duration::from_secs(seconds), busy };
    let mut round = 0;
    let tally = torture::torture(options, |tally| {
        round += 1;
        println!("round {round}: {} of {kills} kills, {} runs", tally.kills(), tally.runs);
    })?;
    Ok(tally.to_string())
}
