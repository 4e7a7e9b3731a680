//! `cargo xtask test`: the one gate. Checks run in order and stop at the first that fails.

mod count;
mod gates;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::setup::{self, Purpose};
use crate::shell::{Task, headline};

use count::Count;
use gates::{Gate, Kind};

/// What to test.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run only tests whose name contains this, and no other check
    filter: Option<String>,
    /// Run only the check of this name (`fmt`, `clippy`, …; `agents` and `package` run so alone); may be given more than once
    #[arg(long, value_name = "CHECK", conflicts_with = "filter")]
    only: Vec<String>,
}

/// How a check went.
enum Verdict {
    Passed,
    Skipped(String),
    Failed { again: String },
}

/// `cargo xtask test`.
pub(crate) fn command(options: &Options) -> Result<ExitCode> {
    let project = Project::find()?;
    let gates = chosen(&project, options)?;
    let before = tree(&project)?;
    headline("setup");
    setup::everything(&project, &[Purpose::Build, Purpose::Test])?;
    let mut count = Count::default();
    let mut skipped = Vec::new();
    for gate in &gates {
        headline(gate.name);
        let clock = stopwatch();
        let tests_before = count;
        let verdict = run(gate, &project, &before, &mut count)?;
        let seconds = clock().as_secs_f64();
        match verdict {
            Verdict::Passed => println!("--- {}: ok, {seconds:.1} s", gate.name),
            Verdict::Skipped(reason) => {
                println!("--- {}: SKIPPED: {reason}", gate.name);
                skipped.push(gate.name);
            }
            Verdict::Failed { again } => {
                // A check that is no test, or did not even compile, counts as one failure.
                count.failed += u64::from(count.failed == tests_before.failed);
                println!("--- {}: FAILED, {seconds:.1} s; to repeat:\n    {again}", gate.name);
                println!("{count}");
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(close(options, count, &skipped))
}

fn close(options: &Options, count: Count, skipped: &[&str]) -> ExitCode {
    println!();
    if !skipped.is_empty() {
        println!("SKIPPED, and so unknown: {}", skipped.join(", "));
    }
    let is_empty = options.only.is_empty() && count.passed == 0;
    if is_empty {
        println!("no test ran: nothing was shown to work");
    }
    println!("{count}");
    if is_empty { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn chosen(project: &Project, options: &Options) -> Result<Vec<Gate>> {
    let mut all = gates::all(project, options.filter.as_deref());
    if options.only.is_empty() {
        return Ok(all);
    }
    all.extend(gates::optional(project));
    let known: Vec<&str> = all.iter().map(|gate| gate.name).collect();
    if let Some(name) = options.only.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no check `{name}`; there are: {}", known.join(", "));
    }
    Ok(all.into_iter().filter(|gate| options.only.iter().any(|name| name == gate.name)).collect())
}

fn run(gate: &Gate, project: &Project, before: &str, count: &mut Count) -> Result<Verdict> {
    let again = gate.task.line();
    let status = match gate.kind {
        Kind::Check => gate.task.status()?,
        Kind::Tests => gate.task.watched(|line| count.take(line))?,
        Kind::Unchanged => return unchanged(project, before, again),
    };
    Ok(match status.code() {
        Some(0) => Verdict::Passed,
        Some(crate::cross::UNAVAILABLE) if gate.may_be_skipped => {
            Verdict::Skipped("what it needs cannot be had on this machine (see above)".to_owned())
        }
        _ => Verdict::Failed { again },
    })
}

fn unchanged(project: &Project, before: &str, again: String) -> Result<Verdict> {
    let after = tree(project)?;
    if after == before {
        return Ok(Verdict::Passed);
    }
    println!(
        "the checks changed the tree: something that is generated was not committed\nbefore:\n{before}after:\n{after}"
    );
    Ok(Verdict::Failed { again })
}

/// What git sees of uncommitted changes, contents included; empty where there is no git.
fn tree(project: &Project) -> Result<String> {
    let git = |arguments: &[&str]| project.task("git").args(arguments.iter().copied());
    if !git(&["rev-parse", "--is-inside-work-tree"]).succeeds() {
        println!("(no git here: a change of generated files will not be seen)");
        return Ok(String::new());
    }
    let ask = |task: Task| task.output();
    Ok(ask(git(&["status", "--porcelain"]))? + &ask(git(&["diff", "--stat"]))?)
}

fn stopwatch() -> impl Fn() -> std::time::Duration {
    let start = Instant::now();
    move || start.elapsed()
}
