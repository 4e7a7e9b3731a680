//! Opening the window, until it shows live data: it is on the screen no sooner than that (or after a second without).

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::lab::Lab;
use super::numbers::seconds;
use super::{Bench, Row, proc};
use crate::project::Profile;
use crate::shell::Task;

const OPEN_MAX: Duration = Duration::from_millis(1500);

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let lab = Lab::open(bench, &[])?;
    let display = lab.home().join("display");
    let shell = format!("exec Xvfb -displayfd 3 -screen 0 1280x900x24 -nolisten tcp 3>'{}'", display.display());
    let _screen = Task::new("sh").args(["-c", &shell]).start(true)?;
    let number =
        lab.until("the screen is there", || Ok(fs::read_to_string(&display).ok().filter(|text| text.ends_with('\n'))))?;
    let display = format!(":{}", number.trim());
    let app = bench.project.binary(Profile::Release, "nightkeep-app").display().to_string();
    let start = Instant::now();
    let session = lab.nightkeep.with_home(Task::new("dbus-run-session")).args(["--", &app]).env("DISPLAY", &display);
    let mut session = session.start(true)?;
    Task::new("timeout")
        .args(["30", "xdotool", "search", "--sync", "--onlyvisible", "--name", "Nightkeep"])
        .env("DISPLAY", &display)
        .output()
        .context("wait for the window")?;
    let took = start.elapsed();
    // The session ends with its program, and takes its bus with it.
    for app in proc::children_called(session.pid(), "nightkeep-app")? {
        Task::new("kill").args([app.to_string()]).run()?;
    }
    lab.until("the window is gone", || Ok(session.has_ended().then_some(())))?;
    Ok(vec![Row::new("window open, until it shows live data", seconds(took), "≤ 1.5 s", took <= OPEN_MAX)])
}
