//! Who is to be killed when, and who was.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nightkeep_os::{Process, Signal};

use super::deaths::now_ms;
use super::journal::Hold;
use super::locks::{holder, signal_holder};
use super::moment::{Moment, Victim};
use super::scout::{Seen, lock};
use super::snare::{self, Held};

/// How long a killed process may take to let go of its lock.
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// Under which names surfaces stand among the commands.
pub(super) const SURFACES: [&str; 2] = ["tray", "window"];

/// Something that was seen.
#[derive(Debug, Clone)]
pub(super) struct Sign {
    pub(super) moment: Moment,
    pub(super) label: Option<String>,
    pub(super) tag: Option<String>,
}

impl Sign {
    pub(super) const fn of(moment: Moment) -> Self {
        Self { moment, label: None, tag: None }
    }
}

/// Somebody is to be killed at a moment.
#[derive(Debug, Clone)]
pub(super) struct Shot {
    pub(super) victim: Victim,
    pub(super) moment: Moment,
    /// At the how manieth time of that moment, from 1.
    pub(super) nth: u64,
    /// So long after it.
    pub(super) after: Duration,
    /// Of this agent only.
    pub(super) label: Option<String>,
}

impl Shot {
    /// Whether it is to hit a keeper between the fork of the command and the record of it, for which nobody is fast enough.
    fn is_snare(&self) -> bool {
        (self.victim, self.moment) == (Victim::Keeper, Moment::AfterFork) && self.after.is_zero()
    }
}

/// Somebody was killed.
#[derive(Debug, Clone)]
pub(super) struct Kill {
    pub(super) victim: Victim,
    pub(super) moment: Moment,
    pub(super) label: Option<String>,
    pub(super) at_ms: i64,
    /// What the moment is about was still so when the victim was dead.
    pub(super) is_exact: bool,
}

/// The shots of a round.
#[derive(Debug, Default)]
pub(super) struct Shots {
    armed: Mutex<Vec<Armed>>,
    kills: Mutex<Vec<Kill>>,
    /// The shots that found nobody.
    misses: Mutex<Vec<String>>,
    /// Those that are on their way.
    flying: Mutex<Vec<JoinHandle<()>>>,
    hold: Mutex<Option<Hold>>,
}

#[derive(Debug)]
struct Armed {
    shot: Shot,
    left: u64,
    due: Option<Instant>,
}

impl Shots {
    /// Arms the shots of a round and forgets those of the round before. Those for no moment in particular are due so long
    /// after this call.
    pub(super) fn arm(&self, shots: Vec<Shot>) {
        let now = Instant::now();
        let armed = shots.into_iter().map(|shot| {
            let due = (shot.moment == Moment::AnyTime).then(|| now + shot.after);
            Armed { left: shot.nth, due, shot }
        });
        *lock(&self.armed) = armed.collect();
        lock(&self.kills).clear();
    }

    /// Nobody is killed from here on. Who was, also by a shot that was on its way.
    pub(super) fn disarm(&self) -> Vec<Kill> {
        lock(&self.armed).clear();
        self.land();
        drop(lock(&self.hold).take());
        lock(&self.kills).clone()
    }

    /// Waits for the shots that are on their way: what came of them is not known before.
    fn land(&self) {
        let flying = std::mem::take(&mut *lock(&self.flying));
        for shot in flying {
            // What it panicked over is told by its thread.
            drop(shot.join());
        }
    }

    /// The shots that found nobody, and those that were never due.
    pub(super) fn misses(&self) -> Vec<String> {
        self.land();
        let armed = lock(&self.armed).iter().map(|armed| format!("{:?} was never due", armed.shot)).collect::<Vec<_>>();
        [lock(&self.misses).clone(), armed].concat()
    }

    /// Who was killed so far.
    pub(super) fn kills(&self) -> Vec<Kill> {
        lock(&self.kills).clone()
    }

    /// Milliseconds until the next one that is due at a time.
    pub(super) fn until_next(&self) -> Option<i64> {
        let next = lock(&self.armed).iter().filter_map(|armed| armed.due).min()?;
        i64::try_from(next.saturating_duration_since(Instant::now()).as_millis()).ok()
    }

    /// Fires what is due.
    pub(super) fn pass_time(&self, seen: &Arc<Seen>) {
        let now = Instant::now();
        let mut due = Vec::new();
        lock(&self.armed).retain(|armed| {
            let is_due = armed.due.is_some_and(|at| at <= now);
            if is_due {
                due.push(armed.shot.clone());
            }
            !is_due
        });
        for shot in due {
            fire(seen, &shot, &Sign { label: shot.label.clone(), ..Sign::of(Moment::AnyTime) });
        }
    }

