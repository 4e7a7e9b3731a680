//! The life of a run, as a table: which state follows which event.
//!
//! ```text
//! Starting ─► Running ◄──► Doubted          a limit passed; is it really so?
//!                 │           │
//!                 ▼           ▼
//!             Gathering ─► Recording ─► Asking ─► AskingAll ─► Forcing ─► Ended
//!             evidence     the intent   root      the rest     everything
//! ```
//! An advance leads back to `Running` as long as no signal was sent. From everywhere, `AllGone` leads to `Ended`.

use crate::effect::Stage;

/// Why a run is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No advance for the stall limit.
    Stalled,
    /// Longer than its longest run time.
    MaxRuntime,
    /// A person asked for it.
    User,
    /// No beats for the unreachable limit.
    Unresponsive,
    /// Busy with the same thing again and again.
    Circling,
    /// It has cost all that it may.
    Budget,
}

impl Reason {
    /// Whether a sign of the run can call the stop off; the other reasons stay true whatever it does.
    #[must_use]
    pub const fn is_doubtful(self) -> bool {
        match self {
            Self::Stalled | Self::Unresponsive | Self::Circling => true,
            Self::MaxRuntime | Self::User | Self::Budget => false,
        }
    }
}

/// How a run was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// It ended within the grace after the polite signal.
    Graceful,
    /// It had to be killed.
    Forced,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// By itself, with exit code 0.
    Succeeded,
    /// By itself, otherwise.
    Failed,
    /// Stopped by Nightkeep or its user.
    Aborted,
    /// Its end was not seen, and nothing tells how it was.
    Lost,
}

/// A stop under way: why, and whether it grants a grace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stop {
    /// Why.
    pub reason: Reason,
    /// Without a grace.
    pub force: bool,
}

/// Where a run is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Life {
    /// Its command is being started.
    Starting,
    /// Its command runs, and nothing speaks against it.
    Running,
    /// A limit passed; the source is being read once more before anything is done.
    Doubted(Reason),
    /// The evidence is being taken.
    Gathering(Stop),
    /// The intent to stop is being made durable.
    Recording(Stop),
    /// The root process was asked to end.
    Asking(Stop),
    /// Everything that is left was asked to end.
    AskingAll(Stop),
    /// Everything that is left is being killed.
    Forcing(Stop),
    /// It is over. Nothing leads out of here.
    Ended,
}

/// What can happen to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Its command is up.
    Started,
    /// A limit passed.
    Overdue(Reason),
    /// The doubt was confirmed: nothing moved.
    Confirmed,
    /// It advanced, or the doubt led to nothing.
    Cleared,
    /// A person wants it to stop.
    StopWanted {
        /// Without a grace.
        force: bool,
    },
    /// The evidence is there, or its time is over.
    EvidenceDone,
    /// The intent is durable.
    Stored,
    /// The intent could not be made durable.
    NotStored,
    /// Half of the grace is over, or the root is gone.
    RestDue,
    /// The grace is over.
    GraceOver,
    /// The forced stop had its time; something lives on.
    GaveUp,
    /// Nothing of it is left.
    AllGone,
}

/// An event that means nothing in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IllegalEvent {
    /// The state, which stays.
    pub life: Life,
    /// The event.
    pub event: Event,
}

