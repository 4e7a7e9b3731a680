//! Everything that reaches the engine's task from outside: facts about the world, and what clients ask for.

use std::collections::BTreeMap;

use nightkeep_core::{Exit, Look, RunId};
use nightkeep_os::{ExecError, ExitStatus, Identity};
use tokio::sync::oneshot;

use crate::api::{
    ApiError, AttachRequest, ExtendReply, Fault, HandOverRequest, HistoryRow, Live, PauseRequest, PauseView, PingsView,
    QuitChoice, Reconciled, ResumeReply, ResumedReply, RunEvent, SignalsReply, SignalsRequest, SnoozeView, StartReply,
    StopReply, UnsnoozedReply,
};
use crate::awake::KeptAwake;
use crate::config::ConfigEvent;
use crate::keeper::link::KeeperLink;
use crate::keeper::protocol::Event;
use crate::marker::MarkerEvent;
use crate::notify::policy::Night;
use crate::notify::{NotShown, Press, Seen};
use crate::pings::Port;
use crate::rundir::{OsText, Spec, Started};
use crate::store::StorageHealth;
use crate::store::state::StoredRun;

use super::launch::Registered;
use super::reconcile::Compared;
use super::run::Members;
use super::sources::Heard;
use super::waiting::SlotRequest;

/// A fact, told by one of the engine's helpers.
#[derive(Debug)]
pub(super) enum Fact {
    /// A marker was read.
    Marker(MarkerEvent),
    /// A marker was read because a verdict depends on it.
    Looked(RunId, Look),
    /// The evidence is in the store, or could not be had; so many processes are in it.
    EvidenceDone(RunId, usize),
    /// The intent to stop is durable, or could not be written.
    Intent(RunId, bool),
    /// A run has its number.
    Registered(RunId, Box<Registered>, Then),
    /// That a run waits for a slot is written down, or could not be.
    WaitNoted(RunId, Result<(), ApiError>),
    /// A run has its slot.
    TurnCame(RunId),
    /// A run that waited can be started, from this spec.
    Refreshed(RunId, Box<Spec>),
    /// A caller who is not there had his time to come back.
    CallerDue(RunId),
    /// A run was started, or could not be.
    Launched(RunId, Result<Started, ExecError>),
    /// The marker of a run that is over was read for the last time.
    Over(RunId, Over),
    /// The keeper of a run answers.
    Linked(RunId, Box<KeeperLink>),
    /// The keeper of a run said something.
    Keeper(RunId, Event),
    /// The keeper of a run does not answer, or no longer.
    KeeperGone(RunId),
    /// What is left of a run whose root and keeper are gone.
    Remains(RunId, Remains),
    /// A run that was not started never will be, or it was after all.
    GivenUp { run: RunId, recovered: bool },
    /// What the root left behind had its time to go by itself.
    LeftoversSettled(RunId),
    /// A source of a run was read.
    Heard(RunId, Box<Heard>),
    /// Steps of a run that came too fast may go in.
    HeldDue(RunId),
    /// What was said of the run with this tag before it was known has waited long enough.
    EarlyDue(String),
    /// A watched process that is not a child ended.
    Exited(Identity, ExitStatus),
    /// Processes of an attached run that were identified.
    Members(RunId, Vec<Identity>),
    /// All that could be found for a signal were told.
    Searched(RunId),
    /// It is time to look at the processes of an attached run again.
    SampleDue(RunId),
    /// What a forced stop could not end.
    Survivors(RunId, Vec<u32>),
    /// `config.toml` was edited.
    Config(ConfigEvent),
    /// The history changed.
    History(Unseen),
    /// It is time to compare the history with what runs.
    ReconcileDue,
    /// History and run directories were read.
    Compared(Box<Compared>, Option<Reply<Reconciled>>),
    /// What the history says of a run that nobody watches.
    Unwatched(Option<Box<StoredRun>>),
    /// It is time to tell what was recovered.
    TellRecoveries,
    /// It is time to tell of the night.
    MorningDue,
    /// The runs of a night were read.
    Night(Box<(Night, Vec<HistoryRow>)>),
    /// Whether the history can be written.
    Storage(StorageHealth),
    /// Whether a notification could be shown.
    Notified(Result<(), NotShown>),
    /// Whether the computer stays awake.
    Awake(Result<KeptAwake, String>),
    /// Whether the computer is plugged in.
    PluggedIn(bool),
    /// Somebody has pressed a button of a notification.
    Pressed(Press),
    /// The time without notifications of a job may be over.
    SnoozeDue,
    /// What is wrong with file watching, if anything.
    Watching(Option<Fault>),
    /// What was decided about a job is in the journal, or waits for that.
    JobNoted(String),
    /// A restart of a job got no number.
    NotRestarted(String, ApiError),
    /// The port for pings was opened, closed, or cannot be opened.
    PingPort(Port),
    /// What was pinged was kept a while ago.
    PingsKept,
    /// Surfaces have heard that they are to end.
    QuitDue,
}