    /// Something was seen: whoever is to be killed then is.
    pub(super) fn see(&self, seen: &Arc<Seen>, sign: &Sign) {
        if sign.moment == Moment::AgentAsked {
            self.hold_journal(seen, sign);
        }
        let mut due = Vec::new();
        lock(&self.armed).retain_mut(|armed| {
            if !is_about(&armed.shot, sign) {
                return true;
            }
            armed.left = armed.left.saturating_sub(1);
            let is_due = armed.left == 0;
            if is_due {
                due.push(armed.shot.clone());
            }
            !is_due
        });
        for shot in due {
            if shot.is_snare() {
                snare_start(seen, shot, sign);
            } else if shot.after.is_zero() {
                fire(seen, &shot, sign);
            } else {
                let sign = sign.clone();
                fly(seen, move |seen| {
                    thread::sleep(shot.after);
                    fire(seen, &shot, &sign);
                });
            }
        }
    }

    /// An agent is about to end. If its keeper is to be killed before it can record that, it is halted here.
    pub(super) fn about_to_end(&self, seen: &Arc<Seen>, label: &str) {
        self.snare_end(seen, label);
        let mut armed = lock(&self.armed);
        let wanted = armed.iter_mut().find(|armed| {
            let Shot { victim, moment, label: of, .. } = &armed.shot;
            (*victim, *moment) == (Victim::Keeper, Moment::RootEnded) && of.as_deref().is_none_or(|of| of == label)
        });
        if let (Some(armed), Some(tag)) = (wanted, seen.tag_of(label)) {
            armed.shot.label = Some(label.to_owned());
            signal_holder(&seen.run_dir(&tag).join("keeper.lock"), Signal::Stop);
        }
    }

    /// If its keeper is to be killed while it records that, the snare is laid here.
    fn snare_end(&self, seen: &Arc<Seen>, label: &str) {
        let mut armed = lock(&self.armed);
        let is_wanted = |Armed { shot, .. }: &Armed| {
            let Shot { victim, moment, after, label: of, .. } = shot;
            (*victim, *moment) == (Victim::Keeper, Moment::ExitBegun)
                && after.is_zero()
                && of.as_deref().is_none_or(|of| of == label)
        };
        let wanted = armed.iter().position(is_wanted);
        let laid = wanted.zip(seen.tag_of(label)).and_then(|(index, tag)| {
            let run = seen.run_dir(&tag);
            Some((
                index,
                snare::lay(&run)?,
                Sign { label: Some(label.to_owned()), tag: Some(tag), moment: Moment::ExitBegun },
            ))
        });
        let Some((index, keeper, sign)) = laid else { return };
        let Armed { shot, .. } = armed.swap_remove(index);
        drop(armed);
        fly(seen, move |seen| hit(seen, &shot, &sign, snare::is_gone(&keeper)));
    }

    /// From here on nothing can be recorded, where somebody is to be killed before a forced stop is.
    fn hold_journal(&self, seen: &Seen, sign: &Sign) {
        let is_wanted = lock(&self.armed)
            .iter()
            .any(|armed| armed.shot.moment == Moment::ForcedUnrecorded && armed.shot.label == sign.label);
        if is_wanted {
            *lock(&self.hold) = Hold::take(seen.home.join("nightkeep.db")).ok();
        }
    }
}

fn is_about(shot: &Shot, sign: &Sign) -> bool {
    let moment = if shot.moment == Moment::ForcedUnrecorded {
        // Whatever was killed has ended, and the journal is held.
        Moment::RootEnded
    } else if shot.is_snare() {
        // It has to be there before its keeper is.
        Moment::DirectoryMade
    } else {
        shot.moment
    };
    moment == sign.moment && shot.label.as_ref().is_none_or(|label| sign.label.as_ref() == Some(label))
}

fn fire(seen: &Seen, shot: &Shot, sign: &Sign) {
    let tag = sign.tag.clone().or_else(|| seen.tag_of(sign.label.as_deref()?));
    let label = sign.label.clone().or_else(|| label_of(seen, tag.as_deref()?));
    let lock_file = lock_file(seen, shot.victim, tag.as_deref());
    let is_hit = match (&lock_file, shot.victim) {
        (Some(file), _) => signal_holder(file, Signal::Kill),
        (None, Victim::Tray | Victim::Window) => kill_command(seen, &shot.victim.to_string()),
        (None, _) => label.as_deref().map_or_else(|| kill_nameless(seen), |label| kill_command(seen, label)),
    };
    drop(lock(&seen.shots.hold).take());
    let sign = Sign { label, tag, moment: sign.moment };
    hit(seen, shot, &sign, is_hit);
}

