//! The wire types: what the API, `--json` and the window speak. Nothing here decides anything.
//!
//! Field names are a contract (`docs/` describes it for users); a field may be added, none may change its meaning.
//! Times are RFC 3339 UTC text, lengths are seconds as numbers whose names end in `_s`, unknown values are `null`.

mod awake;
mod banners;
mod error;
mod events;
mod gaps;
mod history;
mod icon;
mod jobs;
mod live;
mod pings;
mod preflight;
mod quiet;
mod report;
mod requests;
mod settings;
mod signals;
mod watch;

pub use awake::{KeepAwake, UnknownKeepAwake};
pub use banners::{BannersSpec, Show, ShowEnd, ShowSpec};
pub use error::{ApiError, ErrorCode};
pub use events::{RunEvent, RunEventKind};
pub use gaps::{GapsView, LimitsSuggestion, QuietRun, RecentRun};
pub use history::{
    AdvanceView, Evidence, EvidenceProcess, HistoryRow, MarkerSeen, OutputTail, ProcessEnd, RunDetail, SocketView,
    TimelineEvent,
};
pub use icon::IconStyle;
pub use jobs::{
    FieldFault, JobCondition, JobSpec, JobStatus, JobType, JobView, Leftovers, LimitsSpec, LimitsView, OnStall,
    PingMode, ProbeReport, ProbeState, ResumeReply, TypeDraft, TypeView, Validation,
};
pub use live::{
    Activity, EngineInfo, Fault, FaultKind, LeftoverView, Live, Liveness, Method, Outcome, Phase, Progress, QueuePlace,
    Reason, RunView, Status, Summary,
};
pub use pings::{CheckView, PingView, PingsView};
pub use preflight::{CheckName, CheckResult, JobCheck};
pub use quiet::{BandKind, MarkKind, QuietBand, QuietMark, QuietTimes, QuietTooth};
pub use report::{
    HistoryFilter, HistoryKey, HistoryOrder, HistoryPage, HistoryPageQuery, NightCounts, NightQuery, NightReport,
    QuietTime, ResultKind, Spared, SparedUntil,
};
pub use requests::{
    AttachRequest, CapacityRequest, ExtendReply, ExtendRequest, HandOverRequest, HistoryQuery, ProbeRequest,
    Reconciled, RegisterRequest, SlotNews, StartReply, StopReply, StopRequest,
};
pub use settings::{Cleaned, CleaningView, NotificationTest, SettingsSpec, SettingsView, StorageView};
pub use signals::{
    ClaimView, HumanWaitKind, OpenActivity, SIGNALS_MAX, SignalSpec, SignalsReply, SignalsRequest, TotalsView,
};

pub use watch::{
    PauseRequest, PauseView, QuitChoice, QuitRequest, Quitting, ResumedReply, SnoozeView, TrayReport, UnsnoozedReply,
};

/// The version of the API: the first part of every path, and what clients compare before they speak.
pub const API_VERSION: u32 = 1;
