//! What edits do to the text.

use super::*;
use crate::config::edit::{Edit, apply};

fn edited(text: &str, edit: Edit<'_>) -> String {
    let edited = apply(text, &Config::parse(text).unwrap(), edit).unwrap();
    Config::parse(&edited).unwrap();
    edited
}

fn job(name: &str) -> JobSpec {
    JobSpec { name: name.into(), command: vec!["x".into(), "two words".into()], ..JobSpec::default() }
}

fn refused(edit: Edit<'_>) -> String {
    let error = apply(SAMPLE, &sample(), edit).unwrap_err();
    format!("{:?}", crate::api::ApiError::from(error))
}

#[test]
fn a_job_is_added_below_the_others() {
    let mut job = job("third");
    job.r#type = Some("build".into());
    job.env.insert("A B".into(), "c".into());
    job.env.insert("D".into(), "e".into());
    job.observe = true;
    job.stop_signal = Some("INT".into());
    job.output_max = Some("50MB".into());
    job.limits.grace = Some("5s".into());
    insta::assert_snapshot!(edited(SAMPLE, Edit::AddJob(&job)));
    assert_eq!(Config::parse(&edited(SAMPLE, Edit::AddJob(&job))).unwrap().job("third"), Some(&job));
}

#[test]
fn a_job_is_added_wherever_the_jobs_are() {
    let add = |text: &str| edited(text, Edit::AddJob(&job("b")));
    assert_eq!(add(""), "[jobs.b]\ncommand = [\"x\", \"two words\"]\n");
    assert_eq!(
        add("[jobs.a]\ncommand = [\"x\"]\n# about a\n\n[types.t]\ngrace = 3\n# the end\n"),
        "[jobs.a]\ncommand = [\"x\"]\n\n[jobs.b]\ncommand = [\"x\", \"two words\"]\n# about a\n\n[types.t]\ngrace = 3\n# the end\n"
    );
    assert_eq!(
        add("[jobs.a]\ncommand = [\"x\"]\n# about a\n"),
        "[jobs.a]\ncommand = [\"x\"]\n# about a\n\n[jobs.b]\ncommand = [\"x\", \"two words\"]\n"
    );
    assert_eq!(
        add("jobs = { a = { command = \"x\" } }\n"),
        "jobs = { a = { command = \"x\" } , b = { command = [\"x\", \"two words\"] } }\n"
    );
    assert_eq!(
        add("[jobs]\na = { command = \"x\" }\n"),
        "[jobs]\na = { command = \"x\" }\n\n[jobs.b]\ncommand = [\"x\", \"two words\"]\n"
    );
}

#[test]
fn a_job_is_changed_where_it_stands_and_only_where_it_differs() {
    let mut job = sample().job("nightly").unwrap().clone();
    job.r#type = None;
    job.cwd = Some("/srv".into());
    job.progress = Some("p.json".into());
    job.env.insert("MODE".into(), "dusk".into());
    job.env.insert("EXTRA".into(), "1".into());
    job.limits = LimitsSpec { warn_after: Some("1m".into()), ..LimitsSpec::default() };
    let text = edited(SAMPLE, Edit::ReplaceJob { name: "nightly", job: &job });
    assert_eq!(Config::parse(&text).unwrap().job("nightly"), Some(&job));
    insta::assert_snapshot!(text);
}

#[test]
fn a_job_that_is_saved_unchanged_changes_nothing() {
    let job = sample().job("nightly").unwrap().clone();
    assert_eq!(edited(SAMPLE, Edit::ReplaceJob { name: "nightly", job: &job }), SAMPLE);
}

#[test]
fn a_renamed_job_stays_where_it_is() {
    let job = JobSpec { name: "every night".into(), ..sample().job("nightly").unwrap().clone() };
    let text = edited(SAMPLE, Edit::ReplaceJob { name: "nightly", job: &job });
    assert_eq!(text, SAMPLE.replace("jobs.nightly", "jobs.\"every night\""));
    let inline = "jobs = { a = { command = 'x' }, b = { command = 'y' } } # all\n";
    let job = JobSpec { name: "c".into(), command: vec!["x".into()], ..JobSpec::default() };
    assert_eq!(edited(inline, Edit::ReplaceJob { name: "a", job: &job }), inline.replace("a =", "c ="));
}

