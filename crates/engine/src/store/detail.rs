//! One run with all that is stored of it.

use super::entry::{Entry, Stamped};
use super::error::StoreError;
use super::fold;
use super::heard::{HeardEntry, Totals};
use super::read::{Reader, history_row, rfc3339, seconds};
use super::state::StoredRun;
use crate::api::{
    AdvanceView, ClaimView, Evidence, LimitsView, OutputTail, Phase, RunDetail, TimelineEvent, TotalsView,
};
use crate::{clean, words};

/// Advances of a run that are shown.
const ADVANCES_MAX: u32 = 50;

/// Events of a run that are shown: the latest ones. A marker that breaks and mends all night must not fill memory.
const EVENTS_MAX: u32 = 500;

/// A note of an advance is cut to this many characters.
const NOTE_CHARS_MAX: usize = 200;

impl Reader {
    /// One run with all that is stored of it. What only a look at the living run tells (the output, what it does at
    /// this moment) is left for the caller to fill in.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn detail(&self, run: u64) -> Result<Option<RunDetail>, StoreError> {
        let Some(state) = self.run(run)? else { return Ok(None) };
        let (zone, clock) = (self.zone(), self.clock_of(run)?);
        let mut evidence = self.evidence(run)?;
        let processes = evidence.as_mut().map(|evidence| evidence.processes.as_mut_slice()).unwrap_or_default();
        self.tell_ends(&state, processes)?;
        Ok(Some(RunDetail {
            run,
            phase: phase(&state),
            started_at: rfc3339(state.started_wall_ms()),
            limits: limits(&state),
            ended: history_row(&state, &zone),
            message: words::message(&state, &zone),
            cause: words::at_length(&state, processes, &zone),
            total: state.total,
            totals: reported(&state.heard.totals),
            claim: state.heard.claimed.as_ref().map(|(succeeded, message)| ClaimView {
                succeeded: *succeeded,
                message: message.as_deref().map(|message| clean::clean_text(message, NOTE_CHARS_MAX)),
            }),
            quiet: self.quiet(&state, &clock)?,
            result: self.result(run)?,
            advances: self.advances(run, &clock)?,
            timeline: self.timeline(&state, &clock)?,
            evidence,
            output: OutputTail { removed_at: state.removed.of_output().map(rfc3339), ..OutputTail::default() },
            tag: state.tag,
            job: state.job,
            r#type: state.job_type,
            command: state.command,
            cwd: state.cwd,
            marker: state.marker,
            observe: state.observe,
        }))
    }

    /// What it handed back last.
    fn result(&self, run: u64) -> Result<Option<serde_json::Value>, StoreError> {
        let sql = "SELECT at_wall_ms, at_awake_ms, boot, body FROM journal
                   WHERE run = ?1 AND kind = 'result' ORDER BY seq DESC LIMIT 1";
        let last = self.ask(|db| {
            let mut select = db.prepare_cached(sql)?;
            let mut rows = select.query([fold::to_sql(run)])?;
            rows.next()?.map_or(Ok(None), |row| fold::stamped(row, 0))
        })?;
        Ok(match last.map(|stamped| stamped.entry) {
            Some(Entry::Heard(HeardEntry::Result { document })) => {
                serde_json::from_str(&document).ok().map(clean::harmless_json)
            }
            Some(_) | None => None,
        })
    }

    fn advances(&self, run: u64, clock: &ClockOfRun) -> Result<Vec<AdvanceView>, StoreError> {
        let sql = "SELECT a.at_wall_ms, a.step, a.note, a.gap_ms, a.seq, j.body ->> '$.source'
                   FROM advances AS a JOIN journal AS j ON j.seq = a.seq
                   WHERE a.run = ?1 ORDER BY a.seq DESC LIMIT ?2";
        let mut latest: Vec<AdvanceView> = self.ask(|db| {
            db.prepare_cached(sql)?
                .query_map((fold::to_sql(run), ADVANCES_MAX), |row| {
                    let note: Option<String> = row.get(2)?;
                    Ok(AdvanceView {
                        at: rfc3339(clock.restated(row.get(4)?, row.get(0)?)),
                        step: row.get(1)?,
                        note: note.map(|note| clean::clean_text(&note, NOTE_CHARS_MAX)),
                        gap_s: seconds(fold::from_sql(row.get(3)?)),
                        source: row.get(5)?,
                    })
                })?
                .collect()
        })?;
        latest.reverse();
        Ok(latest)
    }

    fn timeline(&self, state: &StoredRun, clock: &ClockOfRun) -> Result<Vec<TimelineEvent>, StoreError> {
        let sql = "SELECT at_wall_ms, at_awake_ms, boot, body, seq FROM journal
                   WHERE run = ?1 AND kind NOT IN ('advanced', 'doing', 'read', 'seen', 'unseen', 'present', 'removing',
                                                   'not-removed')
                   ORDER BY seq DESC LIMIT ?2";
        let mut events: Vec<TimelineEvent> = self.ask(|db| {
            let mut select = db.prepare_cached(sql)?;
            let mut rows = select.query((fold::to_sql(state.run), EVENTS_MAX))?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                // An entry of a later version has no words here.
                if let Some(stamped) = fold::stamped(row, 0)? {
                    events.push(TimelineEvent {
                        at: rfc3339(clock.restated(row.get(4)?, stamped.at.at_wall_ms)),
                        kind: stamped.entry.kind().to_owned(),
                        text: words::event(&stamped.entry, state),
                        lasted_s: lasted_s(&stamped.entry),
                    });
                }
            }
            Ok(events)
        })?;
        events.reverse();
        Ok(events)
    }

    /// How the wall clock was set while a run was watched.
    fn clock_of(&self, run: u64) -> Result<ClockOfRun, StoreError> {
        let sql = "SELECT at_wall_ms, at_awake_ms, boot, body, seq FROM journal
                   WHERE run = ?1 AND kind = 'clock-jumped'";
        self.ask(|db| {
            let mut select = db.prepare_cached(sql)?;
            let mut rows = select.query([fold::to_sql(run)])?;
            let mut set = Vec::new();
            while let Some(row) = rows.next()? {
                if let Some(Stamped { at: _, entry: Entry::ClockJumped { by_ms } }) = fold::stamped(row, 0)? {
                    set.push((row.get(4)?, by_ms));
                }
            }
            Ok(ClockOfRun { set })
        })
    }

    fn evidence(&self, run: u64) -> Result<Option<Evidence>, StoreError> {
        let sql = "SELECT at_wall_ms, at_awake_ms, boot, body FROM evidence JOIN journal USING (seq)
                   WHERE evidence.run = ?1";
        self.ask(|db| {
            let mut select = db.prepare_cached(sql)?;
            let mut rows = select.query([fold::to_sql(run)])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            match fold::stamped(row, 0)? {
                Some(Stamped { at: _, entry: Entry::EvidenceTaken { evidence } }) => Ok(Some(*evidence)),
                Some(_) | None => Ok(None),
            }
        })
    }
}

