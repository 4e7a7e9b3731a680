//! Comparing what Nightkeep says of a run with the truth.

use anyhow::{Context as _, Result};
use nightkeep_engine::api::{HistoryRow, Method, Outcome};

use super::agents::{Agent, GRACE, Start};
use super::field::Field;
use super::moment::{Moment, Victim};
use super::notes::{self, Note};
use super::scout::{End, lock};
use super::shots::Kill;

/// How much of a grace may pass before the agent has noted that it was asked: the machine may be busy.
const NOTED_WITHIN_MS: i64 = 350;

/// What is known of one run.
pub(super) struct Case<'a> {
    agent: &'a Agent,
    notes: Vec<Note>,
    rows: Vec<HistoryRow>,
    /// When its root ended.
    death_ms: Option<i64>,
    end: Option<End>,
    kills: Vec<&'a Kill>,
    /// How the command that started it ended; `None` when it was killed.
    said: Option<i32>,
}

/// Compares a whole round. The promises that were broken.
pub(super) fn judge(
    field: &Field,
    agents: &[Agent],
    kills: &[Kill],
    said: &[(String, Option<i32>)],
) -> Result<Vec<String>> {
    let history: Vec<HistoryRow> =
        serde_json::from_value(field.night.json(&["history", "--limit", "500"])?).context("read `history --json`")?;
    let seen = &field.scout.seen;
    let mut broken = Vec::new();
    for agent in agents {
        let case = Case {
            agent,
            notes: notes::of(field.notes(), &agent.label),
            rows: history.iter().filter(|row| row.job == agent.label).cloned().collect(),
            death_ms: lock(&seen.deaths).get(&agent.label).copied(),
            end: lock(&seen.ends).get(&agent.label).copied(),
            kills: kills.iter().filter(|kill| kill.label.as_ref() == Some(&agent.label)).collect(),
            said: said.iter().find(|(label, _)| *label == agent.label).and_then(|(_, code)| *code),
        };
        let found = case.broken();
        if !found.is_empty() {
            broken.push(case.told(&found));
        }
    }
    Ok(broken)
}