impl Life {
    /// The state after `event`. The only writer of a run's state.
    ///
    /// # Errors
    /// [`IllegalEvent`] when the event means nothing here; the state stays as it is.
    pub fn next(self, event: Event) -> Result<Self, IllegalEvent> {
        let wanted = |force| Stop { reason: Reason::User, force };
        let next = match (self, event) {
            (Self::Starting, Event::Started) => Self::Running,
            (Self::Running, Event::Overdue(reason)) => Self::Doubted(reason),
            (Self::Doubted(reason), Event::Confirmed) => Self::Gathering(Stop { reason, force: false }),
            (Self::Doubted(_), Event::Cleared) => Self::Running,
            (Self::Starting | Self::Running | Self::Doubted(_), Event::StopWanted { force }) => {
                Self::Gathering(wanted(force))
            }
            (Self::Gathering(stop) | Self::Recording(stop), Event::Cleared) if stop.reason.is_doubtful() => {
                Self::Running
            }
            (Self::Gathering(stop), Event::StopWanted { force }) => Self::Gathering(wanted(stop.force || force)),
            (Self::Recording(stop), Event::StopWanted { force }) => Self::Recording(wanted(stop.force || force)),
            (Self::Gathering(stop), Event::EvidenceDone) => Self::Recording(stop),
            // A person's wish is carried out even when nothing can be written; a judgement is not.
            (Self::Recording(stop), Event::NotStored) if stop.reason != Reason::User => Self::Running,
            (Self::Recording(stop), Event::Stored | Event::NotStored) if stop.force => Self::Forcing(stop),
            (Self::Recording(stop), Event::Stored | Event::NotStored) => Self::Asking(stop),
            (Self::Asking(stop), Event::RestDue) => Self::AskingAll(stop),
            (Self::Asking(stop) | Self::AskingAll(stop), Event::GraceOver | Event::StopWanted { force: true }) => {
                Self::Forcing(stop)
            }
            (Self::Forcing(_), Event::GaveUp) => Self::Ended,
            (life, Event::AllGone) if life != Self::Ended => Self::Ended,
            (life, event) => return Err(IllegalEvent { life, event }),
        };
        Ok(next)
    }

    /// The stop under way, if there is one.
    #[must_use]
    pub const fn stop(self) -> Option<Stop> {
        match self {
            Self::Gathering(stop)
            | Self::Recording(stop)
            | Self::Asking(stop)
            | Self::AskingAll(stop)
            | Self::Forcing(stop) => Some(stop),
            Self::Starting | Self::Running | Self::Doubted(_) | Self::Ended => None,
        }
    }

    /// The stage of the stop that was reached; `None` before the first signal.
    #[must_use]
    pub const fn stage(self) -> Option<Stage> {
        match self {
            Self::Asking(_) => Some(Stage::PoliteRoot),
            Self::AskingAll(_) => Some(Stage::PoliteRest),
            Self::Forcing(_) => Some(Stage::Forced),
            Self::Starting
            | Self::Running
            | Self::Doubted(_)
            | Self::Gathering(_)
            | Self::Recording(_)
            | Self::Ended => None,
        }
    }

    /// Whether limits are watched: the command runs and no stop is under way.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        match self {
            Self::Running => true,
            Self::Starting
            | Self::Doubted(_)
            | Self::Gathering(_)
            | Self::Recording(_)
            | Self::Asking(_)
            | Self::AskingAll(_)
            | Self::Forcing(_)
            | Self::Ended => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALLED: Stop = Stop { reason: Reason::Stalled, force: false };
    const USER: Stop = Stop { reason: Reason::User, force: false };
    const FORCED: Stop = Stop { reason: Reason::User, force: true };

    const EVENTS: [Event; 13] = [
        Event::Started,
        Event::Overdue(Reason::Stalled),
        Event::Confirmed,
        Event::Cleared,
        Event::StopWanted { force: false },
        Event::StopWanted { force: true },
        Event::EvidenceDone,
        Event::Stored,
        Event::NotStored,
        Event::RestDue,
        Event::GraceOver,
        Event::GaveUp,
        Event::AllGone,
    ];

    /// One row a state, one cell an event, in the order of `EVENTS`; `None` is an event that means nothing.
    type Row = (Life, [Option<Life>; 13]);

