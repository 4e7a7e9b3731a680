//! `demo`: shows what is done about a run that gets stuck; and the sample agent that does.

use std::env;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use nightkeep_engine::environment;
use nightkeep_engine::marker::{Mark, MarkStep, write_marker};
use nightkeep_engine::time::Wall;

use super::Here;
use crate::Done;
use crate::console;
use crate::failure::{Failure, chain};

/// What the sample agent says that it does.
const STEPS: [&str; 5] =
    ["found 5 sources", "read them", "wrote an outline", "wrote the first chapter", "asked the model for the second"];
/// Between two steps.
const STEP_TAKES: Duration = Duration::from_millis(1_500);
/// A sample that nobody stops, because nothing watches it, ends by itself.
const STUCK_MAX: Duration = Duration::from_secs(300);

pub(super) async fn demo(here: &Here) -> Result<(), Failure> {
    let reply = here.engine().await?.start_demo().await?;
    console::print(&format!("run {} {}\n", reply.run, reply.tag))?;
    console::tell("it advances five times, then gets stuck; watch it with `nightkeep status --watch`\n");
    console::tell(&format!("it is stopped within a minute; read about it with `nightkeep show {}`\n", reply.run));
    Ok(())
}

/// Advances five times and then waits for an answer that does not come. It touches nothing but its own marker.
pub(super) fn agent() -> Done {
    let marker = env::var_os(environment::PROGRESS).filter(|path| !path.is_empty());
    let marker = marker.ok_or_else(|| {
        Failure::usage("the sample agent runs under Nightkeep only").with_hint("start it with `nightkeep demo`")
    })?;
    let series = env::var(environment::RUN).ok();
    for (step, note) in (1_i64..).zip(STEPS) {
        sleep(STEP_TAKES);
        console::print(&format!("step {step}: {note}\n"))?;
        let mark = Mark {
            step: MarkStep::To(step),
            note: Some(note),
            total: i64::try_from(STEPS.len() + 1).ok(),
            expect: None,
            series: series.as_deref(),
            at: Wall::from_ms(nightkeep_os::clocks().wall_ms),
        };
        write_marker(Path::new(&marker), &mark).map_err(|error| Failure::new(chain(&error)))?;
    }
    console::print("waiting for an answer, which will not come\n")?;
    sleep(STUCK_MAX);
    Ok(0)
}
