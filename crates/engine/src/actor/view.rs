//! From what is known to what surfaces show. Nothing here decides anything.

use nightkeep_core::snapshot::Oddity;
use nightkeep_core::{self as core, Mode, Now, RunSnapshot, Totals};

use super::record;

use super::run::Watched;
use super::waiting::Waiting;
use crate::api::{Activity, ClaimView, Liveness, Phase, Progress, QueuePlace, RunView, TotalsView};
use crate::clean::clean_text;
use crate::clock::rfc3339;
use crate::rundir::RunDir;

/// The longest note shown, in characters.
const NOTE_MAX: usize = 200;

/// One run as surfaces show it.
pub(super) fn run_view(watched: &Watched, core: &RunSnapshot, now: Now) -> RunView {
    let grown = watched.dir.as_ref().and_then(|dir| watched.output_age.grown_at_ms(dir));
    let since_output_s = grown.map(|at| since_s(at, now));
    let mut view = RunView {
        run: watched.id.0,
        job: watched.job.clone(),
        r#type: watched.job_type.clone(),
        pid: watched.root_pid(),
        phase: match core.phase {
            core::Phase::Starting => Phase::Starting,
            core::Phase::Running => Phase::Running,
            core::Phase::Stopping => Phase::Stopping,
        },
        progress: progress(core.progress),
        liveness: record::liveness(core.liveness),
        activity: activity(core.activity),
        step: core.step,
        total: core.total,
        note: core.note.as_deref().map(|note| clean_text(note, NOTE_MAX)),
        since_advance_s: core.since_advance.as_secs_f64(),
        since_output_s,
        since_last_output_s: since_output_s,
        since_beat_s: core.since_beat.map(core::Span::as_secs_f64),
        idle_for_s: 0.0,
        warn_after_s: core.limits.warn_after.as_secs_f64(),
        stall_after_s: core.limits.stall_after.as_secs_f64(),
        observe: core.mode == Mode::Observe,
        attached: watched.attached,
        processes: watched.usage.processes,
        cpu_percent: watched.usage.cpu_percent,
        memory_bytes: watched.usage.memory_bytes,
        started_at: rfc3339(watched.started),
        marker_note: marker_note(watched, core),
        queue: None,
        doing: core.doing.as_deref().map(|doing| clean_text(doing, NOTE_MAX)),
        waits_until: core.waits_until.map(rfc3339),
        expected_s: core.expected.map(core::Span::as_secs_f64),
        claim: core.claim.as_ref().map(claim),
        totals: totals(&core.totals),
        circling: core.circling,
        source_note: source_note(watched),
        signals_dropped: watched.inlet.dropped,
        signals_foreign: watched.strangers,
    };
    view.idle_for_s = idle_for_s(&view);
    view
}

/// Since the last sign of any kind.
fn idle_for_s(view: &RunView) -> f64 {
    [view.since_last_output_s, view.since_beat_s].into_iter().flatten().fold(view.since_advance_s, f64::min)
}

/// A run that is to be started, as surfaces show it. None of its clocks runs.
pub(super) fn waiting_view(waiting: &Waiting, place: Option<QueuePlace>) -> RunView {
    let limits = &waiting.registered.limits;
    RunView {
        run: waiting.id.0,
        job: waiting.job().to_owned(),
        r#type: waiting.kind().to_owned(),
        pid: None,
        phase: if waiting.has_slot { Phase::Starting } else { Phase::Queued },
        progress: Progress::Starting,
        liveness: Liveness::Unknown,
        activity: Activity::Working,
        step: None,
        total: None,
        note: None,
        since_advance_s: 0.0,
        since_output_s: None,
        since_last_output_s: None,
        since_beat_s: None,
        idle_for_s: 0.0,
        warn_after_s: limits.warn_after.as_secs_f64(),
        stall_after_s: limits.stall_after.as_secs_f64(),
        observe: waiting.registered.registration.observe,
        attached: false,
        processes: None,
        cpu_percent: None,
        memory_bytes: None,
        started_at: rfc3339(waiting.since),
        marker_note: None,
        queue: place,
        doing: None,
        waits_until: None,
        expected_s: None,
        claim: None,
        totals: None,
        circling: false,
        source_note: None,
        signals_dropped: 0,
        signals_foreign: 0,
    }
}

