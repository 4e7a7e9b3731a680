//! The story of one run.

use nightkeep_engine::api::{AdvanceView, Evidence, EvidenceProcess, LimitsSpec, OutputTail, Phase, RunDetail};
use nightkeep_engine::clean::clean_text;

use super::jobs::command_line;
use super::limits::{limits_line, report_facts};
use super::{UNKNOWN, View, bytes, count, day, facts, length, moment, result_of, table};

/// How many of the last advances are shown.
const ADVANCES_SHOWN: usize = 10;

/// So much is shown of what a run handed back; `wait` and `--json` have all of it.
const RESULT_CHARS_MAX: usize = 500;

/// Everything that is known of a run: what was the case first, then why, then the evidence.
#[must_use]
pub fn run(run: &RunDetail, view: &View) -> String {
    let mut text = format!("{}\n\n{}", run.message, head(run, view));
    section(&mut text, "What happened", &timeline(run, view));
    section(&mut text, "Last steps", &advances(&run.advances, view));
    if let Some(evidence) = &run.evidence {
        section(&mut text, "Processes just before the stop", &processes(&evidence.processes, view));
        section(&mut text, "Open sockets just before the stop", &sockets(evidence, view));
        section(&mut text, "What could not be seen", &missing(evidence));
    }
    if run.output.removed {
        let when = run.output.removed_at.as_ref().map(|at| format!(" by retention on {}", day(at, view)));
        section(&mut text, "Output", &format!("  was removed{}\n", when.unwrap_or_default()));
    } else {
        section(&mut text, &output_title(&run.output), &output(&run.output));
    }
    text
}

fn section(text: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        text.push_str(&format!("\n{title}\n{body}"));
    }
}

fn head(run: &RunDetail, view: &View) -> String {
    let mut pairs = vec![("run", run.run.to_string()), ("job", format!("{} ({})", run.job, run.r#type))];
    if let Some(row) = &run.ended {
        pairs.push(("result", result(row)));
    } else {
        pairs.push(("result", format!("not over: {}", phase(run.phase))));
    }
    pairs.push(("started", moment(&run.started_at, view)));
    if let Some(row) = &run.ended {
        pairs.push(("ended", format!("{}, after {}", moment(&row.ended_at, view), length(row.duration_s))));
        pairs.push(("progress", progress(row)));
        if let Some(result) = &run.result {
            pairs.push(("handed back", clean_text(&result.to_string(), RESULT_CHARS_MAX)));
        }
        if !row.survivors.is_empty() {
            let pids: Vec<String> = row.survivors.iter().map(u32::to_string).collect();
            pairs.push(("still alive", format!("pid {}", pids.join(", "))));
        }
    }
    if !run.command.is_empty() {
        pairs.push(("command", command_line(&run.command)));
    }
    if let Some(cwd) = &run.cwd {
        pairs.push(("directory", cwd.clone()));
    }
    if let Some(marker) = &run.marker {
        pairs.push(("marker", marker.clone()));
    }
    pairs.push(("limits", limits_line(&run.limits, &LimitsSpec::default())));
    pairs.extend(report_facts(&run.limits.reports, &LimitsSpec::default()));
    if run.observe {
        pairs.push(("on a stall", "only records what it would have done".to_owned()));
    }
    facts(pairs)
}

fn result(row: &nightkeep_engine::api::HistoryRow) -> String {
    let word = result_of(row);
    match (row.exit_code, row.signal) {
        (Some(code), _) => format!("{word}, exit code {code}"),
        (None, Some(signal)) => format!("{word}, signal {signal}"),
        (None, None) => word.to_owned(),
    }
}

fn progress(row: &nightkeep_engine::api::HistoryRow) -> String {
    let advances = count(usize::try_from(row.advances).unwrap_or(usize::MAX), "advance", "advances");
    let step = row.last_step.map(|step| format!(", last step {step}")).unwrap_or_default();
    let gap = row.longest_gap_s.map(|gap| format!(", longest quiet time {}", length(gap))).unwrap_or_default();
    format!("{advances}{step}{gap}")
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Queued => "queued",
        Phase::Starting => "starting",
        Phase::Running => "running",
        Phase::Stopping => "being stopped",
        Phase::Ended => "ended",
    }
}

fn timeline(run: &RunDetail, view: &View) -> String {
    run.timeline.iter().map(|event| format!("  {}  {}\n", moment(&event.at, view), event.text)).collect()
}

fn advances(advances: &[AdvanceView], view: &View) -> String {
    let skipped = advances.len().saturating_sub(ADVANCES_SHOWN);
    let shown = advances.iter().skip(skipped).map(|advance| {
        let note = advance.note.as_deref().unwrap_or_default();
        let by = advance.source.as_ref().map_or_else(String::new, |by| format!(", reported by the agent ({by})"));
        let (at, after) = (moment(&advance.at, view), length(advance.gap_s));
        let line = format!("  {at}  step {}, after {after}{by}  {note}", advance.step);
        format!("{}\n", line.trim_end())
    });
    shown.collect()
}

fn processes(processes: &[EvidenceProcess], view: &View) -> String {
    if processes.is_empty() {
        return String::new();
    }
    let header = ["  PID", "STATE", "CPU", "MEMORY", "AGE", "COMMAND"];
    table(
        view,
        &header,
        "COMMAND",
        processes.iter().map(|process| {
            let indent = "  ".repeat(usize::try_from(process.depth.min(20)).unwrap_or_default());
            let command = if process.command.is_empty() { &process.name } else { &process.command };
            vec![
                format!("  {}", process.pid),
                process.state.clone(),
                process.cpu_percent.map_or_else(|| UNKNOWN.to_owned(), |percent| format!("{percent:.0} %")),
                process.memory_bytes.map_or_else(|| UNKNOWN.to_owned(), bytes),
                length(process.age_s),
                format!("{indent}{command}"),
            ]
        }),
    )
}

fn sockets(evidence: &Evidence, view: &View) -> String {
    if evidence.sockets.is_empty() {
        return String::new();
    }
    let header = ["  PID", "PROTOCOL", "LOCAL", "REMOTE", "STATE"];
    table(
        view,
        &header,
        "REMOTE",
        evidence.sockets.iter().map(|socket| {
            vec![
                format!("  {}", socket.pid),
                socket.protocol.clone(),
                socket.local.clone(),
                socket.remote.clone(),
                socket.state.clone(),
            ]
        }),
    )
}

fn missing(evidence: &Evidence) -> String {
    evidence.missing.iter().map(|part| format!("  {part}\n")).collect()
}

fn output_title(output: &OutputTail) -> String {
    let lines = count(output.lines.len(), "line", "lines");
    match output.dropped_bytes {
        0 => format!("Output, the last {lines} of {}", bytes(output.bytes)),
        gone => {
            format!("Output, the last {lines} of {}, the first {} of which are gone", bytes(output.bytes), bytes(gone))
        }
    }
}

fn output(output: &OutputTail) -> String {
    output.lines.iter().map(|line| format!("  {line}\n")).collect()
}
