//! Moments in the life of a run at which somebody may be killed, and who.

use std::fmt;

/// A moment that can be seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// The run's directory was made.
    DirectoryMade,
    /// What is to be run is written down.
    SpecWritten,
    /// The pipe for the keeper's report is there: the keeper is about to be started.
    PipeMade,
    /// The keeper takes its lock.
    KeeperUp,
    /// The output was opened: the command is about to be forked.
    BeforeFork,
    /// The command was forked, and the record of it has only begun.
    AfterFork,
    /// The record of the start is whole.
    StartRecorded,
    /// The engine has given the run its number.
    Registered,
    /// The agent does its first step.
    AgentStarted,
    /// The evidence for a stop is in the journal.
    EvidenceTaken,
    /// The intent to stop is in the journal.
    StopIntended,
    /// The agent has received the polite signal.
    AgentAsked,
    /// The journal says that the root was asked.
    AskedRoot,
    /// The journal says that the rest was asked.
    AskedRest,
    /// The journal says that what is left is being killed.
    Forced,
    /// What is left was killed, and the journal could not say so.
    ForcedUnrecorded,
    /// The root has ended, and its end is not recorded.
    RootEnded,
    /// The record of the end has only begun.
    ExitBegun,
    /// The record of the end is whole.
    ExitRecorded,
    /// The journal says that the run is over.
    Ended,
    /// The engine opens its database.
    DatabaseOpened,
    /// The engine brings its database to the newest version.
    Migrating,
    /// The engine folds a journal again whose tables an earlier version has made.
    Folding,
    /// The engine makes a copy of its database.
    BackingUp,
    /// The engine puts a copy into the place of a damaged database.
    Restoring,
    /// The engine begins to listen.
    Listening,
    /// No moment in particular.
    AnyTime,
}

/// The moments of the start of a run, in the order in which they come.
pub const START: [Moment; 9] = [
    Moment::DirectoryMade,
    Moment::SpecWritten,
    Moment::PipeMade,
    Moment::KeeperUp,
    Moment::BeforeFork,
    Moment::AfterFork,
    Moment::StartRecorded,
    Moment::Registered,
    Moment::AgentStarted,
];

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Victim {
    /// The engine.
    Engine,
    /// The keeper of a run.
    Keeper,
    /// The command that starts a run.
    Command,
    /// The tray.
    Tray,
    /// The window.
    Window,
}

impl Moment {
    /// The moment that the name of a file in a run's directory tells of.
    pub(super) fn of_file(name: &str, is_renamed: bool) -> Option<Self> {
        Some(match (name, is_renamed) {
            ("spec.json", true) => Self::SpecWritten,
            ("run.json", true) => Self::StartRecorded,
            ("exit.json", true) => Self::ExitRecorded,
            ("ready", false) => Self::PipeMade,
            ("keeper.lock", false) => Self::KeeperUp,
            ("output.log", false) => Self::BeforeFork,
            (aside, false) if aside.starts_with(".run.json.") => Self::AfterFork,
            (aside, false) if aside.starts_with(".exit.json.") => Self::ExitBegun,
            _ => return None,
        })
    }

    /// The moment that was before this one, if its file is one that goes away.
    pub(super) fn implied(self) -> Option<Self> {
        let pairs = [
            (Self::KeeperUp, Self::PipeMade),
            (Self::StartRecorded, Self::AfterFork),
            (Self::ExitRecorded, Self::ExitBegun),
        ];
        pairs.into_iter().find(|(moment, _)| *moment == self).map(|(_, before)| before)
    }

    /// The moment that the name of a file of the engine tells of.
    pub(super) fn of_engine_file(name: &str) -> Option<Self> {
        Some(match name {
            "nightkeep.db-wal" => Self::DatabaseOpened,
            "nightkeep.db.backup-unfinished" => Self::BackingUp,
            "engine.sock" => Self::Listening,
            _ => return None,
        })
    }

    /// The moment that a line in the journal tells of.
    pub(super) fn of_entry(kind: &str, body: &str) -> Option<Self> {
        Some(match kind {
            "registered" => Self::Registered,
            "evidence-taken" => Self::EvidenceTaken,
            "stop-intended" => Self::StopIntended,
            "signalled" if body.contains("\"polite-root\"") => Self::AskedRoot,
            "signalled" if body.contains("\"polite-rest\"") => Self::AskedRest,
            "signalled" => Self::Forced,
            "ended" => Self::Ended,
            _ => return None,
        })
    }

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DirectoryMade => "run directory made",
            Self::SpecWritten => "spec written",
            Self::PipeMade => "keeper about to start",
            Self::KeeperUp => "keeper takes its lock",
            Self::BeforeFork => "just before the fork",
            Self::AfterFork => "forked, not recorded",
            Self::StartRecorded => "start recorded",
            Self::Registered => "registered",
            Self::AgentStarted => "agent starts",
            Self::EvidenceTaken => "evidence taken",
            Self::StopIntended => "stop intended",
            Self::AgentAsked => "signal arrived",
            Self::AskedRoot => "in the grace (root asked)",
            Self::AskedRest => "in the grace (rest asked)",
            Self::Forced => "being killed",
            Self::ForcedUnrecorded => "killed, not recorded",
            Self::RootEnded => "root ended, not recorded",
            Self::ExitBegun => "exit half written",
            Self::ExitRecorded => "exit recorded",
            Self::Ended => "end in the journal",
            Self::DatabaseOpened => "database opened",
            Self::Migrating => "database made",
            Self::Folding => "history folded again",
            Self::BackingUp => "database copied",
            Self::Restoring => "copy put into its place",
            Self::Listening => "engine begins to listen",
            Self::AnyTime => "any time",
        }
    }
}

impl fmt::Display for Victim {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Engine => "engine",
            Self::Keeper => "keeper",
            Self::Command => "command",
            Self::Tray => "tray",
            Self::Window => "window",
        })
    }
}
