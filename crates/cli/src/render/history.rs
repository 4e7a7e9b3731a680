//! The runs that are over.

use nightkeep_engine::api::{HistoryRow, Method, NightReport, Outcome, Reason};

use super::{UNKNOWN, View, length, moment, table};

const HEADER: [&str; 7] = ["RUN", "RESULT", "JOB", "ENDED", "DURATION", "STEP", "CAUSE"];

/// The table of ended runs, newest first.
#[must_use]
pub fn history(rows: &[HistoryRow], view: &View) -> String {
    if rows.is_empty() {
        return "no run has ended yet\n".to_owned();
    }
    table(view, &HEADER, "CAUSE", rows.iter().map(|row| cells(row, view)))
}

/// What a night came to: the sentences, how the time is counted, and the runs that were stopped.
#[must_use]
pub fn night(report: &NightReport, view: &View) -> String {
    let NightReport { headline, not_wasted, sentences, rule, stopped, .. } = report;
    let facts: Vec<&str> = not_wasted.iter().chain(sentences).map(String::as_str).collect();
    let mut text = format!("{headline}\n{}\n", facts.join(" "));
    if !stopped.is_empty() {
        text.push('\n');
        text.push_str(&history(stopped, view));
    }
    if not_wasted.is_some() {
        text.push_str(&format!("\n{rule}\n"));
    }
    text
}

/// The result of a run, as a shape and a word.
#[must_use]
pub fn result_of(row: &HistoryRow) -> &'static str {
    match (row.outcome, row.reason, row.method) {
        (Outcome::Succeeded, ..) => "✓ succeeded",
        (Outcome::Failed, ..) => "✕ failed",
        (Outcome::Lost, ..) => "? lost",
        (Outcome::Aborted, Some(Reason::User), _) => "■ stopped by you",
        (Outcome::Aborted, _, Some(Method::Forced)) => "■ force-stopped",
        (Outcome::Aborted, ..) => "■ stopped",
    }
}

fn cells(row: &HistoryRow, view: &View) -> Vec<String> {
    let news = if row.outcome == Outcome::Aborted && !row.seen { " (new)" } else { "" };
    vec![
        row.run.to_string(),
        format!("{}{news}", result_of(row)),
        row.job.clone(),
        moment(&row.ended_at, view),
        length(row.duration_s),
        row.last_step.map_or_else(|| UNKNOWN.to_owned(), |step| step.to_string()),
        row.message.clone(),
    ]
}
