//! All that stays in memory while no window is open.

use anyhow::Result;

use super::lab::Lab;
use super::numbers::megabytes;
use super::{Bench, Row, proc};
use crate::project::Profile;
use crate::shell::Task;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let lab = Lab::open(bench, &[])?;
    let tray = bench.project.binary(Profile::Release, "nightkeep-tray").display().to_string();
    // On a bus of its own, so that it is not taken for the user's tray.
    let session = lab.nightkeep.with_home(Task::new("dbus-run-session")).args(["--", tray.as_str()]);
    let mut session = session.start(true)?;
    let tray =
        lab.until("the tray runs", || Ok(proc::children_called(session.pid(), "nightkeep-tray")?.first().copied()))?;
    // It has connected to the engine when it has drawn its first document; nothing announces that here.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let engine = proc::pss(lab.engine_pid()?)?;
    let both = megabytes(engine + proc::pss(tray)?);
    let measured = format!("{both:.1} MB (engine {:.1} MB)", megabytes(engine));
    // The session ends with its program, and takes its bus with it.
    Task::new("kill").args([tray.to_string()]).run()?;
    lab.until("the tray has ended", || Ok(session.has_ended().then_some(())))?;
    Ok(vec![Row::new("resident without a window: engine and tray (PSS)", measured, "≤ 16 MB", both <= 16.0)])
}
