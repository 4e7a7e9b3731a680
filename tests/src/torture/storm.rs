//! A storm: engine after engine is killed over the same long work, each a little further in it, beside runs that live and
//! end meanwhile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::agents::{Kind, Start};
use super::deaths::now_ms;
use super::elder::{self, Told};
use super::field::{Field, Played};
use super::judge::judge;
use super::moment::{Moment, Victim};
use super::plan::Plan;
use super::round::{check_database, said, settle};
use super::shots::Kill;
use crate::eventually;

/// Between two looks at how far an engine has come.
const LOOK_EVERY: Duration = Duration::from_micros(200);
/// Between two looks at whether it is done, which takes longer.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How often a kill is aimed at the same part of the work.
const AIMS_MAX: usize = 5;

/// The work that engines are killed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A journal is folded again whose tables an earlier version has made.
    Folding,
    /// The history is copied.
    BackingUp,
    /// A copy is put into the place of a damaged history.
    Restoring,
}

impl Work {
    const fn moment(self) -> Moment {
        match self {
            Self::Folding => Moment::Folding,
            Self::BackingUp => Moment::BackingUp,
            Self::Restoring => Moment::Restoring,
        }
    }
}

/// Kills engines over a work, each when it has done such a part of the work, in
/// thousandths. Who was killed.
///
/// # Errors
/// A promise was broken.
pub(super) fn storm(field: &mut Field, work: Work, label: &str, parts: &[u64]) -> Result<Vec<Kill>> {
    let history = field.night.home().join("nightkeep.db");
    let truth = elder::lay(&history)?;
    // One ends in the middle of it, and one lives until the end.
    let plan = Plan::of_kinds(label, &[Kind::Working, Kind::Unwanted], Start::Detach);
    let mut played = field.begin(&plan)?;
    eventually("a copy to be made", || elder::copies(&history).ok().filter(|copies| !copies.is_empty()))?;
    field.kill_engine()?;
    let mut storm = Storm { field, work, history, truth, fold: 0, copied: 0 };
    let mut kills = storm.kills(parts)?;
    let Storm { history, truth, .. } = storm;
    finish(field, &plan, &mut played, &mut kills)?;
    let mut broken = elder::broken(&history, &truth)?;
    for copy in elder::copies(&history)? {
        broken.extend(elder::broken(&copy, &truth)?);
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    if work != Work::Restoring {
        check_database(field)?;
    }
    Ok(kills)
}

fn finish(field: &Field, plan: &Plan, played: &mut Played, kills: &mut Vec<Kill>) -> Result<()> {
    settle(field, plan, played, kills)?;
    let said = said(played)?;
    let broken = judge(field, &plan.agents, kills, &said)?;
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    let left = field.clear(played);
    ensure!(left.is_empty(), "nothing of these runs is left, and yet their keepers are: {}", left.join(", "));
    Ok(())
}

/// Engine after engine in one home.
struct Storm<'a> {
    field: &'a Field,
    work: Work,
    history: PathBuf,
    truth: Told,
    /// The version of the fold that engines make.
    fold: i64,
    /// How many copies were given an earlier date.
    copied: u32,
}

