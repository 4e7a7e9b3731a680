//! The helpers for agents: beats beside the work, which never hold it up.

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::Command;

use nightkeep_engine::api::{Outcome, Phase};
use nightkeep_tests::night::{Night, of_run};
use nightkeep_tests::{binary, eventually, root};

const PYTHON: [&str; 3] = [
    "python3",
    "-c",
    "
import sys
sys.path.insert(0, sys.argv[1])
from nightkeep import beat_every, failed, ok
open('gate').read()
beat_every(0.1)
beat_every(0.1)
for _ in range(150):
    ok(latency=0.84, cost=0.01)
failed('no number', None)
open('gate').read()
",
];

const NODE: [&str; 4] = [
    "node",
    "--input-type=module",
    "-e",
    r#"
import { readFile } from "node:fs/promises";
const { beatEvery, failed, ok } = await import(`file://${process.argv[1]}/nightkeep.mjs`);
await readFile("gate");
beatEvery(0.1);
beatEvery(0.1);
for (let call = 0; call < 150; call++) ok({ latency: 0.84, cost: 0.01 });
failed({ latency: "no number", cost: null });
await readFile("gate");
"#,
];

/// The jobs of a shell are its own: none of ours is waited for.
const SHELL: [&str; 5] = [
    "sh",
    "-eu",
    "-c",
    r#"
. "$1/nightkeep.sh"
read _ < gate
nightkeep_beat 100ms
nightkeep_ok 840 1.5
nightkeep_failed
wait
read _ < gate
"#,
    "sh",
];

fn helpers() -> String {
    root().join("crates/cli/helpers").display().to_string()
}

/// A `PATH` on which `nightkeep` is.
fn path() -> String {
    let ours = binary("nightkeep").unwrap();
    format!("PATH={}:{}", ours.parent().unwrap().display(), std::env::var("PATH").unwrap())
}

/// Counts calls, and whether the engine was away at first makes no difference.
fn check_that_beats_carry_what_was_counted(program: &[&str], calls: u64, engine_is_away: bool) {
    let night = Night::watched("").unwrap();
    assert!(Command::new("mkfifo").arg(night.work().join("gate")).status().unwrap().success());
    let open_gate = || fs::write(night.work().join("gate"), "go\n").unwrap();
    let (path, helpers) = (path(), helpers());
    let begun = night.begin(&[&["run", "--detach", "--", "env", &path], program, &[&helpers]].concat()).unwrap();
    night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    if engine_is_away {
        night.crash_engine().unwrap();
    }
    open_gate();
    if engine_is_away {
        night.start_engine().unwrap();
    }
    let is_counted = |totals: nightkeep_engine::api::TotalsView| totals.succeeded + totals.failed > calls;
    let view = night.until_run("the counts", begun.run, |view| view.totals.is_some_and(is_counted)).unwrap();
    let totals = view.totals.unwrap();
    assert_eq!((totals.succeeded, totals.failed), (calls, 1));
    assert!((totals.cost_usd - 1.5).abs() < 1e-6, "{totals:?}");
    assert!(view.since_beat_s.is_some() && view.step.is_none(), "{view:#?}");
    open_gate();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.advances), (Outcome::Succeeded, 0), "{row:#?}");
    eventually("the beats to end", || of_run(&begun.tag).is_empty().then_some(())).unwrap();
    let detail = night.show(begun.run).unwrap();
    assert!(detail.output.lines.is_empty(), "{:?}", detail.output.lines);
    assert!(!detail.timeline.iter().any(|event| event.kind == "leftovers"), "{:#?}", detail.timeline);
}

#[test]
fn beats_of_python_carry_what_was_counted_also_while_the_engine_was_away() {
    check_that_beats_carry_what_was_counted(&PYTHON, 150, false);
    check_that_beats_carry_what_was_counted(&PYTHON, 150, true);
}

#[test]
fn beats_of_node_carry_what_was_counted_also_while_the_engine_was_away() {
    check_that_beats_carry_what_was_counted(&NODE, 150, false);
    check_that_beats_carry_what_was_counted(&NODE, 150, true);
}

#[test]
fn beats_of_a_shell_end_with_it_and_are_none_of_its_jobs() {
    check_that_beats_carry_what_was_counted(&SHELL, 1, false);
}

const TIMED_PYTHON: [&str; 3] = [
    "python3",
    "-c",
    "
import sys, time
sys.path.insert(0, sys.argv[1])
from nightkeep import beat, beat_every, failed, ok
longest = 0
for call in (lambda: beat_every(0.1), ok, failed, beat):
    start = time.monotonic()
    call()
    longest = max(longest, time.monotonic() - start)
print(round(longest * 1000))
",
];

const TIMED_NODE: [&str; 4] = [
    "node",
    "--input-type=module",
    "-e",
    r#"
const { beat, beatEvery, failed, ok } = await import(`file://${process.argv[1]}/nightkeep.mjs`);
let longest = 0;
for (const call of [() => beatEvery(0.1), ok, failed, beat]) {
  const start = performance.now();
  await call();
  longest = Math.max(longest, performance.now() - start);
}
console.log(Math.round(longest));
"#,
];

const TIMED_SHELL: [&str; 5] = [
    "sh",
    "-eu",
    "-c",
    r#"
. "$1/nightkeep.sh"
start=$(date +%s%N)
nightkeep_beat 100ms
nightkeep_ok
nightkeep_failed 12
echo $((($(date +%s%N) - start) / 1000000))
"#,
    "sh",
];

#[test]
fn an_engine_that_is_away_or_never_answers_holds_no_helper_up_and_is_no_word_worth() {
    let folder = tempfile::tempdir().unwrap();
    let silent = folder.path().join("silent.sock");
    let _listener = UnixListener::bind(&silent).unwrap();
    for program in [&TIMED_PYTHON[..], &TIMED_NODE, &TIMED_SHELL] {
        for socket in [&silent, &folder.path().join("nobody.sock")] {
            let mut agent = Command::new("env");
            agent.args(["-i", &path(), "NIGHTKEEP_RUN=any"]).arg(format!("NIGHTKEEP_SOCKET={}", socket.display()));
            agent.arg(format!("HOME={}", folder.path().display())).args(program).arg(helpers());
            let output = agent.output().unwrap();
            let (said, complained) = (String::from_utf8(output.stdout).unwrap(), output.stderr);
            assert!(output.status.success() && complained.is_empty(), "{}", String::from_utf8_lossy(&complained));
            // 200 ms, and what a busy machine makes of them.
            let longest: u32 = said.trim().parse().unwrap_or_else(|_| panic!("{program:?}: {said:?}"));
            assert!(longest < 1_000, "{program:?}: {longest} ms");
        }
    }
}
