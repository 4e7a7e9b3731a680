//! Progress that shows elsewhere than in a marker: in output, in files, in commits, in what agents write.

use std::fs;
use std::path::Path;
use std::process::Command;

use nightkeep_engine::api::{Activity, Phase, RunView};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night};

/// A run that prints what stands in `lines`, then what is written into `more`.
fn printing(night: &Night, source: &str, lines: &str) -> Begun {
    fs::write(night.work().join("lines"), lines).unwrap();
    fs::write(night.work().join("more"), "").unwrap();
    let script = "cat lines; tail -n +1 -f more";
    let begun = night.begin(&["run", "--detach", "--source", source, "--", "sh", "-c", script]).unwrap();
    night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    begun
}

fn add(night: &Night, line: &str) {
    use std::io::Write as _;
    let mut more = fs::OpenOptions::new().append(true).open(night.work().join("more")).unwrap();
    writeln!(more, "{line}").unwrap();
}

fn stopped(night: &Night, run: u64) -> (Option<i64>, u64) {
    night.told(&["stop", "--force", &run.to_string()]).unwrap();
    let row = night.ended(run).unwrap();
    (row.last_step, u64::from(row.advances))
}

#[test]
fn a_number_that_rises_in_the_output_is_progress_and_is_not_counted_twice_after_a_crash() {
    let night = Night::watched("").unwrap();
    let begun = printing(&night, r"pattern:step (\d+)/(\d+)", "step 1/9\nsomething else\nstep 2/9\n");
    let view = night.until_step(begun.run, 2).unwrap();
    assert_eq!(view.total, Some(9));
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    add(&night, "step 2/9");
    add(&night, "step 3/9");
    night.until_step(begun.run, 3).unwrap();
    let (step, advances) = stopped(&night, begun.run);
    assert_eq!(step, Some(3));
    // The first two may have been reached between two looks.
    assert!((2..=3).contains(&advances), "{advances} advances");
}

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/agents");
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn what_claude_code_streams_is_understood_and_goes_on_after_a_crash_where_it_was() {
    let night = Night::watched("").unwrap();
    let begun = printing(&night, "claude-stream", &fixture("claude-stream.jsonl"));
    let done = |view: &RunView| view.claim.as_ref().is_some_and(|claim| claim.succeeded);
    let before = night.until_run("its own word for its end", begun.run, done).unwrap();
    let totals = before.totals.unwrap();
    assert!(before.step.unwrap() > 0 && totals.cost_usd > 0.0, "{before:#?}");
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let after = night.until_run("it to be found again", begun.run, |view| view.step == before.step).unwrap();
    assert_eq!(after.totals.map(|totals| totals.cost_usd.to_bits()), Some(totals.cost_usd.to_bits()));
    let begins = r#"{"type":"assistant","message":{"id":"m9","content":[{"type":"tool_use","id":"t9","name":"Bash","input":{"command":"cargo test"}}]}}"#;
    add(&night, begins);
    night.until_run("a tool", begun.run, |view| view.activity == Activity::Tool).unwrap();
    let (step, _) = stopped(&night, begun.run);
    assert_eq!(step, before.step);
    let answer = serde_json::json!("All links work. Two articles were changed.");
    assert_eq!(night.show(begun.run).unwrap().result, Some(answer));
}

#[test]
fn files_and_commits_are_counted_from_the_start_of_the_run_on() {
    let night = Night::watched("").unwrap();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(night.work()).args(["-c", "user.name=a", "-c", "user.email=a@b.c"]).args(arguments);
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["commit", "-q", "--allow-empty", "-m", "before"]);
    fs::write(night.work().join("one.md"), "").unwrap();
    let run = ["run", "--detach", "--source", "files:*.md", "--source", "commits", "--", "sleep", "600"];
    let begun = night.begin(&run).unwrap();
    night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    // What is there at the first look is no progress, and nothing tells when that was.
    let mut written = 1;
    let counted = eventually("the files", || {
        written += 1;
        fs::write(night.work().join(format!("{written}.md")), "").unwrap();
        night.json(&["status"]).ok()?["runs"][0]["step"].as_i64()
    });
    assert!((2..=written).contains(&counted.unwrap()));
    git(&["commit", "-q", "--allow-empty", "-m", "a chapter"]);
    let view = night.until_run("the commit", begun.run, |view| view.step == Some(1)).unwrap();
    assert!(view.note.as_deref().is_some_and(|note| note.contains("a chapter")), "{view:#?}");
    stopped(&night, begun.run);
}

#[test]
fn a_script_that_leaves_sentinel_files_is_watched_from_outside() {
    let night = Night::watched("").unwrap();
    let out = night.work().join("out");
    fs::create_dir(&out).unwrap();
    let mut agent = Command::new("sleep").arg("600").spawn().unwrap();
    let pid = agent.id().to_string();
    fs::write(out.join("fetch.pid"), &pid).unwrap();
    let source = format!("sentinel:{}", out.display());
    night.told(&["attach", "--name", "pipeline", "--pid", &pid, "--source", &source]).unwrap();
    night.until_run("it to begin", 1, |view| view.note.as_deref() == Some("fetch began")).unwrap();
    fs::write(out.join("fetch.result"), r#"{"ok": true, "msg": "12 pages"}"#).unwrap();
    fs::write(out.join("fetch.status"), "SUCCESS\n").unwrap();
    let claimed = |view: &RunView| view.claim.as_ref().is_some_and(|claim| claim.succeeded);
    let view = night.until_run("its end", 1, claimed).unwrap();
    assert_eq!((view.step, view.claim.unwrap().message.as_deref()), (Some(1), Some("fetch: 12 pages")));
    agent.kill().unwrap();
    agent.wait().unwrap();
    night.ended(1).unwrap();
}

#[test]
fn a_source_that_cannot_be_read_says_so_and_ends_no_watch() {
    let night = Night::watched("").unwrap();
    fs::write(night.work().join("file"), "").unwrap();
    let begun = night.begin(&["run", "--detach", "--source", "sentinel:file", "--", "sleep", "600"]).unwrap();
    let view = night.until_run("what is wrong", begun.run, |view| view.source_note.is_some()).unwrap();
    let said = view.source_note.unwrap();
    assert!(said.starts_with("`sentinel:file` cannot be read since 20"), "{said}");
    assert!(said.ends_with(": the folder cannot be listed: it is not a folder."), "{said}");
    fs::remove_file(night.work().join("file")).unwrap();
    fs::create_dir(night.work().join("file")).unwrap();
    night.until_run("it to be readable", begun.run, |view| view.source_note.is_none()).unwrap();
    stopped(&night, begun.run);
}

#[test]
fn a_source_that_cannot_be_meant_is_refused_before_anything_is_started() {
    let night = Night::new("").unwrap();
    let attach = ["attach", "--name", "a", "--pid", "1", "--source", "nothing"];
    for (line, why) in [
        (&["run", "--source", "pattern:step (", "--", "true"][..], "pattern:step ("),
        (&["run", "--source", "nothing", "--", "true"], "the sources are `claude-stream`, "),
        (&["job", "add", "a", "--source", "nothing", "--", "true"], "the sources are `claude-stream`, "),
        (&attach, "the sources are `claude-stream`, "),
    ] {
        let said = night.nightkeep(line).unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{line:?}: {}", said.err);
        assert!(said.err.contains("--source") && said.err.contains(why), "{line:?}: {}", said.err);
    }
    assert!(!night.socket().exists(), "nobody was asked");
}
