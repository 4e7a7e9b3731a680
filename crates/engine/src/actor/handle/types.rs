//! Job types, and what past runs say of limits.

use nightkeep_core::gaps::{RUNS_NEEDED, Spread, suggest};
use nightkeep_core::limits::Limits;
use nightkeep_core::time::Span;

use super::{Handle, storage};
use crate::api::{
    ApiError, ErrorCode, GapsView, JobSpec, LimitsSpec, LimitsSuggestion, QuietRun, RecentRun, TypeDraft, TypeView,
    Validation,
};
use crate::config::{self, duration};
use crate::store::RunsOf;
use crate::words;

/// A suggestion rests on so many runs at the most: what was the case long ago says little.
const QUIET_RUNS_MAX: u32 = 200;

/// So many runs are in the strip of a job.
const RECENT_RUNS_MAX: u32 = 30;

impl Handle {
    /// All job types.
    #[must_use]
    pub fn types(&self) -> Vec<TypeView> {
        self.config.current().types()
    }

    /// Says what is wrong with a job type before it is saved.
    #[must_use]
    pub fn validate_type(&self, draft: &TypeDraft) -> Validation {
        config::validate_type(draft, &self.config.current())
    }

    /// Sets the limits of a job type in `config.toml`.
    pub async fn set_type(&self, name: String, limits: LimitsSpec) -> Result<(), ApiError> {
        self.edit(move |file| file.set_type(&name, &limits).map(drop)).await
    }

    /// Sets how many runs of a job type may run side by side in `config.toml`.
    pub async fn set_capacity(&self, name: String, max_running: Option<u32>) -> Result<(), ApiError> {
        self.edit(move |file| file.set_capacity(&name, max_running).map(drop)).await
    }

    /// Removes what `config.toml` says of a job type: one that Nightkeep brings is as it came, another is gone.
    pub async fn remove_type(&self, name: String) -> Result<(), ApiError> {
        self.edit(move |file| file.remove_type(&name).map(drop)).await
    }

    /// How long runs of a type were quiet, and the limits that they speak for.
    pub async fn type_gaps(&self, name: String) -> Result<GapsView, ApiError> {
        let none = || ApiError::new(ErrorCode::NotFound, format!("there is no job type `{name}`"));
        let limits = self.config.current().limits_for(Some(&name), &LimitsSpec::default()).map_err(|_| none())?;
        let runs = self.quiet_runs(RunsOf::Type(name)).await?;
        Ok(gaps_view(runs, &limits))
    }

    /// The same of the runs of one job.
    pub async fn job_gaps(&self, name: String) -> Result<GapsView, ApiError> {
        let config = self.config.current();
        let job: Option<&JobSpec> = config.job(&name);
        let job = job.ok_or_else(|| ApiError::new(ErrorCode::NotFound, format!("there is no job `{name}`")))?;
        let limits = config.limits_of(job).unwrap_or_default();
        let runs = self.quiet_runs(RunsOf::Job(name)).await?;
        Ok(gaps_view(runs, &limits))
    }

    async fn quiet_runs(&self, of: RunsOf) -> Result<Vec<QuietRun>, ApiError> {
        self.store.quiet_runs(of, QUIET_RUNS_MAX).await.map_err(|fault| storage(&fault))
    }

    /// The last runs of a job that are over.
    pub(super) async fn recent_runs(&self, job: &str) -> Result<Vec<RecentRun>, ApiError> {
        self.store.recent_runs(job.to_owned(), RECENT_RUNS_MAX).await.map_err(|fault| storage(&fault))
    }
}

fn gaps_view(runs: Vec<QuietRun>, limits: &Limits) -> GapsView {
    let longest: Vec<Span> = runs.iter().map(|run| span_of(run.longest_s)).collect();
    let (spread, suggested) = (Spread::of(&longest), suggest(&longest, limits));
    let is_other = |it: &nightkeep_core::gaps::Suggestion| {
        (it.warn_after, it.stall_after) != (limits.warn_after, limits.stall_after)
    };
    GapsView {
        says: words::gaps(longest.len(), spread, suggested, limits),
        needed: u32::try_from(RUNS_NEEDED).unwrap_or(u32::MAX),
        p50_s: spread.map(|spread| spread.p50.as_secs_f64()),
        p95_s: spread.map(|spread| spread.p95.as_secs_f64()),
        max_s: spread.map(|spread| spread.max.as_secs_f64()),
        warn_after_s: limits.warn_after.as_secs_f64(),
        stall_after_s: limits.stall_after.as_secs_f64(),
        suggestion: suggested.filter(is_other).map(|it| LimitsSuggestion {
            warn_after: duration::format(it.warn_after),
            stall_after: duration::format(it.stall_after),
            warn_after_s: it.warn_after.as_secs_f64(),
            stall_after_s: it.stall_after.as_secs_f64(),
        }),
        runs,
    }
}

fn span_of(secs: f64) -> Span {
    let length = std::time::Duration::try_from_secs_f64(secs).unwrap_or_default();
    Span::from_ms(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
}
