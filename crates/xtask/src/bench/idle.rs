//! What the engine costs while it watches many runs in which nothing happens.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::lab::Lab;
use super::numbers::megabytes;
use super::{Bench, Row, cpu, proc};

/// What the starts have brought is over by then.
const SETTLE: Duration = Duration::from_secs(15);

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let lab = Lab::open_with_same(bench, bench.many, &["mark 1", "hang"], "")?;
    lab.start_same(bench.many, bench.many)?;
    thread::sleep(SETTLE);
    let engine = lab.engine_pid()?;
    let before = cpu::used(engine)?;
    thread::sleep(bench.idle);
    let used = cpu::used(engine)? - before;
    let percent = percent(used, bench.idle);
    let memory = megabytes(proc::pss(engine)?);
    let (percent_max, memory_max) = if bench.many > 100 { (0.03, 20.0) } else { (0.005, 10.0) };
    let what = format!("engine, {} watched runs", bench.many);
    Ok(vec![
        Row::new(
            format!("{what}: processor, {} s", bench.idle.as_secs()),
            format!("{percent:.4} % of a core"),
            format!("≤ {percent_max} %"),
            percent <= percent_max,
        ),
        Row::new(
            format!("{what}: memory (PSS)"),
            format!("{memory:.1} MB"),
            format!("≤ {memory_max} MB"),
            memory <= memory_max,
        ),
    ])
}

fn percent(used: Duration, of: Duration) -> f64 {
    used.as_secs_f64() / of.as_secs_f64() * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_milliseconds_in_a_minute_are_the_goal() {
        let used = percent(Duration::from_millis(3), Duration::from_secs(60));
        assert!((used - 0.005).abs() < 1e-9, "{used}");
    }
}
