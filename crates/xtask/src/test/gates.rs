//! The checks, in the order in which they run: what fails quickly comes first.

use crate::cross;
use crate::project::{Profile, Project};
use crate::shell::Task;

/// One check.
pub(crate) struct Gate {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    /// What runs.
    pub(crate) task: Task,
    /// How its result is read.
    pub(crate) kind: Kind,
    /// Whether the exit code for "cannot be had here" is a skip.
    pub(crate) may_be_skipped: bool,
}

/// How the result of a check is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only whether it succeeded.
    Check,
    /// A test runner, whose closing lines are counted.
    Tests,
    /// That the tree is as it was before.
    Unchanged,
}

/// The TypeScript of the wire types is compared with them in a test behind this feature.
const BINDINGS: &str = "--features=nightkeep-engine/bindings";

/// The version of the build that takes over in tests.
const LATER: &str = "99.0.0";

/// All checks, or only the test runners when there is a filter.
pub(crate) fn all(project: &Project, filter: Option<&str>) -> Vec<Gate> {
    let build = check("build", cargo(project, &["build", "--workspace", "--all-targets", BINDINGS, "--locked"]));
    match filter {
        Some(filter) => {
            vec![build, later(project), rust_tests(project, Some(filter)), page_tests(project, Some(filter))]
        }
        None => {
            let mut gates = Vec::from(lints(project));
            gates.extend([build, later(project), rust_tests(project, None)]);
            gates.push(clients(project));
            gates.extend(pages(project));
            gates.push(Gate { may_be_skipped: true, ..check("cross", cross::all(project)) });
            let status = project.task("git").args(["status"]);
            gates.push(Gate { kind: Kind::Unchanged, ..check("unchanged", status) });
            gates
        }
    }
}

fn lints(project: &Project) -> [Gate; 3] {
    let doc = cargo(project, &["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"]);
    [
        check("fmt", cargo(project, &["fmt", "--all", "--check"])),
        check(
            "clippy",
            cargo(project, &["clippy", "--workspace", "--all-targets", BINDINGS, "--locked", "--", "-D", "warnings"]),
        ),
        check("doc", doc.env("RUSTDOCFLAGS", "-D warnings")),
    ]
}

/// Another build of `nightkeep`, of a version that is later than any, for the tests of a hand-over. It has a target folder
/// of its own, so that neither build makes the other start anew.
fn later(project: &Project) -> Gate {
    let target = project.target.join("later").display().to_string();
    let task = cargo(project, &["build", "--locked", "--package", "nightkeep", "--bin", "nightkeep"]);
    check("later", task.env("NIGHTKEEP_VERSION", LATER).env("CARGO_TARGET_DIR", target))
}

fn rust_tests(project: &Project, filter: Option<&str>) -> Gate {
    let task = cargo(project, &["test", "--workspace", BINDINGS, "--locked", "--no-fail-fast"]);
    // Process-level tests start our own binaries, which the check before this one has built.
    let binaries = project.binaries(Profile::Dev).display().to_string();
    Gate { kind: Kind::Tests, ..check("test", task.args(filter).env("NIGHTKEEP_BIN_DIR", binaries)) }
}

/// Clients of Healthchecks and `sd_notify` that others wrote: fetched, and run against a real engine.
fn clients(project: &Project) -> Gate {
    let folder = project.target.join("clients").display().to_string();
    let task = project.task("bash").args(["crates/xtask/scripts/clients.sh"]).env("NIGHTKEEP_CLIENTS_DIR", folder);
    Gate { kind: Kind::Tests, may_be_skipped: true, ..check("clients", task) }
}

/// What runs when it is asked for by name alone: it fetches hundreds of megabytes, or has other programs to call.
pub(crate) fn optional(project: &Project) -> Vec<Gate> {
    vec![agents(project), package(project)]
}

/// A package of a quick build, looked at as whoever installs it would.
fn package(project: &Project) -> Gate {
    let task = project.task("bash").args(["crates/xtask/scripts/package.sh"]);
    Gate { may_be_skipped: true, ..check("package", task) }
}

/// Coding agents as they are: fetched, and run against a played model where nothing but loopback can be reached.
fn agents(project: &Project) -> Gate {
    let folder = project.target.join("agents").display().to_string();
    let task = project.task("bash").args(["crates/xtask/scripts/agents.sh"]).env("NIGHTKEEP_AGENTS_DIR", folder);
    Gate { kind: Kind::Tests, may_be_skipped: true, ..check("agents", task) }
}

fn pages(project: &Project) -> [Gate; 5] {
    [
        check("svelte-check", npm(project, "check")),
        check("eslint", npm(project, "lint")),
        page_tests(project, None),
        check("pages", npm(project, "build")),
        Gate { kind: Kind::Tests, ..check("browser", npm(project, "browser")) },
    ]
}

fn page_tests(project: &Project, filter: Option<&str>) -> Gate {
    let mut task = project.task("npx").args(["vitest", "run"]).dir(project.ui());
    if let Some(filter) = filter {
        task = task.args(["--passWithNoTests", "-t", filter]);
    }
    Gate { kind: Kind::Tests, ..check("vitest", task) }
}

fn check(name: &'static str, task: Task) -> Gate {
    Gate { name, task, kind: Kind::Check, may_be_skipped: false }
}

fn cargo(project: &Project, arguments: &[&str]) -> Task {
    project.task("cargo").args(arguments.iter().copied())
}

fn npm(project: &Project, script: &str) -> Task {
    project.task("npm").args(["run", "--silent", script]).dir(project.ui())
}
