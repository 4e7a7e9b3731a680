//! What can be told, and how much it matters.

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nice to know.
    Low,
    /// Worth a banner.
    Normal,
    /// Nightkeep cannot protect its user.
    Critical,
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

    /// How much it matters.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Warning | Self::Finished | Self::Failed => Level::Low,
            Self::CouldNotStop | Self::NotWatching => Level::Critical,
            Self::Stopped
            | Self::Breaker
            | Self::Recovered
            | Self::CouldNotJudge
            | Self::LeftAlone
            | Self::WaitsForPerson
            | Self::Unreachable
            | Self::Circling
            | Self::Spent => Level::Normal,
        }
    }
}
