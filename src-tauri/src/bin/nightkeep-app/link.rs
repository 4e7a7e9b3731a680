//! What is known of the engine, kept for the page that asks and for the commands that need the way to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nightkeep_engine::api::{ApiError, ErrorCode, Live};
use nightkeep_engine::client::Client;
use serde::Serialize;
use tokio::sync::Notify;

/// What the page is told: the newest snapshot, and why there is none to be had at the moment.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Link {
    pub(crate) live: Option<Live>,
    pub(crate) error: Option<ApiError>,
}

/// The way to the engine, shared by the commands and the bridge.
#[derive(Debug, Clone, Default)]
pub(crate) struct Way(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    known: Mutex<Known>,
    again: Notify,
}

#[derive(Debug, Default)]
struct Known {
    client: Option<Client>,
    link: Link,
}

impl Way {
    pub(crate) fn link(&self) -> Link {
        self.known().link.clone()
    }

    /// The client of an engine that is there.
    pub(crate) fn client(&self) -> Result<Client, ApiError> {
        let known = self.known();
        known.client.clone().ok_or_else(|| known.link.error.clone().unwrap_or_else(not_yet))
    }

    pub(crate) fn reached(&self, client: Client) {
        self.known().client = Some(client);
    }

    /// Takes in a snapshot. Says whether it differs from the one before.
    pub(crate) fn show(&self, live: &Live) -> bool {
        let mut known = self.known();
        let is_same = known.link.error.is_none() && known.link.live.as_ref() == Some(live);
        known.link = Link { live: Some(live.clone()), error: None };
        !is_same
    }

    /// The engine cannot be reached. The last snapshot stays: what is shown is then marked as out of date.
    pub(crate) fn lost(&self, error: &ApiError) {
        let mut known = self.known();
        known.client = None;
        known.link.error = Some(error.clone());
    }

    /// Somebody wants another attempt at once.
    pub(crate) fn try_again(&self) {
        self.0.again.notify_one();
    }

    /// Waits until somebody wants another attempt.
    pub(crate) async fn wanted_again(&self) {
        self.0.again.notified().await;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Every change is a plain assignment, so a panic elsewhere leaves nothing half-done.
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_yet() -> ApiError {
    ApiError::new(ErrorCode::Unreachable, "the engine is not connected yet")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nightkeep_engine::api::{EngineInfo, Quitting, Status, Summary};

    fn live(revision: u64) -> Live {
        let engine = EngineInfo { version: "1".to_owned(), api: 1, pid: 1, started_at: String::new() };
        let status = Status {
            engine,
            summary: Summary::default(),
            runs: Vec::new(),
            jobs: Vec::new(),
            paused: None,
            snoozed: Vec::new(),
        };
        Live {
            revision,
            at: String::new(),
            status,
            unseen: Vec::new(),
            leftovers: Vec::new(),
            faults: Vec::new(),
            morning: None,
            icon_style: nightkeep_engine::api::IconStyle::default(),
            quitting: Quitting::default(),
        }
    }

    #[test]
    fn an_equal_snapshot_is_no_news_unless_the_engine_was_away_in_between() {
        let way = Way::default();
        assert!(way.show(&live(1)));
        assert!(!way.show(&live(1)));
        assert!(way.show(&live(2)));
        way.lost(&not_yet());
        assert!(way.show(&live(2)));
    }

    #[test]
    fn a_lost_engine_keeps_its_last_snapshot_and_gives_its_reason_to_every_command() {
        let way = Way::default();
        way.show(&live(7));
        let error = ApiError::new(ErrorCode::Unreachable, "the engine ended");
        way.lost(&error);
        assert_eq!(way.client().map(drop), Err(error.clone()));
        assert_eq!(way.link().live, Some(live(7)));
        assert_eq!(way.link().error, Some(error));
    }
}