fn claim(claim: &core::Claim) -> ClaimView {
    let message = claim.message.as_deref().map(|message| clean_text(message, NOTE_MAX));
    ClaimView { succeeded: claim.succeeded, message }
}

/// The source that has been out of reach the longest, and since when.
fn source_note(watched: &Watched) -> Option<String> {
    let (source, (what, since)) = watched.source_trouble.iter().min_by_key(|(_, (_, since))| *since)?;
    let source = clean_text(source, NOTE_MAX);
    Some(format!("`{source}` cannot be read since {}: {}.", rfc3339(*since), clean_text(what, NOTE_MAX)))
}

/// What the work took, where anything is known of it.
fn totals(totals: &Totals) -> Option<TotalsView> {
    if *totals == Totals::default() {
        return None;
    }
    let calls = totals.succeeded.saturating_add(totals.failed);
    #[expect(clippy::cast_precision_loss, reason = "counts for display")]
    let success_rate = (calls > 0).then(|| totals.succeeded as f64 / calls as f64);
    Some(TotalsView {
        succeeded: totals.succeeded,
        failed: totals.failed,
        success_rate,
        mean_latency_s: totals.mean_latency().map(core::Span::as_secs_f64),
        last_latency_s: totals.last_latency.map(core::Span::as_secs_f64),
        slow: totals.is_slow(),
        cost_usd: core::Span::from_ms(totals.cost_microusd).as_secs_f64() / 1e3,
        turns: totals.turns,
    })
}

/// Wall time since `at`; never negative.
fn since_s(at_ms: i64, now: Now) -> f64 {
    let ms = u64::try_from(now.wall.as_ms().saturating_sub(at_ms)).unwrap_or(0);
    core::Span::from_ms(ms).as_secs_f64()
}

fn marker_note(watched: &Watched, core: &RunSnapshot) -> Option<String> {
    if let Some(trouble) = &watched.marker_trouble {
        return if trouble.recorded {
            Some(format!("The marker cannot be used: {}.", trouble.what))
        } else if watched.marker_read.is_some() {
            Some("The marker is gone.".to_owned())
        } else {
            // One in the run's own directory is not there before the first step, and never for a job without marks.
            let own = watched.dir.as_ref().map(RunDir::marker);
            (watched.marker != own).then(|| "The marker is not there yet.".to_owned())
        };
    }
    let step = core.step.unwrap_or(0);
    match core.oddity? {
        Oddity::WentBack { step: fallen } => {
            Some(format!("The marker went back to step {fallen}; step {step} still counts."))
        }
        Oddity::ClaimsTheFuture => Some("The marker's `ts` lies in the future and is ignored.".to_owned()),
        Oddity::CouldNotLook => Some("The marker could not be looked at, so the run was not judged.".to_owned()),
    }
}

const fn progress(progress: core::Progress) -> Progress {
    match progress {
        core::Progress::Starting => Progress::Starting,
        core::Progress::Advancing => Progress::Advancing,
        core::Progress::Quiet => Progress::Quiet,
        core::Progress::Warning => Progress::Warning,
        core::Progress::Stalled => Progress::Stalled,
        core::Progress::Waiting => Progress::Waiting,
    }
}

const fn activity(activity: core::Activity) -> Activity {
    match activity {
        core::Activity::Working => Activity::Working,
        core::Activity::Tool => Activity::Tool,
        core::Activity::Subagent => Activity::Subagent,
        core::Activity::Compacting => Activity::Compacting,
        core::Activity::WaitingHuman => Activity::WaitingHuman,
        core::Activity::WaitingLimit => Activity::WaitingLimit,
    }
}
