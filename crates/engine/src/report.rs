//! A run as text to paste into an issue or a chat. One form for the command line and the window.
//!
//! The environment is never part of it, home directories are `~`, and what looks like a secret is left out.

mod secrets;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightkeep_core::time::Span;
pub use secrets::without_secrets;
pub(crate) use secrets::{HIDDEN, looks_like_a_key, names_a_secret};

use crate::api::{
    Evidence, EvidenceProcess, HistoryRow, MarkerSeen, Method, Outcome, OutputTail, ProcessEnd, Reason, RunDetail,
};

/// The longest report, in bytes.
const BYTES_MAX: usize = 64 * 1024;
/// How much of it the output may be: the story before it is worth more.
const OUTPUT_BYTES_MAX: usize = 40 * 1024;
/// Events that are told; of more than that, the last ones.
const EVENTS_MAX: usize = 100;
/// Processes that are listed.
const PROCESSES_MAX: usize = 100;
/// How deep a process is indented at the most.
const DEPTH_MAX: u32 = 20;
/// What stands where something was cut off.
const CUT: &str = "…";

/// The run as Markdown. Times are those of `zone`.
#[must_use]
pub fn markdown(run: &RunDetail, zone: &TimeZone) -> String {
    let mut parts = vec![heading(run), facts(run, zone), story(run, zone)];
    if let Some(evidence) = &run.evidence {
        parts.push(processes(evidence));
    }
    parts.push(result(run));
    parts.push(output(&run.output, zone));
    parts.retain(|part| !part.is_empty());
    cut(without_secrets(&homeless(&parts.join("\n\n"))), BYTES_MAX)
}

fn heading(run: &RunDetail) -> String {
    let result = run.ended.as_ref().map_or_else(|| "not over".to_owned(), result_words);
    let cause = if run.cause.is_empty() { run.message.clone() } else { run.cause.join(" ") };
    format!("## {}, run {}: {result}\n\n{cause}", run.job, run.run)
}

/// How a run ended, in a few words.
fn result_words(row: &HistoryRow) -> String {
    match row.outcome {
        Outcome::Succeeded => "finished".to_owned(),
        Outcome::Failed => match (row.exit_code, row.signal) {
            (Some(code), _) => format!("failed with exit code {code}"),
            (None, Some(signal)) => format!("failed by signal {signal}"),
            (None, None) => "failed".to_owned(),
        },
        Outcome::Lost => "lost".to_owned(),
        Outcome::Aborted => {
            let why = row.reason.map_or("", |reason| match reason {
                Reason::Stalled => ": no progress",
                Reason::Unresponsive => ": no beats",
                Reason::MaxRuntime => ": ran too long",
                Reason::User => " by you",
                Reason::Circling => ": busy, but not advancing",
                Reason::Budget => ": budget spent",
            });
            let how = if row.method == Some(Method::Forced) { ", by force" } else { "" };
            format!("stopped{why}{how}")
        }
    }
}

fn facts(run: &RunDetail, zone: &TimeZone) -> String {
    let limits = &run.limits;
    let mut lines = vec![
        format!("- When: {}", when(run, zone)),
        format!(
            "- Limits ({}): warning after {}, stop after {}, grace {}{}",
            run.r#type,
            length(limits.warn_after_s),
            length(limits.stall_after_s),
            length(limits.grace_s),
            if run.observe { "; only observed" } else { "" }
        ),
    ];
    if !run.command.is_empty() {
        lines.push(format!("- Command: {}", inline(&command_line(&run.command))));
    }
    lines.extend(run.cwd.as_ref().map(|cwd| format!("- Folder: {}", inline(cwd))));
    lines.push(match run.advances.last() {
        Some(last) => format!("- Last advance: step {}{} at {}", last.step, of(run.total), time(&last.at, zone)),
        None => "- It never advanced.".to_owned(),
    });
    let marker = run.evidence.as_ref().and_then(|evidence| evidence.marker.as_ref());
    lines.extend(marker.map(|marker| format!("- Marker before the stop: {}", marker_words(marker, zone))));
    if let Some(totals) = run.totals.filter(|totals| totals.cost_usd > 0.0 || totals.turns > 0) {
        lines.push(format!("- Took {} turns and ${:.2}, by its own word", totals.turns, totals.cost_usd));
    }
    lines.join("\n")
}

fn when(run: &RunDetail, zone: &TimeZone) -> String {
    let start = day_and_time(&run.started_at, zone);
    match &run.ended {
        Some(row) => {
            format!(
                "{start} → {} ({}, {})",
                day_and_time(&row.ended_at, zone),
                length(row.duration_s),
                offset(run, zone)
            )
        }
        None => format!("since {start} ({})", offset(run, zone)),
    }
}

/// Where the marker was, and in which state; the words of the window and of the command line.
#[must_use]
pub fn marker_words(marker: &MarkerSeen, zone: &TimeZone) -> String {
    let path = inline(&marker.path);
    if let Some(trouble) = &marker.trouble {
        return format!("{path} could not be used: {trouble}");
    }
    let step = marker.step.map_or_else(|| "no step".to_owned(), |step| format!("step {step}"));
    let written = marker.modified_at.as_ref().map(|at| format!(", last written {}", time(at, zone)));
    let size = marker.size_bytes.map(|bytes| format!(", {bytes} bytes"));
    format!("{path} showed {step}{}{}", written.unwrap_or_default(), size.unwrap_or_default())
}

fn story(run: &RunDetail, zone: &TimeZone) -> String {
    if run.timeline.is_empty() {
        return String::new();
    }
    let left_out = run.timeline.len().saturating_sub(EVENTS_MAX);
    let mut lines = vec!["### What happened\n".to_owned()];
    if left_out > 0 {
        lines.push(format!("- {left_out} earlier events are left out."));
    }
    let told = run.timeline.iter().skip(left_out);
    lines.extend(told.map(|event| format!("- {} {}", time(&event.at, zone), event.text)));
    lines.join("\n")
}

