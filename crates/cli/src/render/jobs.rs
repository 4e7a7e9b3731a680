//! What the user wants: jobs, job types, and what is said of a job before it is saved.

use nightkeep_engine::api::{
    CheckResult, CheckView, JobCheck, JobCondition, JobSpec, JobView, Leftovers, LimitsSpec, OnStall, Outcome,
    PingMode, PingView, TypeView,
};

use nightkeep_engine::clean::clean_text;

use super::limits::{limits_line, report_facts};
use super::{UNKNOWN, View, count, facts, length, moment, table};

/// How much is shown of what a ping said.
const BODY_CHARS_MAX: usize = 200;

/// The table of jobs.
#[must_use]
pub fn jobs(jobs: &[JobView], view: &View) -> String {
    if jobs.is_empty() {
        return "no jobs yet; add one with `nightkeep job add NAME -- COMMAND`\n".to_owned();
    }
    let header = ["JOB", "TYPE", "WARN", "STALL", "NOW", "LAST RUN", "COMMAND"];
    table(view, &header, "COMMAND", jobs.iter().map(|job| job_cells(job, view)))
}

fn job_cells(job: &JobView, view: &View) -> Vec<String> {
    let last = match (job.last_run, job.last_outcome, &job.last_ended_at) {
        (Some(run), Some(outcome), Some(at)) => format!("{run} {}, {}", outcome_word(outcome), moment(at, view)),
        _ => UNKNOWN.to_owned(),
    };
    vec![
        job.spec.name.clone(),
        job.spec.r#type.clone().unwrap_or_else(|| "generic".to_owned()),
        length(job.limits.warn_after_s),
        length(job.limits.stall_after_s),
        now(job),
        last,
        command_line(&job.spec.command),
    ]
}

/// What it does at this moment, or why it does nothing.
fn now(job: &JobView) -> String {
    let condition = job.condition.as_ref().map(|condition| match condition.state {
        JobCondition::Killed => "kept stopped",
        JobCondition::BreakerOpen => "✕ will not start",
        JobCondition::Restarting => "starts again",
    });
    match (job.running, condition) {
        (Some(run), _) => format!("run {run}"),
        (None, Some(condition)) => condition.to_owned(),
        (None, None) => UNKNOWN.to_owned(),
    }
}