/// The end of a run.
#[derive(Debug)]
pub(super) struct Over {
    pub(super) exit: Exit,
    /// It happened while nobody watched.
    pub(super) recovered: bool,
    /// What its marker says in the end.
    pub(super) look: Look,
}

/// What is left of a run whose root and keeper are gone.
#[derive(Debug)]
pub(super) struct Remains {
    /// Who carries its tag.
    pub(super) found: Vec<Identity>,
    /// Its root ended while nobody watched.
    pub(super) recovered: bool,
}

/// What follows once a run has its number.
#[derive(Debug)]
pub(super) enum Then {
    /// Its keeper is started.
    Launch(Box<Spec>, Reply<StartReply>),
    /// Its keeper is started; nobody has asked for it.
    Restart(Box<Spec>),
    /// Its caller starts it when there is a slot for it.
    Ask(Reply<SlotRequest>),
    /// It runs already: its directory tells.
    Adopt(Reply<StartReply>),
    /// It runs already: this is its process. Without one it is over, and has said how.
    Attach(Option<Members>, Reply<StartReply>),
}

impl Then {
    /// The run got no number: whoever asked for it hears why.
    pub(super) fn refuse(self, error: ApiError) {
        // Whoever asked may have gone.
        let _heard = match self {
            Self::Launch(_, reply) | Self::Adopt(reply) | Self::Attach(_, reply) => reply.send(Err(error)).is_ok(),
            Self::Ask(reply) => reply.send(Err(error)).is_ok(),
            Self::Restart(_) => false,
        };
    }
}

/// The aborted runs that nobody has looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Unseen {
    /// The newest of them, newest first.
    pub(super) rows: Vec<HistoryRow>,
    /// How many there are in all.
    pub(super) count: u32,
}

/// Where the answer to a command goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

/// What a client asks for that needs the engine's task.
#[derive(Debug)]
pub(super) enum Command {
    /// Everything that is the case, with what processes use.
    Live(oneshot::Sender<Live>),
    /// Every run as an event, with whether it is alive if that is asked for.
    Signs { of_life: bool, reply: oneshot::Sender<Vec<RunEvent>> },
    /// Watch a run that a client launched.
    Register { tag: String, known: Option<u64>, reply: Reply<StartReply> },
    /// Have a run started by its caller when there is a slot for it.
    AskForSlot { tag: String, known: Option<u64>, reply: Reply<SlotRequest> },
    /// Somebody who waited for a slot has closed his request.
    CallerLeft { run: RunId, request: u64 },
    /// Watch a process that somebody else started.
    Attach { request: Box<AttachRequest>, reply: Reply<StartReply> },
    /// Start a job.
    StartJob { job: String, reply: Reply<StartReply> },
    /// Start the demonstration.
    StartDemo(Reply<StartReply>),
    /// Give the present step of a run more time.
    ExtendRun { run: u64, by_s: f64, reply: Reply<ExtendReply> },
    /// Stop a run.
    StopRun { run: u64, force: bool, reply: Reply<StopReply> },
    /// Stop a job with all its runs.
    StopJob { job: String, force: bool, reply: Reply<StopReply> },
    /// Somebody says something of a run.
    Signals { request: SignalsRequest, reply: Reply<SignalsReply> },
    /// What pings there were, and where they are heard.
    Pings(oneshot::Sender<PingsView>),
    /// What the environment of a run of a job says of pings.
    PingEnvironment { job: String, reply: oneshot::Sender<BTreeMap<String, OsText>> },
    /// Let a job start again.
    ResumeJob { job: String, reply: Reply<ResumeReply> },
    /// Show no notifications of a job until the morning.
    SnoozeJob { job: String, reply: Reply<SnoozeView> },
    /// Show them again.
    UnsnoozeJob { job: String, reply: Reply<UnsnoozedReply> },
    /// A job is about to be called otherwise.
    RenameJob { from: String, to: String, reply: Reply<()> },
    /// A job is called otherwise.
    JobRenamed { from: String, to: String },
    /// A job keeps its name after all.
    JobNotRenamed { from: String, to: String },
    /// There is no such job any more.
    JobRemoved { job: String },
    /// Compare the history with what runs.
    Reconcile(Reply<Reconciled>),
    /// The configuration was edited by a client.
    ConfigEdited,
    /// Somebody looked at runs; the unseen ones have to be read again.
    HistorySeen(Seen),
    /// Somebody took back having looked at a run.
    HistoryUnseen,
    /// A person looks at the history.
    SomebodyIsHere,
    /// Let a later version take over.
    HandOver { request: HandOverRequest, reply: Reply<()> },
    /// Pause the watch.
    Pause { request: PauseRequest, reply: Reply<PauseView> },
    /// Let the watch go on.
    Resume(Reply<ResumedReply>),
    /// End the tray, the engine, or all runs and both.
    Quit { choice: QuitChoice, reply: Reply<StopReply> },
    /// Whether the desktop has a place for the tray.
    TrayReports { has_place: bool },
    /// End.
    Shutdown,
}
