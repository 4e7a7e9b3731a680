//! What the engine says that concerns the tray itself: that a person wants it to end, and which engine it is.

use std::sync::Mutex;

use nightkeep_engine::api::Live;
use tokio::sync::watch;

/// What was heard so far.
#[derive(Debug)]
pub(crate) struct Orders {
    heard: Mutex<Option<(u32, u32)>>,
    end: watch::Sender<bool>,
    engine: watch::Sender<Option<u32>>,
}

impl Orders {
    pub(crate) fn new() -> Self {
        Self { heard: Mutex::new(None), end: watch::Sender::new(false), engine: watch::Sender::new(None) }
    }

    /// Takes a document in. What an engine was asked for before this tray knew it concerned another tray.
    pub(crate) fn hear(&self, live: &Live) {
        let (engine, count) = (live.status.engine.pid, live.quitting.tray);
        let former = self.heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner).replace((engine, count));
        if former.is_some_and(|(known, before)| known == engine && before < count) {
            self.end.send_replace(true);
        }
        self.engine.send_if_modified(|known| known.replace(engine) != Some(engine));
    }

    /// Waits until a person wants the tray to end.
    pub(crate) async fn ended(&self) {
        let mut end = self.end.subscribe();
        // It is not dropped while somebody waits.
        let _wanted = end.wait_for(|end| *end).await;
    }

    /// The process of the engine, as soon as there is one.
    pub(crate) fn engine(&self) -> watch::Receiver<Option<u32>> {
        self.engine.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use nightkeep_engine::api::{EngineInfo, Quitting, Status, Summary};

    use super::*;

    fn live(engine: u32, tray: u32) -> Live {
        let engine = EngineInfo { version: "1".to_owned(), api: 1, pid: engine, started_at: String::new() };
        let status =
            Status { engine, summary: Summary::default(), runs: vec![], jobs: vec![], paused: None, snoozed: vec![] };
        let quitting = Quitting { tray, runs: false };
        let (unseen, leftovers, faults) = (vec![], vec![], vec![]);
        let icon_style = nightkeep_engine::api::IconStyle::default();
        Live { revision: 1, at: String::new(), status, unseen, leftovers, faults, morning: None, quitting, icon_style }
    }

    #[test]
    fn a_tray_ends_when_it_is_asked_and_not_for_what_was_asked_of_one_before() {
        let orders = Orders::new();
        for (engine, count, ends) in [(7, 3, false), (7, 3, false), (8, 5, false), (8, 6, true)] {
            orders.hear(&live(engine, count));
            assert_eq!(orders.ended().now_or_never().is_some(), ends, "{engine} {count}");
        }
    }
}
