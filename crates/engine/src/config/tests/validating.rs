//! What is said of a job before it is saved.

use super::*;
use crate::api::Validation;

fn said(job: &JobSpec, around: &Surroundings) -> String {
    let said = validate(job, &sample(), None, around);
    let lines = |kind: &'static str, faults: Vec<FieldFault>| {
        faults.into_iter().map(move |fault| format!("{kind} {}: {}", fault.field, fault.message))
    };
    let all: Vec<String> = lines("error", said.errors).chain(lines("warning", said.warnings)).collect();
    all.join("\n").replace(around.home.to_str().unwrap(), "HOME")
}

/// A home directory with a program in `bin`, and files that are no programs.
fn home() -> (tempfile::TempDir, Surroundings) {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("bin")).unwrap();
    for (name, text) in [("bin/tool", "#!/bin/sh\n"), ("bin/script", "#!/usr/bin/env -S nosuch -x\n"), ("plain", "")] {
        let path = home.path().join(name);
        let mode = if name == "plain" { 0o644 } else { 0o755 };
        crate::marker::replace_file(&path, text.as_bytes(), Some(mode)).unwrap();
    }
    let search = home.path().join("bin").into_os_string();
    let around = Surroundings { home: home.path().to_owned(), search };
    (home, around)
}

fn job(command: &[&str]) -> JobSpec {
    JobSpec { name: "j".into(), command: command.iter().map(|&word| word.to_owned()).collect(), ..JobSpec::default() }
}

#[test]
fn a_job_that_can_be_started_is_not_remarked_on() {
    let (_home, around) = home();
    let job = JobSpec { cwd: Some("~/bin".into()), progress: Some("p.json".into()), ..job(&["tool"]) };
    assert_eq!(validate(&job, &sample(), None, &around), Validation::default());
    assert_eq!(validate(&JobSpec { command: vec!["./tool".into()], ..job }, &sample(), None, &around).warnings, []);
}

#[test]
fn what_is_wrong_with_a_job_is_an_error_at_its_field() {
    let (_home, around) = home();
    let mut wrong = JobSpec {
        name: "nightly".into(),
        r#type: Some("nope".into()),
        cwd: Some("plain".into()),
        progress: Some("~/bin".into()),
        ..JobSpec::default()
    };
    wrong.env.insert("A=B".into(), "x".into());
    let mut limits = job(&["tool"]);
    limits.limits.grace = Some("soon".into());
    limits.limits.warn_after = Some("later".into());
    let mut order = job(&["tool"]);
    order.limits.warn_after = Some("2h".into());
    let named = |name: &str| JobSpec { name: name.into(), ..job(&["tool"]) };
    let all =
        [wrong, limits, order, named(""), named(" a"), named(&"a".repeat(61)), named("a\u{202e}b"), named("a\nb")];
    insta::assert_snapshot!(all.iter().map(|job| said(job, &around)).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn what_may_be_mended_outside_the_job_is_a_warning() {
    let (_home, around) = home();
    let mut odd = JobSpec { cwd: Some("gone".into()), progress: Some("~/gone/p.json".into()), ..job(&["nosuch"]) };
    odd.env.insert("NIGHTKEEP_RUN".into(), "x".into());
    odd.env.insert("a-b".into(), "x".into());
    odd.limits.grace = Some("1s".into());
    odd.limits.max_runtime = Some("5m".into());
    let mut numbered = JobSpec { name: "12".into(), ..job(&["~/plain"]) };
    numbered.limits.grace = Some("1h".into());
    let named = JobSpec { name: "-x".into(), ..job(&["script"]) };
    let all = [odd, numbered, named, job(&["./plain"]), job(&["make site"])];
    insta::assert_snapshot!(all.iter().map(|job| said(job, &around)).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn a_job_may_keep_its_own_name_and_take_no_other_that_is_taken() {
    let (_home, around) = home();
    let taken = JobSpec { name: "nightly".into(), ..job(&["tool"]) };
    assert_eq!(validate(&taken, &sample(), Some("nightly"), &around).errors, []);
    assert_eq!(validate(&taken, &sample(), Some("the site"), &around).errors.len(), 1);
}

#[test]
fn a_type_is_judged_before_it_is_saved() {
    let config = sample();
    let draft = |name: &str, adding, limits: LimitsSpec| crate::api::TypeDraft {
        name: name.into(),
        adding,
        limits,
        max_running: None,
    };
    let said = |draft: &crate::api::TypeDraft| {
        let said = validate_type(draft, &config).errors;
        said.into_iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect::<Vec<_>>().join("\n")
    };
    let spec = |warn: &str, stall: &str| LimitsSpec {
        warn_after: Some(warn.into()),
        stall_after: Some(stall.into()),
        ..LimitsSpec::default()
    };
    assert_eq!(said(&draft("reviews", true, spec("5m", "20m"))), "");
    assert_eq!(said(&draft("llm", false, spec("5m", "20m"))), "");
    assert_eq!(said(&draft("llm", true, spec("5m", "20m"))), "name: There is a job type `llm` already.");
    assert_eq!(
        said(&draft("reviews", true, spec("30m", "20m"))),
        "limits.warn_after: The warning (after 30m) has to come before the stop (after 20m)."
    );
    let both = said(&draft("", true, spec("soon", "never")));
    for part in ["name: A name is needed.", "limits.warn_after: `soon` is", "limits.stall_after: `never` is"] {
        assert!(both.contains(part), "{both}");
    }
    let none = crate::api::TypeDraft { max_running: Some(0), ..draft("reviews", true, LimitsSpec::default()) };
    assert!(said(&none).starts_with("max_running: At least 1 run"), "{}", said(&none));
}