impl Case<'_> {
    fn told(&self, broken: &[String]) -> String {
        let Self { agent, notes, rows, death_ms, end, kills, said } = self;
        format!(
            "{} ({:?} by {:?}): {}\n  its notes: {notes:?}\n  its root ended: {death_ms:?}, at its end: {end:?}\n  \
             the command ended with {said:?}\n  killed: {kills:?}\n  the history says: {rows:#?}",
            agent.label,
            agent.kind,
            agent.start,
            broken.join("; "),
        )
    }

    fn broken(&self) -> Vec<String> {
        let mut broken = self.count();
        if let [row] = self.rows.as_slice() {
            broken.extend(self.code(row));
            broken.extend(self.outcome(row));
            broken.extend(self.who_lived(row));
            broken.extend(self.words(row));
        }
        broken.extend(self.grace());
        broken.extend(self.command());
        broken
    }

    fn count_of(&self, what: &str) -> usize {
        self.notes.iter().filter(|note| note.what == what).count()
    }

    fn has_started(&self) -> bool {
        self.count_of("start") > 0
    }

    fn lost_keeper(&self) -> bool {
        self.kills.iter().any(|kill| kill.victim == Victim::Keeper)
    }

    /// The number with which it has ended, by its own account.
    fn own_code(&self) -> Option<i32> {
        self.notes.iter().find_map(|note| note.what.strip_prefix("exit ")?.parse().ok())
    }

    fn count(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let (starts, rows) = (self.count_of("start"), self.rows.len());
        if starts > 1 {
            broken.push(format!("its command was started {starts} times"));
        }
        let is_unrecorded = |kill: &&&Kill| {
            kill.victim == Victim::Keeper
                && kill.is_exact
                && matches!(kill.moment, Moment::BeforeFork | Moment::AfterFork)
        };
        if let Some(kill) = self.kills.iter().find(is_unrecorded).filter(|_| starts > 0) {
            broken.push(format!("its command was started, and yet its keeper was dead at `{}`", kill.moment.name()));
        }
        // Whoever was to register an attached run may have been killed.
        let is_known = self.agent.start != Start::Attach || self.said == Some(0);
        if rows > 1 || (rows == 0 && self.has_started() && is_known) {
            broken.push(format!("the history has {rows} rows of it"));
        }
        broken
    }

    fn code(&self, row: &HistoryRow) -> Vec<String> {
        let own = self.own_code();
        let is_true = match row.exit_code {
            Some(code) => own == Some(code),
            // The end of an attached process is seen only by who is there.
            None => own.is_none() || self.lost_keeper() || self.agent.start == Start::Attach || row.signal == Some(9),
        };
        let mut broken = Vec::new();
        if !is_true {
            broken.push(format!("its exit code is {own:?}, and {:?} is said", row.exit_code));
        }
        let crashed = self.count_of("crash") > 0;
        if crashed && row.signal != Some(6) && !self.lost_keeper() {
            broken.push(format!("it crashed, and the signal {:?} is said", row.signal));
        }
        broken
    }

    fn outcome(&self, row: &HistoryRow) -> Vec<String> {
        let expected = self.agent.kind.outcome();
        let is_attached = self.agent.start == Start::Attach;
        let is_true = match row.outcome {
            // What nobody has seen may be lost, but nothing that a keeper has seen.
            Outcome::Lost => self.lost_keeper() || is_attached || !self.has_started(),
            Outcome::Failed => !self.has_started() || expected == Outcome::Failed,
            Outcome::Succeeded | Outcome::Aborted => row.outcome == expected,
        };
        let mut broken = Vec::new();
        if !is_true {
            broken.push(format!("{expected:?} is expected, and {:?} is said", row.outcome));
        }
        let stopped_by_force = self.agent.kind.needs_force() && row.outcome == Outcome::Aborted;
        if stopped_by_force && row.method != Some(Method::Forced) {
            broken.push(format!("nothing but force ends it, and {:?} is said", row.method));
        }
        if row.method == Some(Method::Forced) && !self.agent.kind.needs_force() {
            broken.push("it hears, and is said to have been stopped by force".to_owned());
        }
        if row.outcome != Outcome::Aborted && self.count_of("term") > 0 {
            broken.push("it was asked to end, and nothing is said of it".to_owned());
        }
        broken
    }

    /// Who lived at the moment at which the journal said that the run is over.
    fn who_lived(&self, row: &HistoryRow) -> Vec<String> {
        let Some(end) = self.end else { return vec!["the journal never said that it is over".to_owned()] };
        let mut broken = Vec::new();
        if end.root_lived && row.survivors.is_empty() {
            broken.push("its root lived when it was said to be over".to_owned());
        }
        let has_keeper = self.agent.start != Start::Attach && !self.lost_keeper();
        if has_keeper && end.any_lived && row.outcome == Outcome::Aborted {
            broken.push("something of it lived when all of it was said to be stopped".to_owned());
        }
        broken
    }

    fn words(&self, row: &HistoryRow) -> Vec<String> {
        let mut broken = Vec::new();
        let text = row.message.to_lowercase();
        let killed_alive = self.kills.iter().any(|kill| {
            let is_early = self.death_ms.is_none_or(|death| kill.at_ms + 50 < death);
            kill.victim == Victim::Keeper && is_early && kill.moment != Moment::AskedRest
        });
        if killed_alive && row.outcome == Outcome::Aborted && !text.contains("could be identified") {
            broken.push(format!("its keeper was killed, and yet it is said: {}", row.message));
        }
        if ["everything", "all of it", "nothing is left"].iter().any(|word| text.contains(word)) {
            broken.push(format!("more is said than can be known: {}", row.message));
        }
        broken
    }

    fn grace(&self) -> Vec<String> {
        let asked = self.notes.iter().find(|note| note.what == "term").map(|note| note.at_ms);
        let (Some(asked), Some(death), true) = (asked, self.death_ms, self.agent.kind.is_deaf()) else {
            return Vec::new();
        };
        let granted = death - asked;
        let grace = i64::try_from(GRACE.as_millis()).unwrap_or(i64::MAX);
        if granted + NOTED_WITHIN_MS < grace {
            return vec![format!("it was killed {granted} ms after it was asked, and its grace is {grace} ms")];
        }
        Vec::new()
    }

    /// What the command that started it ended with.
    fn command(&self) -> Vec<String> {
        let (Some(said), Start::Run, true) = (self.said, self.agent.start, self.has_started()) else {
            return Vec::new();
        };
        let own = self.own_code();
        let is_true = match self.rows.first().map(|row| row.outcome) {
            Some(Outcome::Aborted) => said == 124 || Some(said) == own || self.lost_keeper(),
            _ => Some(said) == own || self.lost_keeper() || (self.count_of("crash") > 0 && said == 128 + 6),
        };
        if is_true { Vec::new() } else { vec![format!("its command ended with {said}")] }
    }
}
