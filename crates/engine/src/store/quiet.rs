//! How long a run was quiet, made small enough to be drawn.

use super::detail::ClockOfRun;
use super::entry::{Entry, Stage, Stamped};
use super::error::StoreError;
use super::fold;
use super::heard::HeardEntry;
use super::read::{Reader, rfc3339, seconds};
use super::state::StoredRun;
use crate::api::{BandKind, MarkKind, QuietBand, QuietMark, QuietTimes, QuietTooth};

/// Stretches that are drawn of a run; more than there are points on a screen help nobody.
const TEETH_MAX: usize = 1_000;

/// Bands and marks that are drawn: a marker that breaks and mends all night must not fill memory.
const EVENTS_MAX: u32 = 400;

impl Reader {
    /// The chart of a run.
    pub(super) fn quiet(&self, state: &StoredRun, clock: &ClockOfRun) -> Result<QuietTimes, StoreError> {
        let (bands, marks) = self.bands_and_marks(state, clock)?;
        Ok(QuietTimes { teeth: self.teeth(state, clock)?, bands, marks })
    }

    fn teeth(&self, state: &StoredRun, clock: &ClockOfRun) -> Result<Vec<QuietTooth>, StoreError> {
        let sql = "SELECT at_wall_ms, step, gap_ms, seq FROM advances WHERE run = ?1 ORDER BY seq";
        self.ask(|db| {
            let mut select = db.prepare_cached(sql)?;
            let mut rows = select.query([fold::to_sql(state.run)])?;
            let mut teeth = Teeth::of(usize::try_from(state.gaps.count).unwrap_or(usize::MAX));
            while let Some(row) = rows.next()? {
                let at_wall_ms = clock.restated(row.get(3)?, row.get(0)?);
                teeth.add(Tooth { at_wall_ms, step: row.get(1)?, gap_ms: fold::from_sql(row.get(2)?), advances: 1 });
            }
            Ok(teeth.drawn())
        })
    }

    fn bands_and_marks(
        &self,
        state: &StoredRun,
        clock: &ClockOfRun,
    ) -> Result<(Vec<QuietBand>, Vec<QuietMark>), StoreError> {
        let sql = "SELECT at_wall_ms, at_awake_ms, boot, body, seq FROM journal
                   WHERE run = ?1 AND kind IN ('slept', 'marker-trouble', 'marker-readable', 'waits', 'resumed', 'warned',
                                               'would-stop', 'signalled') ORDER BY seq DESC LIMIT ?2";
        let mut found: Vec<(i64, i64, Entry)> = self.ask(|db| {
            let mut select = db.prepare_cached(sql)?;
            let mut rows = select.query((fold::to_sql(state.run), EVENTS_MAX))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                if let Some(Stamped { at, entry }) = fold::stamped(row, 0)? {
                    let seq = row.get(4)?;
                    found.push((seq, clock.restated(seq, at.at_wall_ms), entry));
                }
            }
            Ok(found)
        })?;
        found.reverse();
        let ended_wall_ms = state.ended.as_ref().map(|ending| ending.ended_wall_ms);
        let mut story = Story::default();
        for (seq, at, entry) in found {
            story.take(at, &entry, |wall_ms| clock.restated(seq, wall_ms));
        }
        Ok(story.told(ended_wall_ms))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tooth {
    at_wall_ms: i64,
    step: i64,
    gap_ms: u64,
    advances: u32,
}

/// Neighbours are put together where there are too many; of them the longest stays.
struct Teeth {
    each: usize,
    kept: Vec<Tooth>,
}

impl Teeth {
    fn of(advances: usize) -> Self {
        Self { each: advances.div_ceil(TEETH_MAX).max(1), kept: Vec::new() }
    }

    fn add(&mut self, tooth: Tooth) {
        match self.kept.last_mut().filter(|last| usize::try_from(last.advances).is_ok_and(|many| many < self.each)) {
            Some(last) => {
                *last = Tooth {
                    at_wall_ms: tooth.at_wall_ms,
                    step: tooth.step,
                    gap_ms: last.gap_ms.max(tooth.gap_ms),
                    advances: last.advances + 1,
                };
            }
            None => self.kept.push(tooth),
        }
    }

    fn drawn(self) -> Vec<QuietTooth> {
        let drawn = self.kept.into_iter().map(|Tooth { at_wall_ms, step, gap_ms, advances }| QuietTooth {
            at: rfc3339(at_wall_ms),
            step,
            gap_s: seconds(gap_ms),
            advances,
        });
        drawn.collect()
    }
}

/// What explains a quiet time, told in the order of the journal.
#[derive(Default)]
struct Story {
    bands: Vec<(BandKind, i64, Option<i64>)>,
    marks: Vec<(i64, MarkKind)>,
}

impl Story {
    fn take(&mut self, at: i64, entry: &Entry, restated: impl Fn(i64) -> i64) {
        if let Entry::Slept { ms, from_wall_ms } = entry {
            let from = restated(*from_wall_ms);
            self.bands.push((BandKind::Asleep, from, Some(from.saturating_add_unsigned(*ms))));
        } else if let Entry::MarkerTrouble { .. } = entry {
            self.begin(BandKind::Unreadable, at);
        } else if let Entry::MarkerReadable = entry {
            self.end(BandKind::Unreadable, at);
        } else if let Entry::Heard(HeardEntry::Waits { .. }) = entry {
            self.begin(BandKind::Waiting, at);
        } else if let Entry::Heard(HeardEntry::Resumed) = entry {
            self.end(BandKind::Waiting, at);
        } else if let Some(kind) = mark_of(entry) {
            self.marks.push((at, kind));
        }
    }

