//! The computer is kept awake while runs are active and the settings want that. Nothing depends on it: a computer that
//! sleeps all the same is on no limit.

use nightkeep_core::RunId;

use super::fact::Fact;
use super::task::Actor;
use crate::api::FaultKind;
use crate::awake::{KeptAwake, keep};

/// How far it is with that.
#[derive(Debug, Default)]
pub(super) enum Awakeness {
    /// It may sleep.
    #[default]
    MaySleep,
    /// The system is asked.
    Asked,
    /// It stays awake for as long as this is held.
    Kept { _lock: KeptAwake },
    /// The system does not; it is asked again when a later run than this one is active.
    Refused { newest: Option<RunId> },
}

impl Actor {
    /// Called at every turn: asks the system, or lets go, when that is what is wanted.
    pub(super) fn mind_sleep(&mut self) {
        let newest = self.runs.keys().next_back().copied();
        let is_wanted = newest.is_some() && self.config.current().settings().keep_awake;
        match &self.awakeness {
            Awakeness::MaySleep if is_wanted => self.ask_to_stay_awake(),
            Awakeness::Refused { newest: before } if is_wanted && newest > *before => self.ask_to_stay_awake(),
            Awakeness::Kept { .. } | Awakeness::Refused { .. } if !is_wanted => {
                self.awakeness = Awakeness::MaySleep;
                let _was_there = self.faults.clear(FaultKind::Awake);
            }
            Awakeness::MaySleep | Awakeness::Asked | Awakeness::Kept { .. } | Awakeness::Refused { .. } => {}
        }
    }

    fn ask_to_stay_awake(&mut self) {
        self.awakeness = Awakeness::Asked;
        self.spawn_aside(async { Fact::Awake(keep().await) });
    }

    /// The system has answered. Whether it is still wanted is looked at in the same turn.
    pub(super) fn awake_answered(&mut self, answer: Result<KeptAwake, String>) {
        if let Err(why) = &answer {
            tracing::warn!(%why, "the computer may fall asleep while runs are active");
        }
        self.faults.settle(FaultKind::Awake, answer.as_ref().map(drop), |why| {
            format!("The computer may fall asleep while runs are active: {why}.")
        });
        self.awakeness = match answer {
            Ok(lock) => Awakeness::Kept { _lock: lock },
            Err(_) => Awakeness::Refused { newest: self.runs.keys().next_back().copied() },
        };
    }
}
