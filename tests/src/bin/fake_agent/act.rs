//! Doing the steps.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::{Child, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::legacy::{HOLD, Legacy, NOTES, PIDS};
use crate::script::{Signals, Step};
use crate::{hostile, system};

/// Runs the steps. The result is how the process is to end.
pub(crate) fn run(steps: Vec<Step>) -> Result<ExitCode> {
    if let Ok(path) = std::env::var(PIDS) {
        note_own_number(&path)?;
    }
    let mut agent = Agent { legacy: Legacy::default() };
    if let Ok(path) = std::env::var(HOLD) {
        system::hold(&path)?;
        agent.legacy.leash = Some(path);
    }
    for step in steps {
        if let Some(code) = agent.act(step)? {
            return Ok(ExitCode::from(code));
        }
    }
    Ok(ExitCode::SUCCESS)
}

struct Agent {
    legacy: Legacy,
}

impl Agent {
    /// Does one step; a code is the end.
    fn act(&mut self, step: Step) -> Result<Option<u8>> {
        match step {
            Step::Mark { step, note } => mark(step, &note)?,
            Step::Advance { last, every } => {
                for step in 1..=last {
                    thread::sleep(every);
                    mark(step, "")?;
                }
            }
            Step::MarkLoop { step, note, every } => again_and_again(every, move || mark(step, &note)),
            Step::Garble(text) => fs::write(marker()?, text)?,
            Step::Print(text) => print(&text)?,
            Step::PrintLoop { text, every } => again_and_again(every, move || print(&text)),
            Step::Flood(megabytes) => flood(megabytes)?,
            Step::Complain(text) => eprintln!("{text}"),
            Step::Sleep(length) => thread::sleep(length),
            Step::Hang => loop {
                thread::park();
            },
            Step::Spin => loop {
                std::hint::spin_loop();
            },
            Step::Spawn(count) => {
                for _ in 0..count {
                    self.spawn(&["hang"])?;
                }
            }
            Step::SpawnSetsid => drop(self.spawn(&["new-session", "hang"])?),
            Step::Daemon => self.orphan("new-session")?,
            Step::DaemonGroup => self.orphan("new-group")?,
            Step::HostileTree => self.hostile_tree()?,
            Step::Child(steps) => drop(self.settled(&steps, false)?),
            Step::Orphan { steps, is_bare } => self.settled_orphan(&steps, is_bare)?,
            Step::Each(steps) => {
                self.legacy.bind();
                for step in steps {
                    self.act(step)?;
                }
            }
            Step::Linger => hostile::linger(&self.legacy),
            Step::WaitInKernel => hostile::wait_in_kernel(&self.legacy),
            Step::StopSelf => hostile::stop_self(&self.legacy)?,
            Step::Respawn(partner) => hostile::respawn(&self.legacy, partner)?,
            Step::OverwriteEnvironment => system::only::overwrite_environment()?,
            Step::Hide => system::only::hide()?,
            Step::Hop(every) => hostile::hop(&self.legacy, every)?,
            Step::Storm { most, every } => hostile::storm(&self.legacy, most, every)?,
            Step::NoteNumber(path) => {
                note_own_number(&path)?;
                self.legacy.notes = Some(path);
            }
            Step::Note(what) => note(&what)?,
            Step::Until(until) => self.legacy.until_ms = Some(until),
            Step::Leash(path) => self.legacy.leash = Some(path),
            Step::NewSession => system::new_session()?,
            Step::NewGroup => system::new_group()?,
            Step::Ignore(signals) => {
                system::ignore(signals)?;
                self.legacy.ignored.push(signals);
            }
            Step::OnTerm(steps) => system::at_polite_signal(move || at_the_end(steps))?,
            Step::CloseStdout => system::close_stdout()?,
            Step::Exit(code) => return Ok(Some(code)),
            Step::Crash => std::process::abort(),
        }
        Ok(None)
    }