/// One job with all that is known of it.
#[must_use]
pub fn job(job: &JobView, view: &View) -> String {
    let JobSpec { name, r#type, command, cwd, env, progress, sources, observe, leftovers, .. } = &job.spec;
    let JobSpec { stop_signal, output_max, on_stall, ping, ping_mode, export_ping_env, check_url, limits, .. } =
        &job.spec;
    let mut pairs = vec![
        ("job", name.clone()),
        ("type", r#type.clone().unwrap_or_else(|| "generic".to_owned())),
        ("command", command_line(command)),
        ("directory", cwd.clone().unwrap_or_else(|| "~".to_owned())),
        ("marker", progress.clone().unwrap_or_else(|| "a file of each run, named by $NIGHTKEEP_PROGRESS".to_owned())),
    ];
    pairs.extend(sources.iter().map(|source| ("source", source.clone())));
    pairs.extend(env.iter().map(|(name, value)| ("variable", format!("{name}={value}"))));
    pairs.push(("limits", limits_line(&job.limits, limits)));
    pairs.extend(report_facts(&job.limits.reports, limits));
    if *observe {
        pairs.push(("on a stall", "only records what it would have done".to_owned()));
    }
    match on_stall {
        Some(OnStall::Restart) => pairs.push(("on a stall", "is stopped and started again after a pause".to_owned())),
        Some(OnStall::Notify) => pairs.push(("on a stall", "tells you and stops nothing".to_owned())),
        Some(OnStall::Abort) | None => {}
    }
    if let Some(leftovers) = leftovers {
        let what = match leftovers {
            Leftovers::Stop => "are stopped",
            Leftovers::Keep => "live on",
            Leftovers::Report => "are shown",
        };
        pairs.push(("leftovers", format!("processes that outlive the command {what}")));
    }
    if let Some(signal) = stop_signal {
        pairs.push(("stop signal", signal.clone()));
    }
    if let Some(size) = output_max {
        pairs.push(("output kept", size.clone()));
    }
    if let Some(pings) = pings(ping.as_deref(), *ping_mode, *export_ping_env) {
        pairs.push(("pings", pings));
    }
    pairs.extend(job.check.iter().flat_map(|check| check_facts(check, view)));
    if job.spec.notify_end {
        pairs.push(("at its end", "tells you".to_owned()));
    }
    if job.spec.may_wake {
        pairs.push(("in quiet hours", "tells you".to_owned()));
    }
    if let Some(url) = check_url {
        pairs.push(("service", url.clone()));
    }
    if let Some(condition) = &job.condition {
        pairs.push(("state", super::status::condition(condition, view)));
    }
    if let Some(until) = &job.snoozed_until {
        pairs.push(("notifications", format!("snoozed until {}", moment(until, view))));
    }
    if let Some(run) = job.running {
        pairs.push(("running", format!("run {run}")));
    }
    if let (Some(run), Some(outcome), Some(at)) = (job.last_run, job.last_outcome, &job.last_ended_at) {
        pairs.push(("last run", format!("run {run}, {}, {}", outcome_word(outcome), moment(at, view))));
    }
    pairs.extend(job.story.iter().map(|event| ("event", format!("{}: {}", moment(&event.at, view), event.text))));
    facts(pairs)
}

/// Where it is pinged, and what was pinged last.
fn check_facts(check: &CheckView, view: &View) -> impl Iterator<Item = (&'static str, String)> {
    let url = check.url.clone().map(|url| ("ping it at", url));
    let last = check.last.as_ref().map(|PingView { said, at, late, body, .. }| {
        let late = if *late { ", after its run was over" } else { "" };
        let body = clean_text(body, BODY_CHARS_MAX);
        let text = if body.is_empty() { body } else { format!(": {body}") };
        ("last ping", format!("{said}, {}{late}{text}", moment(at, view)))
    });
    url.into_iter().chain(last)
}

/// How it takes pings, as far as it says so itself.
fn pings(uuid: Option<&str>, mode: Option<PingMode>, are_told: bool) -> Option<String> {
    let under = uuid.map(|uuid| format!("under {uuid}{}", if are_told { ", which its runs are told" } else { "" }));
    let success = mode.map(|mode| match mode {
        PingMode::Auto => "a success is the end after a start, else a sign of life",
        PingMode::Job => "a success is the end",
        PingMode::Heartbeat => "a success is a sign of life",
    });
    let said: Vec<String> = under.into_iter().chain(success.map(str::to_owned)).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// The table of job types.
#[must_use]
pub fn types(types: &[TypeView], view: &View) -> String {
    let header = ["TYPE", "WARN", "STALL", "GRACE", "AT MOST", "SLOTS", "JOBS", "FROM"];
    table(
        view,
        &header,
        "FROM",
        types.iter().map(|kind| {
            let is_unchanged = kind.overrides == LimitsSpec::default() && kind.max_running.is_none();
            let from = match (kind.built_in, is_unchanged) {
                (true, true) => "built in",
                (true, false) => "built in, changed by you",
                (false, _) => "yours",
            };
            vec![
                kind.name.clone(),
                length(kind.limits.warn_after_s),
                length(kind.limits.stall_after_s),
                length(kind.limits.grace_s),
                kind.limits.max_runtime_s.map_or_else(|| UNKNOWN.to_owned(), length),
                kind.max_running.map_or_else(|| UNKNOWN.to_owned(), |count| count.to_string()),
                kind.jobs.to_string(),
                from.to_owned(),
            ]
        }),
    )
}

/// One job type.
#[must_use]
pub fn type_of(kind: &TypeView) -> String {
    let origin = if kind.built_in { "built in" } else { "yours" };
    let side_by_side = kind.max_running.map_or_else(|| "any number".to_owned(), |count| format!("at most {count}"));
    let mut pairs =
        vec![("type", format!("{} ({origin})", kind.name)), ("limits", limits_line(&kind.limits, &kind.overrides))];
    pairs.extend(report_facts(&kind.limits.reports, &kind.overrides));
    pairs.extend([("side by side", side_by_side), ("jobs", kind.jobs.to_string())]);
    facts(pairs)
}

/// What a test of a job found: a line for each check, and whether the job could be left alone.
#[must_use]
pub fn checks(checks: &[JobCheck]) -> String {
    let widest = checks.iter().map(|check| check.check.words().len()).max().unwrap_or_default();
    let lines = checks.iter().map(|JobCheck { check, ok, says }| {
        let mark = match ok {
            CheckResult::Ok => "✓",
            CheckResult::Warn => "!",
            CheckResult::Fail => "✕",
        };
        format!("{mark} {:widest$}  {says}\n", check.words())
    });
    let lines: String = lines.collect();
    let tally = |wanted: CheckResult| checks.iter().filter(|check| check.ok == wanted).count();
    let verdict = match (tally(CheckResult::Fail), tally(CheckResult::Warn)) {
        (0, 0) => "✓ the job can be started".to_owned(),
        (0, n) => format!("✓ the job can be started, with {}", count(n, "remark", "remarks")),
        (n, _) => format!("✕ the job is not fit to be started: {}", count(n, "fault", "faults")),
    };
    format!("{lines}{verdict}\n")
}

/// A command as it could be typed.
pub(super) fn command_line(command: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,~".contains(c);
    let quote = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    command.iter().map(quote).collect::<Vec<_>>().join(" ")
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Aborted => "stopped",
        Outcome::Lost => "lost",
    }
}
