//! Where pings are heard, and by which jobs.

use super::*;
use crate::api::PingMode;
use crate::config::edit::{Edit, apply};

const CHECK: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
const WITH_PINGS: &str = r#"# Pings of my scripts.
[pings]
listen = "127.0.0.1:0" # any port
key = "0123456789abcdef012345"

[jobs.a]
command = ["x"]
ping = "5BF66975-d4c7-4bf5-bcc8-b8d8a82ea278" # borgmatic
ping_mode = "heartbeat"
export_ping_env = true
"#;

fn job(name: &str, ping: &str) -> JobSpec {
    JobSpec { name: name.into(), command: vec!["x".into()], ping: Some(ping.into()), ..JobSpec::default() }
}

#[test]
fn pings_are_off_unless_the_file_says_where() {
    assert_eq!(*sample().pings(), Pings::default());
    assert_eq!(Config::parse("[pings]\n").unwrap().pings().listen, None);
    let config = Config::parse(WITH_PINGS).unwrap();
    assert_eq!(config.pings().listen.map(Listen::port), Some(None));
    assert_eq!(config.pings().key.as_deref(), Some("0123456789abcdef012345"));
    let port = |text: &str| Config::parse(text).unwrap().pings().listen.and_then(Listen::port);
    assert_eq!(port("pings.listen = 8765\n"), Some(8765));
    assert_eq!(port("pings = { listen = 'localhost:8765' }\n"), Some(8765));
    let a = config.job("a").unwrap();
    assert_eq!((a.ping_mode, a.export_ping_env), (Some(PingMode::Heartbeat), true));
}

#[test]
fn the_key_is_not_shown_with_the_configuration() {
    let shown = format!("{:?}", Config::parse(WITH_PINGS).unwrap());
    assert!(!shown.contains("0123456789abcdef"), "{shown}");
}

#[test]
fn every_fault_about_pings_is_named_with_its_place() {
    let job = |line: &str| format!("[jobs.a]\ncommand = [\"x\"]\n{line}\n");
    let texts = [
        "[pings]\nport = 3\n".to_owned(),
        "[pings]\nlisten = \"0.0.0.0:8765\"\n".to_owned(),
        "[pings]\nlisten = 70000\n".to_owned(),
        "[pings]\nlisten = true\n".to_owned(),
        "[pings]\nkey = 12\n".to_owned(),
        "[pings]\nkey = \"guess\"\n".to_owned(),
        "[pings]\nkey = \"0123456789/0123456789/0123456789\"\n".to_owned(),
        format!("[pings]\nkey = \"{CHECK}\"\n"),
        job("ping = \"yes\""),
        job("ping = \"5bf66975d4c74bf5bcc8b8d8a82ea278\""),
        job("ping = true"),
        job("ping_mode = \"cron\""),
        job("export_ping_env = true"),
        format!("{WITH_PINGS}\n[jobs.b]\ncommand = 'x'\nping = \"{CHECK}\"\n"),
    ];
    let said: Vec<String> = texts.iter().map(|text| fault_of(text)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn an_edit_of_a_job_keeps_what_stands_around_its_ping() {
    let config = Config::parse(WITH_PINGS).unwrap();
    let edited = |edit: Edit<'_>| apply(WITH_PINGS, &config, edit).unwrap();
    let mut changed = config.job("a").unwrap().clone();
    assert_eq!(edited(Edit::ReplaceJob { name: "a", job: &changed }), WITH_PINGS);
    changed.ping = Some("00000000-0000-4000-8000-000000000000".into());
    changed.ping_mode = Some(PingMode::Job);
    changed.export_ping_env = false;
    insta::assert_snapshot!(edited(Edit::ReplaceJob { name: "a", job: &changed }));
    let renamed = JobSpec { name: "b".into(), ..config.job("a").unwrap().clone() };
    assert_eq!(edited(Edit::ReplaceJob { name: "a", job: &renamed }), WITH_PINGS.replace("jobs.a", "jobs.b"));
    assert_eq!(edited(Edit::RemoveJob { name: "a" }), WITH_PINGS.split("\n[jobs.a]").next().unwrap());
}

#[test]
fn two_jobs_cannot_take_the_same_pings() {
    let config = Config::parse(WITH_PINGS).unwrap();
    let refused = apply(WITH_PINGS, &config, Edit::AddJob(&job("b", CHECK))).unwrap_err();
    assert_eq!(refused.to_string(), "the job `a` takes the pings of this UUID already");
    let said = validate(&job("b", CHECK), &config, None, &Surroundings::default());
    assert_eq!(said.errors.first().map(|fault| fault.field.as_str()), Some("ping"));
    let said = validate(&job("b", CHECK), &config, Some("a"), &Surroundings::default());
    assert_eq!(said.errors, []);
}