    /// Starts another of this program that ignores what this one ignores.
    fn spawn(&self, steps: &[&str]) -> Result<Child> {
        self.legacy.command(steps)?.spawn().context("start a child")
    }

    /// A child that is what it is to be: it tells so by letting go of its output.
    fn settled(&mut self, steps: &[String], is_bare: bool) -> Result<Child> {
        self.legacy.bind();
        let mut legacy = self.legacy.clone();
        if is_bare {
            legacy.notes = std::env::var(PIDS).ok();
        }
        let mut command = legacy.command(steps)?;
        if is_bare {
            command.env_clear();
        }
        let mut child = command.stdout(Stdio::piped()).spawn().context("start a role")?;
        let output = child.stdout.take().context("listen to a role")?;
        std::io::copy(&mut { output }, &mut std::io::sink()).context("wait for a role to settle")?;
        Ok(child)
    }

    /// The same, whose parent is gone.
    fn settled_orphan(&mut self, steps: &[String], is_bare: bool) -> Result<()> {
        let mut parent = self.settled(&[format!("child {}", steps.join(" then "))], is_bare)?;
        parent.wait().context("wait for the parent of an orphan")?;
        Ok(())
    }

    /// A process whose parent ends at once.
    fn orphan(&self, place: &str) -> Result<()> {
        self.spawn(&[place, "spawn 1"])?.wait().context("wait for the parent of an orphan")?;
        Ok(())
    }

    fn hostile_tree(&mut self) -> Result<()> {
        system::ignore(Signals::All)?;
        self.legacy.ignored.push(Signals::All);
        self.spawn(&["spawn 1", "hang"])?;
        self.spawn(&["new-session", "hang"])?;
        self.orphan("new-group")?;
        self.orphan("new-session")
    }
}

#[expect(clippy::exit, reason = "the steps for the polite signal run beside those of the script")]
fn at_the_end(steps: Vec<Step>) {
    let mut agent = Agent { legacy: Legacy::default() };
    for step in steps {
        if let Ok(Some(code)) = agent.act(step) {
            std::process::exit(i32::from(code));
        }
    }
}

fn again_and_again(every: Duration, act: impl Fn() -> Result<()> + Send + 'static) {
    thread::spawn(move || {
        while act().is_ok() {
            thread::sleep(every);
        }
    });
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

fn flood(megabytes: u64) -> Result<()> {
    const LINES: u64 = 1_000_000 / 20;
    let mut out = std::io::stdout().lock();
    for megabyte in 0..megabytes {
        let lines = megabyte * LINES..(megabyte + 1) * LINES;
        let text: String = lines.map(|line| format!("line {line:>14}\n")).collect();
        out.write_all(text.as_bytes())?;
    }
    Ok(out.flush()?)
}

fn marker() -> Result<String> {
    std::env::var("NIGHTKEEP_PROGRESS").context("`NIGHTKEEP_PROGRESS` is not set")
}

fn mark(step: i64, note: &str) -> Result<()> {
    let path = marker()?;
    let ts = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let aside = format!("{path}.{}-{:?}.tmp", std::process::id(), thread::current().id());
    fs::write(&aside, serde_json::json!({"step": step, "note": note, "ts": ts}).to_string())?;
    Ok(fs::rename(aside, path)?)
}

fn note_own_number(path: &str) -> Result<()> {
    add_line(path, &std::process::id().to_string())
}

/// What happened, to whom and when, for whoever compares it with what Nightkeep says.
fn note(what: &str) -> Result<()> {
    let path = std::env::var(NOTES).with_context(|| format!("`{NOTES}` is not set"))?;
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    add_line(&path, &format!("{} {} {what}", std::process::id(), at.as_millis()))
}

fn add_line(path: &str, line: &str) -> Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    // One write, so that lines of different processes do not mix.
    Ok(file.write_all(format!("{line}\n").as_bytes())?)
}
