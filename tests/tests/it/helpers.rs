//! The helpers for agents: whoever reads the marker at any moment reads a whole one.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nightkeep_tests::root;
use serde_json::Value;

const PYTHON: &str = "
import sys
sys.path.insert(0, sys.argv[1])
from nightkeep import mark_progress
for step in range(1, int(sys.argv[2]) + 1):
    mark_progress(step, 'note \"%d\" \\\\ end' % step, 1000)
";

const SHELL: &str = r#"
. "$1/nightkeep.sh"
step=1
while [ $step -le "$2" ]; do
  nightkeep_mark $step "note \"$step\" \\ end" 1000
  step=$((step + 1))
done
"#;

const NODE: &str = r#"
const { markProgress } = await import(`file://${process.argv[1]}/nightkeep.mjs`);
for (let step = 1; step <= Number(process.argv[2]); step++) markProgress(step, `note "${step}" \\ end`, 1000);
"#;

const LANGUAGES: [(&str, &[&str]); 3] =
    [("python3", &["-c", PYTHON]), ("sh", &["-eu", "-c", SHELL, "sh"]), ("node", &["--input-type=module", "-e", NODE])];

/// An agent that makes `marks` marks.
fn agent((program, arguments): (&str, &[&str]), marks: u32) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(root().join("crates/cli/helpers")).arg(marks.to_string()).stdin(Stdio::null());
    command
}

/// Reads the marker as often as possible while 1,000 marks are made.
fn check_that_no_reader_sees_half_a_marker(language: (&str, &[&str])) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("marker.json");
    let mut child = agent(language, 1000).env("NIGHTKEEP_PROGRESS", &path).spawn().unwrap();
    let (mut best, mut different) = (0, 0);
    loop {
        let is_over = child.try_wait().unwrap();
        if let Some(step) = whole(&path) {
            assert!(step >= best, "the step went back from {best} to {step}");
            different += u32::from(step > best);
            best = step;
        }
        if let Some(status) = is_over {
            assert!(status.success());
            break;
        }
    }
    assert_eq!(best, 1000);
    assert!(different > 10, "only {different} different markers were seen: reading was not concurrent");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["marker.json"]);
}

/// The step of a whole marker; `None` before the first one.
fn whole(path: &Path) -> Option<i64> {
    let text = fs::read_to_string(path).ok()?;
    let marker: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("half a marker: {text:?}: {error}"));
    let step = marker["step"].as_i64().unwrap();
    assert_eq!(marker["note"], format!(r#"note "{step}" \ end"#));
    assert_eq!(marker["total"], 1000);
    assert!(marker["ts"].as_f64().unwrap() > 1.7e9);
    Some(step)
}

#[test]
fn a_thousand_marks_from_python_are_never_read_half_written() {
    check_that_no_reader_sees_half_a_marker(LANGUAGES[0]);
}

#[test]
fn a_thousand_marks_from_a_shell_are_never_read_half_written() {
    check_that_no_reader_sees_half_a_marker(LANGUAGES[1]);
}

#[test]
fn a_thousand_marks_from_node_are_never_read_half_written() {
    check_that_no_reader_sees_half_a_marker(LANGUAGES[2]);
}

#[test]
fn without_a_marker_to_write_a_helper_is_silent_and_harmless() {
    for language in LANGUAGES {
        for place in [None, Some("/nowhere/at/all/marker.json")] {
            let mut agent = agent(language, 2);
            agent.env_remove("NIGHTKEEP_PROGRESS").envs(place.map(|place| ("NIGHTKEEP_PROGRESS", place)));
            let output = agent.output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            assert!(output.status.success() && said.is_empty(), "{language:?}: {}", String::from_utf8_lossy(&said));
        }
    }
}