/// When, in the order of the journal, and by how much the wall clock was set.
pub(super) struct ClockOfRun {
    set: Vec<(i64, i64)>,
}

impl ClockOfRun {
    /// The time of an entry on the clock as it went on, so that the story of a run has one order.
    pub(super) fn restated(&self, seq: i64, wall_ms: i64) -> i64 {
        let since = self.set.iter().filter(|(at, _)| *at > seq);
        since.fold(wall_ms, |wall_ms, (_, by_ms)| wall_ms.saturating_add(*by_ms))
    }
}

fn lasted_s(entry: &Entry) -> Option<f64> {
    if let Entry::Slept { ms, .. } = entry { Some(seconds(*ms)) } else { None }
}

/// What the work took, where anything is known of it.
fn reported(totals: &Totals) -> Option<TotalsView> {
    let Totals { succeeded, failed, turns, cost_microusd, timed, latency_ms, last_latency_ms } = *totals;
    let calls = succeeded.saturating_add(failed);
    #[expect(clippy::cast_precision_loss, reason = "counts for display")]
    let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
    (*totals != Totals::default()).then(|| TotalsView {
        succeeded,
        failed,
        success_rate: share(succeeded, calls),
        mean_latency_s: share(latency_ms, timed).map(|ms| ms / 1e3),
        last_latency_s: last_latency_ms.map(seconds),
        // Of what is over, a slow last call is no news.
        slow: false,
        cost_usd: seconds(cost_microusd) / 1e3,
        turns,
    })
}

fn phase(state: &StoredRun) -> Phase {
    if state.ended.is_some() {
        Phase::Ended
    } else if state.stop.is_some() {
        Phase::Stopping
    } else if state.is_queued() {
        Phase::Queued
    } else if state.started.is_some() || state.attached {
        Phase::Running
    } else {
        Phase::Starting
    }
}

fn limits(state: &StoredRun) -> LimitsView {
    let limits = &state.limits;
    LimitsView {
        warn_after_s: seconds(limits.warn_ms),
        stall_after_s: seconds(limits.stall_ms),
        grace_s: seconds(limits.grace_ms),
        start_allowance_s: seconds(limits.start_allowance_ms),
        max_runtime_s: limits.max_runtime_ms.map(seconds),
        reports: state.limits.reports,
    }
}
