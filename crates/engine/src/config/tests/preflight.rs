//! Whether a job could be left alone.

use std::fs;
use std::path::Path;

use super::*;
use crate::api::{CheckName, CheckResult, JobCheck};
use crate::clock;

/// What a test of a job finds in `home`, in which it runs.
fn tested(home: &Path, job: &JobSpec) -> Vec<(CheckName, CheckResult)> {
    all(home, job).into_iter().map(|found| (found.check, found.ok)).collect()
}

fn all(home: &Path, job: &JobSpec) -> Vec<JobCheck> {
    let around = Surroundings { home: home.to_owned(), search: "/usr/bin:/bin".into() };
    preflight(job, &Config::default(), None, &around, clock::now().wall)
}

fn job(command: &str) -> JobSpec {
    JobSpec { name: "nightly".into(), command: vec![command.into()], ..JobSpec::default() }
}

#[test]
fn a_job_of_which_all_is_there_passes_every_check() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("marker.json"), r#"{"step": 3, "note": "draft written"}"#).unwrap();
    let script = home.path().join("agent");
    crate::marker::replace_file(&script, b"#!/usr/bin/env sh\n", Some(0o755)).unwrap();
    let job = JobSpec { progress: Some("marker.json".into()), ..job("./agent") };
    let found = all(home.path(), &job);
    let names = [
        CheckName::Program,
        CheckName::Interpreter,
        CheckName::Folder,
        CheckName::MarkerFolder,
        CheckName::Marker,
        CheckName::Limits,
    ];
    assert_eq!(
        found.iter().map(|found| (found.check, found.ok)).collect::<Vec<_>>(),
        names.map(|name| (name, CheckResult::Ok))
    );
    let marker = &found[4].says;
    assert!(marker.contains("step 3") && marker.contains("draft written"), "what was read is said: {marker}");
}

#[test]
fn each_thing_that_is_missing_fails_its_own_check() {
    let home = tempfile::tempdir().unwrap();
    let good = tested(home.path(), &job("sh"));
    assert!(good.iter().all(|(_, ok)| *ok == CheckResult::Ok), "{good:?}");
    let fails = |job: JobSpec, check| {
        let found = tested(home.path(), &job);
        let failed: Vec<_> = found.iter().filter(|(_, ok)| *ok == CheckResult::Fail).collect();
        assert_eq!(failed, [&(check, CheckResult::Fail)], "{found:?}");
    };
    fails(job("nowhere"), CheckName::Program);
    let script = home.path().join("script");
    crate::marker::replace_file(&script, b"#!/nowhere/python\n", Some(0o755)).unwrap();
    fails(job("./script"), CheckName::Interpreter);
    fails(JobSpec { cwd: Some("nowhere".into()), ..job("sh") }, CheckName::Folder);
    fails(JobSpec { progress: Some("script".into()), ..job("sh") }, CheckName::Marker);
    let limits = LimitsSpec { warn_after: Some("9m".into()), stall_after: Some("1m".into()), ..LimitsSpec::default() };
    fails(JobSpec { limits, ..job("sh") }, CheckName::Limits);
    fails(JobSpec { check_url: Some("https://host".into()), ..job("sh") }, CheckName::Configuration);
    let absent = JobSpec { progress: Some("nowhere/marker.json".into()), ..job("sh") };
    let warned = tested(home.path(), &absent);
    assert_eq!(warned[2..4], [(CheckName::MarkerFolder, CheckResult::Warn), (CheckName::Marker, CheckResult::Warn)]);
}