/// A keeper that is about to be started is ended while it records the start.
fn snare_start(seen: &Arc<Seen>, shot: Shot, sign: &Sign) {
    let sign = sign.clone();
    let run = sign.tag.as_deref().map(|tag| seen.run_dir(tag)).unwrap_or_default();
    let held = Held::take(&run);
    fly(seen, move |seen| {
        // Where the keeper came first, it may still be on its way to the record.
        let is_hit =
            held.map_or_else(|| snare::lay(&run).as_ref().is_some_and(snare::is_gone), |held| held.spring(&run));
        hit(seen, &shot, &sign, is_hit);
    });
}

/// Lets a shot take its time beside whatever else is seen.
fn fly(seen: &Arc<Seen>, shot: impl FnOnce(&Seen) + Send + 'static) {
    let aim = Arc::clone(seen);
    let flying = thread::spawn(move || shot(&aim));
    lock(&seen.shots.flying).push(flying);
}

/// Notes who was killed, or that nobody was.
fn hit(seen: &Seen, shot: &Shot, sign: &Sign, is_hit: bool) {
    let tag = sign.tag.clone();
    let label = sign.label.clone().or_else(|| label_of(seen, tag.as_deref()?));
    let lock_file = lock_file(seen, shot.victim, tag.as_deref());
    if !is_hit {
        lock(&seen.shots.misses).push(format!("{shot:?} at {sign:?}"));
        return;
    }
    let (victim, moment, at_ms) = (shot.victim, shot.moment, now_ms());
    let mut kills = lock(&seen.shots.kills);
    let run = tag.map(|tag| seen.run_dir(&tag));
    // Nobody reads the list before it is known.
    let is_exact = is_exact(shot, run.as_deref(), lock_file.as_deref());
    kills.push(Kill { victim, moment, label, at_ms, is_exact });
}

/// Whether a keeper was dead before it could do what comes after the moment.
fn is_exact(shot: &Shot, run: Option<&Path>, lock_file: Option<&Path>) -> bool {
    let (Victim::Keeper, Some(run), Some(file)) = (shot.victim, run, lock_file) else { return true };
    let start = Instant::now();
    while holder(file).is_some() && start.elapsed() < GONE_WITHIN {
        thread::yield_now();
    }
    let moment = shot.moment;
    let is_before_fork = moment != Moment::BeforeFork || !has_begun(run);
    // The record is begun when the command was forked.
    let is_before_record = moment != Moment::AfterFork || (has_begun(run) && !run.join("run.json").exists());
    let is_before_end = !matches!(moment, Moment::RootEnded | Moment::ExitBegun) || !run.join("exit.json").exists();
    is_before_fork && is_before_record && is_before_end
}

/// Whether a record of the start was at least begun.
fn has_begun(run: &Path) -> bool {
    let names = std::fs::read_dir(run).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| name.to_string_lossy().contains("run.json"))
}

fn lock_file(seen: &Seen, victim: Victim, tag: Option<&str>) -> Option<PathBuf> {
    match victim {
        Victim::Engine => Some(seen.home.join("engine.lock")),
        Victim::Keeper => tag.map(|tag| seen.run_dir(tag).join("keeper.lock")),
        Victim::Command | Victim::Tray | Victim::Window => None,
    }
}

fn label_of(seen: &Seen, tag: &str) -> Option<String> {
    lock(&seen.tags).iter().find(|(_, known)| *known == tag).map(|(label, _)| label.clone())
}

fn kill_command(seen: &Seen, label: &str) -> bool {
    lock(&seen.commands).get(label).is_some_and(kill)
}

/// Kills a command whose run has no name yet.
fn kill_nameless(seen: &Seen) -> bool {
    let tags = lock(&seen.tags).clone();
    let is_nameless = |label: &str| !tags.contains_key(label) && !SURFACES.contains(&label);
    lock(&seen.commands).iter().any(|(label, command)| is_nameless(label) && kill(command))
}

fn kill(process: &Process) -> bool {
    process.is_alive() && process.signal(Signal::Kill).is_ok()
}
