//! `cargo xtask run`: builds Nightkeep and starts it.

mod demo;
mod expected;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::nightkeep::Nightkeep;
use crate::project::{Profile, Project};
use crate::setup::{self, Purpose};
use crate::shell::{Started, Task, interrupted};

/// What to start.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Show it with sample agents in a folder of its own: one hangs, one hangs and cleans up, one is healthy
    #[arg(long, conflicts_with = "arguments")]
    demo: bool,
    /// Keep the demo's folder
    #[arg(long, requires = "demo")]
    keep: bool,
    /// Build as for people, which takes longer
    #[arg(long)]
    release: bool,
    /// Run one `nightkeep` command with these arguments instead
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// How often a wait looks whether it is over.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// `cargo xtask run`.
pub(crate) fn command(options: &Options) -> Result<ExitCode> {
    let project = Project::find()?;
    let profile = if options.release { Profile::Release } else { Profile::Dev };
    let screen = has_screen() && options.arguments.is_empty();
    setup::everything(&project, &[Purpose::Build])?;
    let mut binaries = vec![("nightkeep", "nightkeep")];
    if screen {
        binaries.extend([("nightkeep-app", "nightkeep-tray"), ("nightkeep-app", "nightkeep-app")]);
    }
    project.build(profile, &binaries)?;
    if !options.arguments.is_empty() {
        let status = Nightkeep::of_the_user(&project, profile).task(options.arguments.clone()).status()?;
        return Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from));
    }
    let surfaces = screen.then(|| Surfaces::of(&project, profile));
    let stop = interrupted()?;
    if options.demo {
        return demo::show(&project, profile, surfaces.as_ref(), options.keep, &stop);
    }
    everyday(&Nightkeep::of_the_user(&project, profile), surfaces.as_ref(), &stop)
}

/// Starts everything and stays until a person ends it.
fn everyday(nightkeep: &Nightkeep, surfaces: Option<&Surfaces>, stop: &AtomicBool) -> Result<ExitCode> {
    let engine = nightkeep.engine()?;
    if let Some(surfaces) = surfaces {
        println!("Nightkeep is in the tray and its window opens; Ctrl-C here ends both");
        wait(&mut surfaces.start(nightkeep)?, stop);
    } else {
        println!(
            "There is no display, so this is the live table; Ctrl-C ends it. The commands work in another terminal:"
        );
        println!("  cargo xtask run -- run -- COMMAND    watches a command");
        wait(&mut [nightkeep.task(["status", "--watch"]).start(false)?], stop);
    }
    if engine.is_ours() {
        // A Ctrl-C reaches the engine as well, so it may have ended before it is asked to.
        if let Err(error) = engine.stop() {
            eprintln!("the engine had ended already, or did not answer: {error:#}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until all have ended or a person asks for the end.
fn wait(children: &mut [Started], stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) && !children.iter_mut().all(Started::has_ended) {
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The programs that need a display.
struct Surfaces {
    programs: [Task; 2],
}

impl Surfaces {
    fn of(project: &Project, profile: Profile) -> Self {
        let program = |name| Task::new(project.binary(profile, name).display().to_string());
        Self { programs: [program("nightkeep-tray"), program("nightkeep-app")] }
    }

    fn start(&self, nightkeep: &Nightkeep) -> Result<Vec<Started>> {
        self.programs.iter().map(|program| nightkeep.with_home(program.clone()).start(false)).collect()
    }
}

fn has_screen() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::env::consts::OS != "linux" || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}
