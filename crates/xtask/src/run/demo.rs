//! `cargo xtask run --demo`: sample agents with short limits, and a check that Nightkeep did with them what it should.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::expected::{self, JOBS, Job};
use super::{LOOK_EVERY, Surfaces, wait};
use crate::nightkeep::{Engine, Nightkeep};
use crate::project::{Profile, Project};
use crate::shell::{Started, headline, is_terminal};

/// The whole demo is over before this.
const DEMO_MAX: Duration = Duration::from_secs(60);

/// A forced stop is over before this.
const STOP_MAX: Duration = Duration::from_secs(10);

/// A demo under way.
struct Demo {
    nightkeep: Nightkeep,
    home: PathBuf,
    jobs: Vec<&'static Job>,
}

/// Shows the demo. Its exit code says whether it showed what it should.
pub(super) fn show(
    project: &Project,
    profile: Profile,
    surfaces: Option<&Surfaces>,
    keep: bool,
    stop: &AtomicBool,
) -> Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("nightkeep-demo-").tempdir().context("make a folder for the demo")?;
    let home = folder.path().to_path_buf();
    let jobs = JOBS.iter().filter(|job| job.can_run()).collect();
    let demo = Demo { nightkeep: Nightkeep::at_home(project, profile, &home), home, jobs };
    demo.write_config(project)?;
    let engine = demo.nightkeep.engine()?;
    let shown = demo.play(surfaces, stop);
    let cleaned = demo.clean_up(engine);
    if keep {
        println!("\nkept: {}\n  NIGHTKEEP_HOME={} nightkeep history", folder.keep().display(), demo.home.display());
    } else {
        println!("\n(the demo's folder is deleted; with --keep it stays)");
        folder.close().context("delete the demo's folder")?;
    }
    cleaned?;
    Ok(if shown? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Demo {
    fn work(&self) -> PathBuf {
        self.home.join("work")
    }

    fn write_config(&self, project: &Project) -> Result<()> {
        fs::create_dir_all(self.work())?;
        let tables: Vec<String> = self.jobs.iter().map(|job| job.toml(&project.agents(), &self.work())).collect();
        fs::write(self.home.join("config.toml"), tables.join("\n")).context("write the demo's `config.toml`")
    }

    fn play(&self, surfaces: Option<&Surfaces>, stop: &AtomicBool) -> Result<bool> {
        headline("demo: one healthy agent, and four of the kinds that spoil a night");
        for job in &self.jobs {
            println!("  {:10} {}", job.name, job.story);
        }
        println!();
        let mut surfaces = match surfaces {
            Some(surfaces) => surfaces.start(&self.nightkeep)?,
            None => Vec::new(),
        };
        for job in &self.jobs {
            self.nightkeep.task(["start", job.name]).output().with_context(|| format!("start `{}`", job.name))?;
        }
        let history = self.watch(surfaces.is_empty(), stop)?;
        // What is read in a terminal is no news in the tray any more.
        let is_shown_there = !surfaces.is_empty() && is_terminal();
        let is_right = self.report(&history, !is_shown_there)?;
        if is_shown_there {
            println!("\nThe tray and the window show what was stopped, and why; Ctrl-C ends the demo.");
            wait(&mut surfaces, stop);
        }
        Ok(is_right)
    }

    /// Waits until every job has ended, with the live table on a terminal, otherwise with a line for each change.
    fn watch(&self, is_headless: bool, stop: &AtomicBool) -> Result<Value> {
        let table: Option<Started> = match is_headless && is_terminal() {
            true => Some(self.nightkeep.task(["status", "--watch"]).start(false)?),
            false => None,
        };
        let start = Instant::now();
        let mut story = expected::Story::default();
        loop {
            if stop.load(Ordering::Relaxed) {
                bail!("the demo was interrupted");
            }
            let status = self.nightkeep.json(&["status"])?;
            let history = self.nightkeep.json(&["history"])?;
            if table.is_none() {
                for line in story.changes(&status, &history) {
                    println!("{:5.1} s  {line}", start.elapsed().as_secs_f64());
                }
            }
            let ended = history.as_array().map_or(0, Vec::len);
            if ended >= self.jobs.len() || start.elapsed() > DEMO_MAX {
                return Ok(history);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn report(&self, history: &Value, is_whole: bool) -> Result<bool> {
        if is_whole {
            headline("what Nightkeep did");
            self.nightkeep.task(["history"]).run()?;
        }
        headline("was that right?");
        let mut is_right = true;
        for job in &self.jobs {
            let row = expected::row(history, job.name);
            let detail = match row.and_then(|row| row.get("run")?.as_u64()) {
                Some(run) => self.nightkeep.json(&["show", &run.to_string()])?,
                None => Value::Null,
            };
            let mut faults = job.faults(row, &detail);
            faults.extend(job.leftovers(&self.work()));
            is_right &= faults.is_empty();
            match faults.as_slice() {
                [] => println!("  yes  {:10} {}", job.name, job.ending),
                faults => println!("  NO   {:10} {}", job.name, faults.join("; ")),
            }
            if let Some(tag) = detail.get("tag").and_then(Value::as_str) {
                println!("       {:10} evidence and output: {}", "", evidence(&self.home, tag).display());
            }
        }
        let first = expected::row(history, "articles").and_then(|row| row.get("run")?.as_u64());
        if let Some(run) = first.filter(|_| is_whole) {
            headline("the evidence of the first one");
            self.nightkeep.task(["show", &run.to_string()]).run()?;
        }
        Ok(is_right)
    }

    /// Leaves no process behind, whatever happened before.
    fn clean_up(&self, engine: Engine) -> Result<()> {
        for run in self.running()? {
            self.nightkeep.task(["stop", &run.to_string(), "--force"]).output()?;
        }
        // A stop that is asked for has only begun.
        let start = Instant::now();
        while !self.running()?.is_empty() && start.elapsed() < STOP_MAX {
            std::thread::sleep(LOOK_EVERY);
        }
        let left = self.running()?;
        engine.stop()?;
        ensure!(left.is_empty(), "the runs {left:?} of the demo could not be stopped");
        Ok(())
    }

    /// The numbers of runs that are not over.
    fn running(&self) -> Result<Vec<u64>> {
        let status = self.nightkeep.json(&["status"])?;
        let runs = status.get("runs").and_then(Value::as_array).into_iter().flatten();
        Ok(runs.filter_map(|run| run.get("run")?.as_u64()).collect())
    }
}

fn evidence(home: &Path, tag: &str) -> PathBuf {
    home.join("runs").join(tag)
}
