//! What goes with a report of a fault, of a real engine and of none.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nightkeep_tests::night::Night;

const CONFIG: &str = "[settings]\nkeep_days = 14\n[jobs.docs]\ncommand = [\"tool\", \"--token\", \"abc\"]\n";

#[test]
fn the_diagnostics_tell_what_runs_here_and_need_no_engine() {
    let night = Night::watched(CONFIG).unwrap();
    night.nightkeep(&["run", "--name", "short", "--", "true"]).unwrap();
    let told = night.told(&["diagnostics"]).unwrap();
    for part in ["# Diagnostics of Nightkeep", "process ", "| finished | 1 |", "keep_days         14  (usually 30)"] {
        assert!(told.contains(part), "`{part}` is not in\n{told}");
    }
    assert!(told.contains("command = [\"tool\", \"--token\", \"[hidden]\"]"), "{told}");
    let log = told.split_once("## The end of the engine's log").unwrap().1;
    assert!(log.contains(" INFO "), "{log}");

    night.told(&["engine", "--stop"]).unwrap();
    night.until_away().unwrap();
    let told = night.told(&["diagnostics"]).unwrap();
    for part in ["- Engine: the engine is not running", "keep_days         14  (usually 30)", "[jobs.docs]"] {
        assert!(told.contains(part), "`{part}` is not in\n{told}");
    }
    assert!(night.json(&["doctor"]).unwrap()["checks"].as_array().unwrap().len() > 3);
}

#[test]
fn the_diagnostics_are_written_for_their_user_only() {
    let night = Night::watched(CONFIG).unwrap();
    let file = night.work().join("report.md");
    let said = night.told(&["diagnostics", "--output", file.to_str().unwrap()]).unwrap();
    assert!(said.starts_with("wrote ") && said.contains("report.md"), "{said}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&file).unwrap().starts_with("# Diagnostics of Nightkeep"));
    let said = night.nightkeep(&["diagnostics", "--output", "/nowhere/report.md"]).unwrap();
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("/nowhere/report.md"), "{said:?}");
}