impl Storm<'_> {
    fn kills(&mut self, parts: &[u64]) -> Result<Vec<Kill>> {
        self.fold = elder::fold_of(&self.history)?;
        let forgotten = if self.work == Work::Restoring { Some(self.forgotten()?) } else { None };
        self.prepare()?;
        let all = self.start(|_| false)?;
        let mut kills = Vec::new();
        for part in parts {
            // A busy machine may let the engine finish before its turn to be killed comes: that one counts, and another follows.
            for _ in 0..AIMS_MAX {
                let kill = self.kill_at(*part, all.written)?;
                let is_exact = kill.is_exact;
                kills.push(kill);
                if is_exact {
                    break;
                }
            }
        }
        if let Some(forgotten) = forgotten {
            self.field.with_engine()?;
            let begun = self.field.night.begin(&["run", "--detach", "--", "true"])?;
            ensure!(begun.run > forgotten, "the number {} is given anew, and {forgotten} was given before", begun.run);
        }
        Ok(kills)
    }

    /// Kills an engine when it has done such a part of the work, which takes `all` bytes.
    fn kill_at(&mut self, part: u64, all: u64) -> Result<Kill> {
        self.prepare()?;
        let is_done = match self.work {
            Work::Restoring => self.start(self.stage(part)?)?.is_done,
            Work::Folding | Work::BackingUp => {
                let far = all.saturating_mul(part) / 1000;
                self.start(|written| written >= far)?.is_done
            }
        };
        for copy in elder::copies(&self.history)? {
            let broken = elder::broken(&copy, &self.truth)?;
            ensure!(broken.is_empty(), "after a kill at {part} of 1000: {}", broken.join("\n"));
        }
        let (victim, moment) = (Victim::Engine, self.work.moment());
        Ok(Kill { victim, moment, label: None, at_ms: now_ms(), is_exact: !is_done })
    }

    /// The number of a run that is in no copy, and whose directory somebody has removed.
    fn forgotten(&self) -> Result<u64> {
        self.field.with_engine()?;
        let night = &self.field.night;
        let begun = night.begin(&["run", "--detach", "--", "true"])?;
        night.ended(begun.run)?;
        self.field.kill_engine()?;
        fs::remove_dir_all(night.run_dir(&begun.tag).path())?;
        Ok(begun.run)
    }

    /// Tells when a restore has come so far. It is a matter of a few renames, and of a check of what is then in place.
    fn stage(&self, part: u64) -> Result<impl Fn(u64) -> bool> {
        let beside = |suffix: &str| self.history.with_file_name(format!("nightkeep.db{suffix}"));
        let (unfinished, ready) = (beside(".restore-unfinished"), beside(".restore-ready"));
        let (history, before) = (self.history.clone(), elder::set_aside(&self.history)?);
        let moved = std::cell::Cell::new(None);
        Ok(move |_| match part {
            0..200 => unfinished.exists(),
            200..400 => ready.exists(),
            _ => {
                let is_moved = elder::set_aside(&history).is_ok_and(|count| count > before);
                if is_moved && moved.get().is_none() {
                    moved.set(Some(Instant::now()));
                }
                let after = Duration::from_micros((part - 400) * 50);
                moved.get().is_some_and(|moved: Instant| moved.elapsed() >= after)
            }
        })
    }

    /// Brings about that the next engine has this work to do, where the one before has finished it.
    fn prepare(&mut self) -> Result<()> {
        match self.work {
            Work::Folding if elder::fold_of(&self.history)? == self.fold => elder::age(&self.history),
            Work::BackingUp => {
                for copy in elder::copies(&self.history)? {
                    self.copied += 1;
                    fs::rename(copy, self.copy_of_long_ago())?;
                }
                Ok(())
            }
            Work::Restoring if self.is_whole() => elder::damage(&self.history),
            Work::Folding | Work::Restoring => Ok(()),
        }
    }

    fn copy_of_long_ago(&self) -> PathBuf {
        let (minute, second) = (self.copied / 60, self.copied % 60);
        self.history.with_file_name(format!("nightkeep.db.backup-20200101T00{minute:02}{second:02}Z"))
    }

    fn is_whole(&self) -> bool {
        elder::broken(&self.history, &self.truth).is_ok_and(|broken| broken.is_empty())
    }

    /// Starts an engine and kills it when it has written enough, or is done.
    fn start(&self, is_enough: impl Fn(u64) -> bool) -> Result<Stopped> {
        let mut engine = self.engine()?;
        let pid = engine.id();
        let (mut asked, mut undone) = (Instant::now(), 0);
        // However slow the disk is, the engine has the time that a test has.
        let stopped = loop {
            let written = written_by(pid);
            if is_enough(written) {
                break Stopped { is_done: false, written };
            }
            if asked.elapsed() >= ASK_EVERY {
                if self.is_done(pid) {
                    break Stopped { is_done: true, written: undone };
                }
                (asked, undone) = (Instant::now(), written);
            }
            if let Some(status) = engine.try_wait()? {
                bail!("the engine ended before its work was done ({status})");
            }
            std::thread::sleep(LOOK_EVERY);
        };
        engine.kill()?;
        engine.wait()?;
        Ok(Stopped { is_done: stopped.is_done || self.is_done(pid), ..stopped })
    }

    fn engine(&self) -> Result<Child> {
        let mut command = self.field.night.command(&["engine"])?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("start an engine")
    }

    fn is_done(&self, engine: u32) -> bool {
        match self.work {
            Work::Folding => elder::fold_of(&self.history).is_ok_and(|fold| fold == self.fold),
            Work::BackingUp => {
                let is_fresh = |copy: &PathBuf| !copy.to_string_lossy().contains("backup-2020");
                elder::copies(&self.history).is_ok_and(|copies| copies.iter().any(is_fresh))
            }
            Work::Restoring => self.field.night.engine_pid() == Some(engine),
        }
    }
}

struct Stopped {
    /// The work was done when the engine was killed.
    is_done: bool,
    /// So many bytes it had written when the work was last known not to be done: what comes after it, such as a checkpoint,
    /// may write as much again before somebody looks.
    written: u64,
}

/// How many bytes a process has written since it was started.
fn written_by(pid: u32) -> u64 {
    let text = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("io")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.and_then(|number| number.parse().ok()).unwrap_or(0)
}
