//! One round: it is played, everything comes to rest under a fresh engine, and then it is judged.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use nightkeep_os::Signal;

use super::agents::{Kind, Start};
use super::chance::Chance;
use super::deaths::now_ms;
use super::field::{Field, Played};
use super::judge::judge;
use super::locks::signal_holder;
use super::moment::{Moment, Victim};
use super::plan::Plan;
use super::scout::lock;
use super::shots::{Kill, Shot};
use super::storm::{Work, storm};
use super::tally::Tally;
use crate::{PATIENCE, eventually};

/// So many rounds share a home.
const ROUNDS_IN_A_HOME: u64 = 10;
/// Once in so many rounds, engines are killed over a work with a long history, so many of them.
const ROUNDS_WITHOUT_STORM: u64 = 5;
const KILLS_OF_A_STORM: u64 = 4;
/// How often the first engine of a home is killed while it makes its database.
const BIRTHS: u64 = 3;

/// Rounds, each in the home of the one before, for a while.
#[derive(Debug)]
pub(super) struct Rounds {
    field: Field,
    births: u64,
}

impl Rounds {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { field: Field::new()?, births: 0 })
    }

    /// Plays the round of a seed with this number.
    pub(super) fn play(&mut self, seed: u64, number: u64, tally: &mut Tally) -> Result<()> {
        if number.is_multiple_of(ROUNDS_IN_A_HOME) {
            *self = Self::new()?;
        }
        while self.births < BIRTHS {
            self.births += 1;
            let after = Duration::from_micros((seed.wrapping_add(number * 7 + self.births * 977)) % 4_000);
            let born = birth(&self.field, after);
            tally.add(&self.field.kept(born)?);
        }
        if number % ROUNDS_WITHOUT_STORM == 1 {
            tally.add(&storm_of(seed, number)?);
        }
        let plan = Plan::of(seed, number);
        let played = play(&mut self.field, &plan);
        let round = format!("round {number} of seed {seed}");
        let kills = self.field.kept(played.with_context(|| round))?;
        tally.add(&kills);
        tally.runs += u64::try_from(plan.agents.len()).unwrap_or(0);
        Ok(())
    }
}

/// A storm in a home of its own.
fn storm_of(seed: u64, number: u64) -> Result<Vec<Kill>> {
    let mut chance = Chance::of(seed, number.wrapping_add(1 << 32));
    let works = [Work::Folding, Work::BackingUp, Work::Restoring];
    let turn = usize::try_from(number / ROUNDS_WITHOUT_STORM).unwrap_or(0);
    let work = works.get(turn % works.len()).copied().unwrap_or(Work::Folding);
    let parts: Vec<u64> = (0..KILLS_OF_A_STORM).map(|_| chance.below(1000)).collect();
    let mut field = Field::new()?;
    let kills = storm(&mut field, work, &format!("s{number}"), &parts);
    field.kept(kills.with_context(|| format!("{work:?} at {parts:?} in round {number} of seed {seed}")))
}

/// Plays a round of one agent and one kill in a home of its own. Who was killed.
///
/// # Errors
/// A promise was broken, or nobody was killed.
pub fn act(kind: Kind, start: Option<Start>, victim: Victim, moment: Moment) -> Result<bool> {
    let mut field = Field::new()?;
    let kills = play(&mut field, &Plan::single("single", kind, start, victim, moment));
    let kills = kills.map_err(|error| field.night.explained(error))?;
    let kill = kills.iter().find(|kill| (kill.victim, kill.moment) == (victim, moment));
    let kill = kill.with_context(|| format!("no {victim} was killed at the moment `{}`", moment.name()))?;
    Ok(kill.is_exact)
}

/// Kills engines over a long work with a history of many nights, in a home of its own, each when it has done such a part of
/// it (in thousandths). How many were dead before the work was done.
///
/// # Errors
/// A promise was broken.
pub fn act_over(work: Work, parts: &[u64]) -> Result<usize> {
    let mut field = Field::new()?;
    let kills = storm(&mut field, work, "storm", parts);
    let kills = kills.map_err(|error| field.night.explained(error))?;
    Ok(kills.iter().filter(|kill| kill.moment != Moment::AnyTime && kill.is_exact).count())
}

