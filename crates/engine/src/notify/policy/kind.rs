//! What can be told, and what a person thinks of it as.

/// What a person thinks of as one thing, and wants told in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A run is past its warning limit.
    Warning,
    /// A run was stopped.
    Stopped,
    /// A job is not started again.
    Breaker,
    /// A run was found again, or found to be over.
    Recovered,
    /// A run needs a person.
    NeedsYou,
    /// A run finished.
    Finished,
    /// A run failed by itself.
    Failed,
}

/// What can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A run is past its warning limit.
    Warning,
    /// A run was stopped, gently or by force.
    Stopped,
    /// Something of a run is still alive after the forced stop.
    CouldNotStop,
    /// Runs are not watched.
    NotWatching,
    /// A job is not started again.
    Breaker,
    /// A run was found again, or found to be over.
    Recovered,
    /// A run could not be judged.
    CouldNotJudge,
    /// A run stalls and is left alone.
    LeftAlone,
    /// A run waits for a person.
    WaitsForPerson,
    /// A run gives no sign of life.
    Unreachable,
    /// A run is busy with the same thing again and again.
    Circling,
    /// A run has spent most of what it may, or all of it.
    Spent,
    /// A run finished.
    Finished,
    /// A run failed by itself.
    Failed,
}

impl Kind {
    pub(in crate::notify) const ALL: [Self; 14] = [
        Self::Warning,
        Self::Stopped,
        Self::CouldNotStop,
        Self::NotWatching,
        Self::Breaker,
        Self::Recovered,
        Self::CouldNotJudge,
        Self::LeftAlone,
        Self::WaitsForPerson,
        Self::Unreachable,
        Self::Circling,
        Self::Spent,
        Self::Finished,
        Self::Failed,
    ];

    /// A stable word for the log and for what is remembered.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Stopped => "stopped",
            Self::CouldNotStop => "could-not-stop",
            Self::NotWatching => "not-watching",
            Self::Breaker => "breaker",
            Self::Recovered => "recovered",
            Self::CouldNotJudge => "could-not-judge",
            Self::LeftAlone => "left-alone",
            Self::WaitsForPerson => "waits-for-person",
            Self::Unreachable => "unreachable",
            Self::Circling => "circling",
            Self::Spent => "spent",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What its owner thinks of it as; `None` for what is critical: Nightkeep cannot protect its owner, so that nobody
    /// can switch it off.
    #[must_use]
    pub const fn event(self) -> Option<Event> {
        match self {
            Self::Warning => Some(Event::Warning),
            Self::Stopped => Some(Event::Stopped),
            Self::CouldNotStop | Self::NotWatching => None,
            Self::Breaker => Some(Event::Breaker),
            Self::Recovered => Some(Event::Recovered),
            Self::CouldNotJudge
            | Self::LeftAlone
            | Self::WaitsForPerson
            | Self::Unreachable
            | Self::Circling
            | Self::Spent => Some(Event::NeedsYou),
            Self::Finished => Some(Event::Finished),
            Self::Failed => Some(Event::Failed),
        }
    }

    /// Whether it is told whatever is wanted.
    #[must_use]
    pub const fn is_critical(self) -> bool {
        self.event().is_none()
    }
}
