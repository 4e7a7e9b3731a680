//! Letting a later version take over: what was begun is finished first, so that the successor finds nothing half-done.

use std::sync::Arc;
use std::time::Duration;

use nightkeep_core::{Awake, Span};

use super::fact::Reply;
use super::task::Actor;
use crate::api::{ApiError, ErrorCode, HandOverRequest};
use crate::clock;
use crate::hand_over::Successor;
use crate::version::{VERSION, is_later};

/// What is not finished by then is left as a crash would leave it; the evidence of a stop takes 3 s at most.
const FINISH_WITHIN: Span = Span::from_secs(5);
/// Between two looks at whether all is finished.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Counts what was begun: each task holds one share until its result is in the task's queue.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Arc<()>);

impl UnderWay {
    /// A share, to be dropped when the work's result was handed over.
    pub(super) fn begun(&self) -> Arc<()> {
        Arc::clone(&self.0)
    }

    /// Whether nothing is under way.
    pub(super) fn is_nothing(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// The end of a task's work is not announced.
    pub(super) async fn look_again() {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// This engine is about to end in favour of a successor.
#[derive(Debug)]
pub(super) struct Leaving {
    successor: Successor,
    at_the_latest: Awake,
}

impl Leaving {
    /// Who takes over.
    pub(super) fn successor(self) -> Successor {
        self.successor
    }
}

impl Actor {
    /// Somebody with a later version asks to take over. The first one does; whoever else asks meanwhile hears the same and
    /// finds the successor.
    pub(super) fn hand_over(&mut self, request: HandOverRequest, reply: Reply<()>) {
        let refusal = if self.leaving.is_some() { None } else { refusal(&request) };
        if let Some(error) = refusal {
            tracing::warn!(theirs = %request.version, %error, "does not hand over");
            let _heard = reply.send(Err(error));
            return;
        }
        let _heard = reply.send(Ok(()));
        if self.leaving.is_none() {
            let HandOverRequest { version, program } = request;
            tracing::info!(to = %version, program = %program.display(), "hands over to a later version");
            let at_the_latest = clock::now().awake.plus(FINISH_WITHIN);
            self.leaving = Some(Leaving { successor: Successor { version, program }, at_the_latest });
        }
    }

    /// Ends when a successor waits and nothing is under way. Asked after a round, when `no_facts` says whether all results
    /// were taken in.
    pub(super) fn leave_when_finished(&mut self, no_facts: bool) {
        let Some(leaving) = &self.leaving else { return };
        // In this order: a share is dropped only after its result is in the queue.
        let finished = self.under_way.is_nothing() && no_facts;
        let late = clock::now().awake >= leaving.at_the_latest;
        if late && !finished {
            tracing::warn!("hands over before all that was begun is finished");
        }
        self.ending |= finished || late;
    }
}

fn refusal(request: &HandOverRequest) -> Option<ApiError> {
    let HandOverRequest { version, program } = request;
    if !is_later(version, VERSION) {
        let message = format!("version {version} does not take over from version {VERSION}: it is not later");
        return Some(ApiError::new(ErrorCode::Conflict, message).at_field("version"));
    }
    if !program.is_absolute() || !program.is_file() {
        let message = format!("`{}` is no program by its full path", program.display());
        return Some(ApiError::new(ErrorCode::CannotStart, message).at_field("program"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(version: &str, program: &std::path::Path) -> Option<ErrorCode> {
        let request = HandOverRequest { version: version.to_owned(), program: program.to_owned() };
        refusal(&request).map(|error| error.code)
    }

    #[test]
    fn only_a_later_version_whose_program_is_there_takes_over() {
        let program = std::env::current_exe().unwrap();
        assert_eq!(asked("999.0.0", &program), None);
        for not_later in [VERSION, "0.0.1", "latest", ""] {
            assert_eq!(asked(not_later, &program), Some(ErrorCode::Conflict), "{not_later}");
        }
        assert_eq!(asked("999.0.0", &program.with_file_name("missing")), Some(ErrorCode::CannotStart));
        assert_eq!(asked("999.0.0", std::path::Path::new("nightkeep")), Some(ErrorCode::CannotStart));
    }

    #[test]
    fn a_share_counts_until_it_is_dropped() {
        let under_way = UnderWay::default();
        let (one, other) = (under_way.begun(), under_way.begun());
        drop(one);
        assert!(!under_way.is_nothing());
        drop(other);
        assert!(under_way.is_nothing());
    }
}