    #[rustfmt::skip]
    fn table() -> Vec<Row> {
        use Life::{Asking, AskingAll, Doubted, Ended, Forcing, Gathering, Recording, Running, Starting};
        let no = None;
        let end = Some(Ended);
        let doubt = Some(Doubted(Reason::Stalled));
        let run = Some(Running);
        //   state               Started Overdue Confirmed                 Cleared Stop                   Stop by force            Evidence                   Stored                 NotStored              RestDue                   GraceOver               GaveUp AllGone
        vec![
            (Starting,             [run, no,    no,                        no,  Some(Gathering(USER)), Some(Gathering(FORCED)), no,                       no,                    no,                    no,                       no,                      no,  end]),
            (Running,              [no,  doubt, no,                        no,  Some(Gathering(USER)), Some(Gathering(FORCED)), no,                       no,                    no,                    no,                       no,                      no,  end]),
            (Doubted(Reason::Stalled), [no, no, Some(Gathering(STALLED)),  run, Some(Gathering(USER)), Some(Gathering(FORCED)), no,                       no,                    no,                    no,                       no,                      no,  end]),
            (Gathering(STALLED),   [no,  no,    no,                        run, Some(Gathering(USER)), Some(Gathering(FORCED)), Some(Recording(STALLED)), no,                    no,                    no,                       no,                      no,  end]),
            (Gathering(USER),      [no,  no,    no,                        no,  Some(Gathering(USER)), Some(Gathering(FORCED)), Some(Recording(USER)),    no,                    no,                    no,                       no,                      no,  end]),
            (Gathering(FORCED),    [no,  no,    no,                        no,  Some(Gathering(FORCED)), Some(Gathering(FORCED)), Some(Recording(FORCED)), no,                   no,                    no,                       no,                      no,  end]),
            (Recording(STALLED),   [no,  no,    no,                        run, Some(Recording(USER)), Some(Recording(FORCED)), no,                       Some(Asking(STALLED)), run,                   no,                       no,                      no,  end]),
            (Recording(USER),      [no,  no,    no,                        no,  Some(Recording(USER)), Some(Recording(FORCED)), no,                       Some(Asking(USER)),    Some(Asking(USER)),    no,                       no,                      no,  end]),
            (Recording(FORCED),    [no,  no,    no,                        no,  Some(Recording(FORCED)), Some(Recording(FORCED)), no,                     Some(Forcing(FORCED)), Some(Forcing(FORCED)), no,                       no,                      no,  end]),
            (Asking(STALLED),      [no,  no,    no,                        no,  no,                    Some(Forcing(STALLED)),  no,                       no,                    no,                    Some(AskingAll(STALLED)), Some(Forcing(STALLED)),  no,  end]),
            (AskingAll(STALLED),   [no,  no,    no,                        no,  no,                    Some(Forcing(STALLED)),  no,                       no,                    no,                    no,                       Some(Forcing(STALLED)),  no,  end]),
            (Forcing(STALLED),     [no,  no,    no,                        no,  no,                    no,                      no,                       no,                    no,                    no,                       no,                      end, end]),
            (Ended,                [no,  no,    no,                        no,  no,                    no,                      no,                       no,                    no,                    no,                       no,                      no,  no]),
        ]
    }

    #[test]
    fn every_state_has_a_defined_answer_to_every_event() {
        for (life, cells) in table() {
            for (event, expected) in EVENTS.into_iter().zip(cells) {
                assert_eq!(life.next(event).ok(), expected, "{life:?} on {event:?}");
            }
        }
    }

    #[test]
    fn an_event_without_meaning_names_the_state_and_itself() {
        let illegal = Life::Ended.next(Event::Started).expect_err("nothing leads out of the end");
        assert_eq!(illegal, IllegalEvent { life: Life::Ended, event: Event::Started });
    }

    #[test]
    fn no_signal_goes_out_before_the_intent_is_durable() {
        let mut life = Life::Running;
        for event in [Event::Overdue(Reason::Stalled), Event::Confirmed, Event::EvidenceDone] {
            life = life.next(event).expect("the road of a stall");
            assert_eq!(life.stage(), None, "{life:?}");
        }
        assert_eq!(life.next(Event::Stored).expect("stored").stage(), Some(Stage::PoliteRoot));
    }
}