#[test]
fn a_removed_job_takes_its_own_comments_along_and_leaves_the_others() {
    insta::assert_snapshot!(edited(SAMPLE, Edit::RemoveJob { name: "nightly" }));
    assert_eq!(edited("# a\n[jobs.a]\ncommand = 'x'\n", Edit::RemoveJob { name: "a" }), "");
    assert_eq!(
        edited(
            "# the file\n\n# about a\n[jobs.a]\ncommand = 'x'\n\n# b\n[jobs.b]\ncommand = 'y'\n",
            Edit::RemoveJob { name: "a" }
        ),
        "# the file\n\n# b\n[jobs.b]\ncommand = 'y'\n"
    );
    assert_eq!(edited("# the file\n\n[jobs.a]\ncommand = 'x'\n", Edit::RemoveJob { name: "a" }), "# the file\n");
    assert_eq!(
        edited("[jobs.a]\ncommand = 'x'\n\n[jobs.b]\ncommand = 'y'\n", Edit::RemoveJob { name: "a" }),
        "[jobs.b]\ncommand = 'y'\n"
    );
}

#[test]
fn a_type_is_set_where_it_stands_or_made() {
    let limits = LimitsSpec { stall_after: Some("25m".into()), grace: Some("9s".into()), ..LimitsSpec::default() };
    insta::assert_snapshot!(edited(SAMPLE, Edit::SetType { name: "llm", limits: &limits }));
    let text = edited(SAMPLE, Edit::SetType { name: "other", limits: &limits });
    assert!(text.contains("[types.other]\nstall_after = \"25m\"\ngrace = \"9s\"\n"), "{text}");
}

#[test]
fn what_is_said_of_a_type_is_taken_away_and_nothing_else() {
    let limits = LimitsSpec { stall_after: Some("25m".into()), ..LimitsSpec::default() };
    let with = edited(SAMPLE, Edit::SetType { name: "other", limits: &limits });
    assert_eq!(edited(&with, Edit::RemoveType { name: "other" }), SAMPLE);
    let text = "[types.own]\nwarn_after = \"1m\"\n\n[jobs.a]\ntype = \"own\"\ncommand = [\"x\"]\n";
    let config = Config::parse(text).unwrap();
    let refused = |name| apply(text, &config, Edit::RemoveType { name }).unwrap_err().to_string();
    assert_eq!(refused("own"), "the job type `own` is that of `a`");
    assert_eq!(refused("llm"), "`config.toml` says nothing of a job type `llm`");
    let tight =
        "[types.llm]\nstall_after = \"50m\"\n\n[jobs.a]\ntype = \"llm\"\ncommand = [\"x\"]\nwarn_after = \"40m\"\n";
    let config = Config::parse(tight).unwrap();
    let why = apply(tight, &config, Edit::RemoveType { name: "llm" }).unwrap_err().to_string();
    assert!(why.contains("the job `a` does not go with it"), "{why}");
}

#[test]
fn a_capacity_is_set_changed_and_taken_away_beside_the_limits_of_its_type() {
    let set = |text: &str, name, max_running| edited(text, Edit::SetCapacity { name, max_running });
    let one = set(SAMPLE, "llm", Some(1));
    assert!(one.contains("stall_after = \"20m\" # was 15\nmax_running = 1\n"), "{one}");
    let two = set(&one, "llm", Some(2));
    assert!(two.contains("max_running = 2\n"), "{two}");
    assert_eq!(set(&two, "llm", None), SAMPLE);
    assert_eq!(set(SAMPLE, "build", None), SAMPLE, "no table is made for nothing");
    assert!(set(SAMPLE, "build", Some(3)).contains("[types.build]\nmax_running = 3\n"));
    let limits = LimitsSpec { grace: Some("9s".into()), ..LimitsSpec::default() };
    let changed = edited(&one, Edit::SetType { name: "llm", limits: &limits });
    assert_eq!(Config::parse(&changed).unwrap().capacities().of_type.get("llm"), Some(&1), "{changed}");
}

#[test]
fn an_edit_that_cannot_be_meant_is_refused_with_its_field() {
    let slow = LimitsSpec { warn_after: Some("30m".into()), ..LimitsSpec::default() };
    let renamed = JobSpec { name: "the site".into(), ..sample().job("nightly").unwrap().clone() };
    let unknown = JobSpec { r#type: Some("nope".into()), ..job("b") };
    let said = [
        refused(Edit::AddJob(&job("nightly"))),
        refused(Edit::AddJob(&job(""))),
        refused(Edit::AddJob(&unknown)),
        refused(Edit::ReplaceJob { name: "gone", job: &job("b") }),
        refused(Edit::ReplaceJob { name: "nightly", job: &renamed }),
        refused(Edit::RemoveJob { name: "gone" }),
        refused(Edit::SetType { name: "llm", limits: &slow }),
        refused(Edit::SetType { name: "a/b", limits: &LimitsSpec::default() }),
        refused(Edit::SetCapacity { name: "llm", max_running: Some(0) }),
        refused(Edit::SetCapacity { name: "a/b", max_running: Some(1) }),
    ];
    insta::assert_snapshot!(said.join("\n"));
}
