//! What became of each process of a run that was stopped, as far as what was written down tells.

use super::entry::{Entry, Stage, Stamped};
use super::error::StoreError;
use super::fold;
use super::read::Reader;
use super::state::StoredRun;
use crate::api::{EvidenceProcess, Method, ProcessEnd};

/// Who was there when each signal of a stop was sent.
type Present = Vec<(Stage, Vec<u32>)>;

impl Reader {
    /// Fills in what became of the processes that were seen before the stop.
    pub(super) fn tell_ends(&self, state: &StoredRun, processes: &mut [EvidenceProcess]) -> Result<(), StoreError> {
        let present = self.present(state.run)?;
        for process in processes {
            process.end = end_of(process.pid, state, &present);
        }
        Ok(())
    }

    fn present(&self, run: u64) -> Result<Present, StoreError> {
        let sql = "SELECT at_wall_ms, at_awake_ms, boot, body FROM journal
                   WHERE run = ?1 AND kind = 'present' ORDER BY seq LIMIT 8";
        self.ask(|db| {
            let mut select = db.prepare_cached(sql)?;
            let mut rows = select.query([fold::to_sql(run)])?;
            let mut present = Present::new();
            while let Some(row) = rows.next()? {
                if let Some(Stamped { at: _, entry: Entry::Present { stage, pids } }) = fold::stamped(row, 0)? {
                    present.push((stage, pids));
                }
            }
            Ok(present)
        })
    }
}

fn end_of(pid: u32, state: &StoredRun, present: &Present) -> Option<ProcessEnd> {
    let ending = state.ended.as_ref()?;
    if ending.survivors.iter().any(|survivor| survivor.pid == pid) {
        return Some(ProcessEnd::Alive);
    }
    let was_there_at = |stage: Stage| {
        let mut of_stage = present.iter().rev().filter(|(at, _)| *at == stage);
        of_stage.next().map(|(_, pids)| pids.contains(&pid))
    };
    let asked = was_there_at(Stage::PoliteRoot);
    match (asked, was_there_at(Stage::Forced), ending.method?) {
        (Some(false), _, _) => Some(ProcessEnd::Gone),
        (Some(true), Some(true), _) => Some(ProcessEnd::Ignored),
        (None, Some(true), _) if state.stop.as_ref().is_some_and(|stop| stop.force) => Some(ProcessEnd::Killed),
        (None, Some(false), _) if state.stop.as_ref().is_some_and(|stop| stop.force) => Some(ProcessEnd::Gone),
        (Some(true), Some(false), _) | (Some(true), None, Method::Graceful) => Some(ProcessEnd::Obeyed),
        (None, _, _) | (Some(true), None, Method::Forced) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Outcome, Reason};
    use crate::store::entry::{Ending, Registration, Stamp, Survivor};
    use crate::store::state::Stop;

    fn stopped(method: Method, force: bool) -> StoredRun {
        let at = Stamp { at_wall_ms: 0, at_awake_ms: 0, boot: String::new() };
        let mut run = StoredRun::register(1, &at, &Registration::plain("t"));
        run.stop = Some(Stop {
            at,
            reason: Reason::Stalled,
            since_ms: 0,
            step: None,
            note: None,
            force,
            stage: None,
            first_signal: None,
            delivered: None,
        });
        let mut ending = Ending::new(Outcome::Aborted, 0);
        ending.method = Some(method);
        ending.survivors = vec![Survivor::from(9)];
        run.ended = Some(ending);
        run
    }

    #[test]
    fn each_process_has_the_end_that_was_written_down() {
        let present =
            vec![(Stage::PoliteRoot, vec![1, 2, 9]), (Stage::PoliteRest, vec![2, 9]), (Stage::Forced, vec![2, 9])];
        let run = stopped(Method::Forced, false);
        let ends = [1, 2, 3, 9].map(|pid| end_of(pid, &run, &present));
        assert_eq!(ends, [ProcessEnd::Obeyed, ProcessEnd::Ignored, ProcessEnd::Gone, ProcessEnd::Alive].map(Some),);
    }

    #[test]
    fn who_was_killed_at_once_ignored_nothing() {
        let run = stopped(Method::Forced, true);
        assert_eq!(end_of(1, &run, &vec![(Stage::Forced, vec![1])]), Some(ProcessEnd::Killed));
        assert_eq!(end_of(2, &run, &vec![(Stage::Forced, vec![1])]), Some(ProcessEnd::Gone));
    }

    #[test]
    fn where_nobody_wrote_down_who_was_there_no_end_is_made_up() {
        let run = stopped(Method::Forced, false);
        assert_eq!(end_of(1, &run, &Vec::new()), None);
        assert_eq!(end_of(1, &run, &vec![(Stage::PoliteRoot, vec![1])]), None);
        let graceful = stopped(Method::Graceful, false);
        assert_eq!(end_of(1, &graceful, &vec![(Stage::PoliteRoot, vec![1])]), Some(ProcessEnd::Obeyed));
    }
}