fn processes(evidence: &Evidence) -> String {
    let mut lines: Vec<String> = evidence.processes.iter().take(PROCESSES_MAX).map(process).collect();
    let more = evidence.processes.len().saturating_sub(PROCESSES_MAX);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let mut text = String::new();
    if !lines.is_empty() {
        text = format!("### Processes before the stop\n\n{}", fenced(&lines.join("\n")));
    }
    let missing: Vec<String> = evidence.missing.iter().map(|part| format!("- Not seen: {part}")).collect();
    if !missing.is_empty() {
        text = format!("{text}\n\n{}", missing.join("\n"));
    }
    text.trim_start().to_owned()
}

fn process(process: &EvidenceProcess) -> String {
    let indent = "  ".repeat(usize::try_from(process.depth.min(DEPTH_MAX)).unwrap_or_default());
    let command = if process.command.is_empty() { &process.name } else { &process.command };
    let cpu = process.cpu_percent.map(|percent| format!(", {percent:.1} % CPU"));
    let memory = process.memory_bytes.map(|bytes| format!(", {} MB", bytes.div_ceil(1_000_000)));
    let end = process.end.map(|end| format!(", {}", end_words(end)));
    let [cpu, memory, end] = [cpu, memory, end].map(Option::unwrap_or_default);
    format!("{indent}{} {command} ({}{cpu}{memory}{end})", process.pid, process.state)
}

/// What became of a process, in a few words.
#[must_use]
pub const fn end_words(end: ProcessEnd) -> &'static str {
    match end {
        ProcessEnd::Gone => "already gone",
        ProcessEnd::Obeyed => "ended on TERM",
        ProcessEnd::Ignored => "ignored TERM, killed",
        ProcessEnd::Killed => "killed at once",
        ProcessEnd::Alive => "still alive",
    }
}

fn result(run: &RunDetail) -> String {
    let Some(result) = &run.result else { return String::new() };
    let text = serde_json::to_string_pretty(result).unwrap_or_default();
    format!("### What it handed back\n\n{}", fenced(&cut(text, OUTPUT_BYTES_MAX / 4)))
}

fn output(output: &OutputTail, zone: &TimeZone) -> String {
    if output.removed {
        let when = output.removed_at.as_ref().map(|at| format!(" by retention on {}", day(at, zone)));
        return format!("### Last output\n\nIt was removed{}.", when.unwrap_or_default());
    }
    if output.lines.is_empty() {
        return String::new();
    }
    // The end of it is what matters.
    let mut left = OUTPUT_BYTES_MAX;
    let fits = |line: &&String| {
        let rest = left.checked_sub(line.len() + 1);
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let mut lines: Vec<&str> = output.lines.iter().rev().take_while(fits).map(String::as_str).collect();
    lines.reverse();
    format!("### Last output\n\n{}", fenced(&lines.join("\n")))
}

/// A fence longer than any row of backticks within.
pub(crate) fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

fn inline(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn command_line(command: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,~".contains(c);
    let word = |word: &String| match !word.is_empty() && word.chars().all(plain) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    command.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn of(total: Option<i64>) -> String {
    total.map_or_else(String::new, |total| format!(" of {total}"))
}

/// Home directories say who somebody is.
pub(crate) fn homeless(text: &str) -> String {
    secrets::HOMES.replace_all(text, "~").into_owned()
}

/// The text as the whole of a document, with its last line ended, and cut where it is too long.
pub(crate) fn cut(mut text: String, bytes_max: usize) -> String {
    if text.len() < bytes_max {
        text.push('\n');
        return text;
    }
    // A fence that is open where the text ends is closed.
    let fence =
        text.split('\n').filter(|line| line.len() >= 3 && line.chars().all(|c| c == '`')).max_by_key(|f| f.len());
    let closing = fence.map_or_else(String::new, |fence| format!("\n{fence}"));
    let room = bytes_max.saturating_sub(closing.len() + CUT.len() + 2);
    let at = text.floor_char_boundary(room);
    text.truncate(at);
    let open = text.split('\n').filter(|line| Some(*line) == fence_of(&closing)).count() % 2 == 1;
    let closing = if open { closing.as_str() } else { "" };
    format!("{text}\n{CUT}{closing}\n")
}

fn fence_of(closing: &str) -> Option<&str> {
    closing.strip_prefix('\n')
}

fn length(seconds: f64) -> String {
    let whole = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Span::from_ms(u64::try_from(whole.as_millis()).unwrap_or(u64::MAX)).to_string()
}

fn zoned(at: &str, zone: &TimeZone) -> Option<jiff::Zoned> {
    at.parse::<Timestamp>().ok().map(|at| at.to_zoned(zone.clone()))
}

fn time(at: &str, zone: &TimeZone) -> String {
    zoned(at, zone).map_or_else(|| at.to_owned(), |at| at.strftime("%H:%M:%S").to_string())
}

fn day(at: &str, zone: &TimeZone) -> String {
    zoned(at, zone).map_or_else(|| at.to_owned(), |at| at.strftime("%-d %b %Y").to_string())
}

fn day_and_time(at: &str, zone: &TimeZone) -> String {
    zoned(at, zone).map_or_else(|| at.to_owned(), |at| at.strftime("%a %-d %b %Y %H:%M:%S").to_string())
}

fn offset(run: &RunDetail, zone: &TimeZone) -> String {
    zoned(&run.started_at, zone).map_or_else(String::new, |at| at.strftime("UTC%:z").to_string())
}
