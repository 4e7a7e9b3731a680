//! Ten thousand signals a second for ten seconds, in each way in which they can come: what that costs the engine, what is
//! left out, and whether a run beside it is judged in time.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::lab::{Agent, Lab};
use super::numbers::{megabytes, ms};
use super::{Bench, Row, api, proc, verdict};

/// What the engine may take more while it is flooded.
const GROWTH_MAX_KIB: u64 = 30_000;
const LATE_MAX: Duration = Duration::from_millis(250);
/// What one run may say in ten seconds: 500 at once, then 50 a second; with room for the seconds around.
const TAKEN_MAX: u64 = 1_300;
/// A count that stays as it is for so long is the last one.
const STILL_FOR: Duration = Duration::from_secs(1);
const CHECK: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";

/// A way in which a flood can come.
struct Way {
    name: &'static str,
    /// More of its job, below `[jobs.loud]`.
    job: &'static str,
    /// More words for the agent.
    words: &'static [&'static str],
    /// Of steps that are read together, and of what is overwritten, the last says all: it has to be shown. Everywhere else
    /// all but a few has to be counted as left out.
    last_says_all: bool,
}

/// `beat`, `mark`, the hook and the MCP server all go the way of the signals.
const WAYS: [Way; 6] = [
    Way { name: "signals", job: "", words: &[], last_says_all: false },
    Way { name: "pings", job: "", words: &["--threads", "8"], last_says_all: false },
    Way { name: "datagrams", job: "sources = ['sd-notify']", words: &[], last_says_all: false },
    Way { name: "pattern", job: r"sources = ['pattern:step (\d+)/(\d+)']", words: &[], last_says_all: true },
    Way { name: "stream", job: "sources = ['claude-stream']", words: &[], last_says_all: false },
    Way { name: "marks", job: "", words: &["--rate", "1000000"], last_says_all: true },
];

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for way in &WAYS {
        rows.extend(one(bench, way).with_context(|| format!("flood with {}", way.name))?);
    }
    Ok(rows)
}

fn one(bench: &Bench, way: &Way) -> Result<Vec<Row>> {
    let limits = "warn_after = \"2s\"\nstall_after = \"4s\"\ngrace = \"2s\"";
    let quiet = |name: &str| Agent { name: name.to_owned(), steps: &["mark 1", "hang"], limits };
    let lab = Lab::open_with(bench, &[quiet("before"), quiet("beside")], "[pings]\nlisten = \"127.0.0.1:0\"\n")?;
    let sent = lab.home().join("sent");
    let agent = bench.project.root.join("tests/agents/flooding.py").display().to_string();
    let sent_at = sent.display().to_string();
    let words = ["python3", &agent, way.name, "--sent", &sent_at].into_iter().chain(way.words.iter().copied());
    // A JSON text is a TOML text as well.
    let command: Vec<String> = words.map(|word| Value::from(word).to_string()).collect();
    let job = format!("\n[jobs.loud]\ncommand = [{}]\nping = '{CHECK}'\n{}\n", command.join(", "), way.job);
    let config = lab.home().join("config.toml");
    fs::write(&config, fs::read_to_string(&config)? + &job).context("write `config.toml`")?;
    // Everything has been used once before it is measured.
    lab.start("before")?;
    lab.until("it was stopped", || Ok((ended(&lab, "before")?).map(|_| ())))?;
    let engine = lab.engine_pid()?;
    let (before, _) = proc::resident(engine)?;
    proc::forget_most(engine)?;
    lab.start("loud")?;
    lab.start("beside")?;
    let sent: u64 = lab.until("all was sent", || Ok(fs::read_to_string(&sent).ok()))?.parse()?;
    let run = lab.until("it was stopped", || ended(&lab, "beside"))?;
    let late = verdict::delay(&lab.nightkeep.json(&["show", &run.to_string()])?)?;
    let counted = counted(&lab, way, sent)?;
    let (after, most) = proc::resident(engine)?;
    lab.stop("loud")?;
    lab.until("the flood's run is over", || ended(&lab, "loud"))?;
    let what = format!("flood of {}", way.name);
    let grown = most.saturating_sub(before);
    let memory =
        format!("{:.1} MB before, {:.1} at most, {:.1} after", megabytes(before), megabytes(most), megabytes(after));
    Ok(vec![
        Row::new(format!("{what}: the engine's memory"), memory, "≤ 30.7 MB more at most", grown <= GROWTH_MAX_KIB),
        Row { what: format!("{what}: {}", counted.what), ..counted },
        Row::new(format!("{what}: verdict on a run beside it"), ms(late), "≤ 250 ms late", late <= LATE_MAX),
    ])
}

/// The number of the run of a job, once it is over.
fn ended(lab: &Lab, job: &str) -> Result<Option<u64>> {
    let rows = lab.history()?;
    let row = rows.iter().find(|row| row.get("job").and_then(Value::as_str) == Some(job));
    Ok(row.and_then(|row| row.get("run")).and_then(Value::as_u64))
}

/// What became of the flood, once nothing of it is on its way any more: sources are looked at four times a second.
fn counted(lab: &Lab, way: &Way, sent: u64) -> Result<Row> {
    let look = || if way.last_says_all { last_step(lab) } else { left_out(lab) };
    let mut last = (look()?, Instant::now());
    let count = lab.until("the count stands still", || {
        let count = look()?;
        if count != last.0 {
            last = (count, Instant::now());
        }
        Ok((last.1.elapsed() >= STILL_FOR).then_some(count))
    })?;
    let speed = format!("{count} of {sent} sent ({} a second)", sent / 10);
    Ok(if way.last_says_all {
        Row::new("the last step that is shown", speed, format!("{sent}"), count == sent)
    } else {
        let least = sent.saturating_sub(TAKEN_MAX);
        Row::new("left out and counted", speed, format!("≥ {least}"), count >= least)
    })
}

fn last_step(lab: &Lab) -> Result<u64> {
    Ok(loud(lab)?.get("step").and_then(Value::as_u64).unwrap_or_default())
}

/// What the engine says it has left out.
fn left_out(lab: &Lab) -> Result<u64> {
    let of_run = number(&loud(lab)?, "signals_dropped")?;
    let pings = api::ask(&lab.socket(), "/v1/pings")?;
    Ok(of_run + number(&pings, "limited")? + number(&pings, "dropped")?)
}

/// The run that floods, as it is shown.
fn loud(lab: &Lab) -> Result<Value> {
    let status = lab.status()?;
    let runs = status.get("runs").and_then(Value::as_array).context("find the runs")?;
    let loud = runs.iter().find(|run| run.get("job").and_then(Value::as_str) == Some("loud"));
    loud.cloned().context("find the loud run")
}

fn number(value: &Value, name: &str) -> Result<u64> {
    value.get(name).and_then(Value::as_u64).with_context(|| format!("find the number `{name}`"))
}
