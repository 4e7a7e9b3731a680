//! The computer is kept awake while runs are active and the settings want that. Nothing depends on it: a computer that
//! sleeps all the same is on no limit.

use nightkeep_core::RunId;
use tokio::task::JoinSet;

use super::fact::Fact;
use super::task::Actor;
use crate::api::{FaultKind, KeepAwake};
use crate::awake::{KeptAwake, PowerSource, keep};

/// How far it is with that.
#[derive(Debug, Default)]
pub(super) struct Awakeness {
    stage: Stage,
    /// What the computer draws its power from, while that matters.
    power: Option<Power>,
}

#[derive(Debug, Default)]
enum Stage {
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

/// The watch of what the computer draws its power from. It ends with this value.
#[derive(Debug)]
struct Power {
    _watch: JoinSet<()>,
    /// `None` until that is known.
    is_plugged_in: Option<bool>,
}

impl Actor {
    /// Called at every turn: asks the system, or lets go, when that is what is wanted.
    pub(super) fn mind_sleep(&mut self) {
        let newest = self.runs.keys().next_back().copied();
        let wish = newest.map_or(KeepAwake::Never, |_| self.config.current().settings().keep_awake);
        self.mind_power(wish);
        let is_wanted = match wish {
            KeepAwake::Never => false,
            KeepAwake::PluggedIn => {
                self.awakeness.power.as_ref().is_some_and(|power| power.is_plugged_in == Some(true))
            }
            KeepAwake::Always => true,
        };
        match &self.awakeness.stage {
            Stage::MaySleep if is_wanted => self.ask_to_stay_awake(),
            Stage::Refused { newest: before } if is_wanted && newest > *before => self.ask_to_stay_awake(),
            Stage::Kept { .. } | Stage::Refused { .. } if !is_wanted => {
                self.awakeness.stage = Stage::MaySleep;
                let _was_there = self.faults.clear(FaultKind::Awake);
            }
            Stage::MaySleep | Stage::Asked | Stage::Kept { .. } | Stage::Refused { .. } => {}
        }
    }

    /// What the computer draws its power from is watched while it decides, and only then.
    fn mind_power(&mut self, wish: KeepAwake) {
        match (wish, &self.awakeness.power) {
            (KeepAwake::PluggedIn, None) => {
                let facts = self.facts.clone();
                let mut watch = JoinSet::new();
                watch.spawn(async move {
                    let mut source = PowerSource::find().await;
                    while facts.send(Fact::PluggedIn(source.next().await)).await.is_ok() {}
                });
                self.awakeness.power = Some(Power { _watch: watch, is_plugged_in: None });
            }
            (KeepAwake::Never | KeepAwake::Always, Some(_)) => self.awakeness.power = None,
            (KeepAwake::PluggedIn, Some(_)) | (KeepAwake::Never | KeepAwake::Always, None) => {}
        }
    }

    /// Somebody plugged the computer in, or pulled the plug. Whether it stays awake is looked at in the same turn.
    pub(super) fn plugged_in(&mut self, is_plugged_in: bool) {
        // A watch that has ended may have told it; the next one tells again.
        if let Some(power) = &mut self.awakeness.power {
            power.is_plugged_in = Some(is_plugged_in);
        }
    }

    fn ask_to_stay_awake(&mut self) {
        self.awakeness.stage = Stage::Asked;
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
        self.awakeness.stage = match answer {
            Ok(lock) => Stage::Kept { _lock: lock },
            Err(_) => Stage::Refused { newest: self.runs.keys().next_back().copied() },
        };
    }
}