fn play(field: &mut Field, plan: &Plan) -> Result<Vec<Kill>> {
    let mut played = field.play(plan)?;
    let misses = field.scout.seen.shots.misses();
    let mut kills = field.scout.seen.shots.disarm();
    ensure!(plan.agents.len() > 1 || misses.is_empty(), "{}", misses.join("\n"));
    settle(field, plan, &mut played, &mut kills)?;
    let said = said(&mut played)?;
    let broken = judge(field, &plan.agents, &kills, &said)?;
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    let left = field.clear(&mut played);
    ensure!(left.is_empty(), "nothing of these runs is left, and yet their keepers are: {}", left.join(", "));
    check_database(field)?;
    Ok(kills)
}

/// Brings everything to rest: whatever was halted goes on, and a fresh engine finds every run.
pub(super) fn settle(field: &Field, plan: &Plan, played: &mut Played, kills: &mut Vec<Kill>) -> Result<()> {
    for (label, command) in &mut played.commands {
        if let Some(tag) = field.scout.seen.tag_of(label) {
            signal_holder(&field.scout.seen.run_dir(&tag).join("keeper.lock"), Signal::Cont);
        }
        // It waits for its run, which is watched by whoever finds it.
        drop(command.try_wait());
    }
    if field.kill_engine()? {
        let (victim, moment) = (Victim::Engine, Moment::AnyTime);
        kills.push(Kill { victim, moment, label: None, at_ms: now_ms(), is_exact: true });
    }
    field.with_engine()?;
    let begin = Instant::now();
    loop {
        let status = field.night.json(&["status"])?;
        let runs = status.get("runs").and_then(serde_json::Value::as_array).context("read `status --json`")?;
        if runs.is_empty() {
            break;
        }
        for agent in plan.agents.iter().filter(|agent| agent.kind == Kind::Unwanted) {
            // It fails for one that has ended, or is being stopped already.
            drop(field.night.nightkeep(&["stop", &agent.label])?);
        }
        ensure!(begin.elapsed() < PATIENCE, "runs do not come to their end: {runs:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    for agent in &plan.agents {
        let seen = &field.scout.seen;
        let is_told = || lock(&seen.ends).contains_key(&agent.label);
        if lock(&seen.registered).contains(&agent.label) {
            eventually("the journal to be read", || is_told().then_some(()))?;
        }
    }
    Ok(())
}

/// How the commands ended that were not killed.
pub(super) fn said(played: &mut Played) -> Result<Vec<(String, Option<i32>)>> {
    let begin = Instant::now();
    let mut said = Vec::new();
    for (label, command) in &mut played.commands {
        let status = loop {
            if let Some(status) = command.try_wait()? {
                break status;
            }
            if begin.elapsed() > PATIENCE {
                bail!("the command that started {label} does not end");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        said.push((label.clone(), status.code()));
    }
    Ok(said)
}

/// Nothing that happened may have damaged the history.
pub(super) fn check_database(field: &Field) -> Result<()> {
    for entry in fs::read_dir(field.night.home())?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_known = ["nightkeep.db", "nightkeep.db-wal", "nightkeep.db-shm"].contains(&name.as_ref());
        if name.starts_with("nightkeep.db") && !is_known && !name.contains("backup") {
            return Err(anyhow!("the history was damaged and set aside as `{name}`"));
        }
    }
    Ok(())
}

/// The first engine of a home is killed while it makes its database; the next one has to cope.
fn birth(field: &Field, after: Duration) -> Result<Vec<Kill>> {
    let shots = &field.scout.seen.shots;
    shots.arm(vec![Shot { victim: Victim::Engine, moment: Moment::DatabaseOpened, nth: 1, after, label: None }]);
    field.start_engine()?.wait()?;
    field.with_engine()?;
    let mut kills = shots.disarm();
    for kill in &mut kills {
        kill.moment = Moment::Migrating;
    }
    check_database(field)?;
    field.kill_engine()?;
    lock(&field.scout.seen.commands).clear();
    Ok(kills)
}
