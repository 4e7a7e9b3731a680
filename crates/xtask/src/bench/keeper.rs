//! What a keeper costs while nothing happens.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::lab::Lab;
use super::numbers::megabytes;
use super::{Bench, Row, proc};

const RUNS: u32 = 10;
const LOOK: Duration = Duration::from_secs(10);

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let count = usize::try_from(RUNS)?;
    let lab = Lab::open_with_same(bench, count, &["hang"], "")?;
    lab.start_same(count, count)?;
    let home = lab.home().display().to_string();
    let keepers = proc::find("nightkeep", &home)?;
    ensure!(keepers.len() == count, "there are {} keepers for {RUNS} runs", keepers.len());
    // What the start has brought is over by then.
    thread::sleep(Duration::from_secs(2));
    let wakeups = || keepers.iter().map(|pid| proc::wakeups(*pid)).sum::<Result<u64>>();
    let before = wakeups()?;
    thread::sleep(LOOK);
    let woken = wakeups()? - before;
    let memory = keepers.iter().map(|pid| proc::pss(*pid)).sum::<Result<u64>>()?;
    let each = megabytes(memory) / f64::from(RUNS);
    Ok(vec![
        Row::new("keeper, each of ten: memory (PSS)", format!("{each:.2} MB"), "≤ 0.5 MB", each <= 0.5),
        Row::new("keepers, ten: wake-ups in 10 s", woken.to_string(), "0", woken == 0),
    ])
}