    /// What is said again while it is the case goes on.
    fn begin(&mut self, kind: BandKind, at: i64) {
        if self.open(kind).is_none() {
            self.bands.push((kind, at, None));
        }
    }

    fn end(&mut self, kind: BandKind, at: i64) {
        if let Some((_, _, to)) = self.open(kind) {
            *to = Some(at);
        }
    }

    fn open(&mut self, kind: BandKind) -> Option<&mut (BandKind, i64, Option<i64>)> {
        self.bands.iter_mut().rev().find(|(known, _, to)| *known == kind && to.is_none())
    }

    fn told(mut self, ended_wall_ms: Option<i64>) -> (Vec<QuietBand>, Vec<QuietMark>) {
        self.bands.sort_by_key(|(_, from, _)| *from);
        let bands = self.bands.into_iter().map(|(kind, from, to)| QuietBand {
            kind,
            from: rfc3339(from),
            to: to.or(ended_wall_ms).map(rfc3339),
        });
        let marks = self.marks.into_iter().map(|(at, kind)| QuietMark { at: rfc3339(at), kind });
        (bands.collect(), marks.collect())
    }
}

fn mark_of(entry: &Entry) -> Option<MarkKind> {
    if let Entry::Warned { .. } = entry {
        Some(MarkKind::Warning)
    } else if let Entry::WouldStop { .. } = entry {
        Some(MarkKind::WouldStop)
    } else if let Entry::Signalled { stage } = entry {
        match stage {
            Stage::PoliteRoot => Some(MarkKind::Asked),
            Stage::PoliteRest => None,
            Stage::Forced => Some(MarkKind::Killed),
        }
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tooth(n: u32) -> Tooth {
        let gap_ms = if n == 1_234 { 90_000 } else { 1_000 };
        Tooth { at_wall_ms: i64::from(n) * 1_000, step: i64::from(n), gap_ms, advances: 1 }
    }

    fn drawn(count: u32) -> Vec<QuietTooth> {
        let mut teeth = Teeth::of(count as usize);
        (1..=count).for_each(|n| teeth.add(tooth(n)));
        teeth.drawn()
    }

    #[test]
    fn as_many_advances_as_fit_are_drawn_one_by_one() {
        assert_eq!(drawn(0), []);
        assert!(drawn(1_000).iter().all(|tooth| tooth.advances == 1));
        assert_eq!(drawn(1_000).len(), 1_000);
    }

    #[test]
    fn of_neighbours_that_are_put_together_the_longest_quiet_time_stays() {
        let drawn = drawn(2_501);
        assert_eq!(drawn.len(), 834);
        assert_eq!(drawn.iter().map(|tooth| tooth.advances).sum::<u32>(), 2_501);
        let long: Vec<&QuietTooth> = drawn.iter().filter(|tooth| tooth.gap_s > 1.0).collect();
        assert_eq!(long.len(), 1);
        assert_eq!((long[0].gap_s, long[0].step, long[0].advances), (90.0, 1_236, 3));
    }

    #[test]
    fn a_marker_that_stays_unreadable_is_one_band_to_the_end() {
        let mut story = Story::default();
        let trouble = Entry::MarkerTrouble { what: "it is empty".to_owned() };
        for (at, entry) in [(1_000, &trouble), (2_000, &trouble), (3_000, &Entry::MarkerReadable), (5_000, &trouble)] {
            story.take(at, entry, |wall_ms| wall_ms);
        }
        story.take(9_000, &Entry::Slept { ms: 4_000, from_wall_ms: 4_000 }, |wall_ms| wall_ms + 500);
        let (bands, _) = story.told(Some(10_000));
        let shown: Vec<_> = bands.iter().map(|band| (band.kind, band.from.as_str(), band.to.as_deref())).collect();
        assert_eq!(
            shown,
            [
                (BandKind::Unreadable, "1970-01-01T00:00:01.000Z", Some("1970-01-01T00:00:03.000Z")),
                (BandKind::Asleep, "1970-01-01T00:00:04.500Z", Some("1970-01-01T00:00:08.500Z")),
                (BandKind::Unreadable, "1970-01-01T00:00:05.000Z", Some("1970-01-01T00:00:10.000Z")),
            ]
        );
    }
}
