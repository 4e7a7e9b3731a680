//! Clients of Healthchecks and of `sd_notify` that others wrote, as they are, against a real engine.
//!
//! They come from public registries, so this is no part of a usual test run: `cargo xtask test --only clients` fetches them
//! and runs this, and says so where they cannot be had.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod port;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::process::Command;

use nightkeep_engine::api::{Outcome, RunView};
use nightkeep_tests::night::Night;
use nightkeep_tests::{eventually, root};

use port::{CHECK, KEY, Port};

/// A program of the gate's, or the reason why there is none.
fn fetched(variable: &str) -> OsString {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("`{variable}` is not set: run `cargo xtask test --only clients`"))
}

fn script(name: &str) -> OsString {
    root().join("tests/tests/clients").join(name).into()
}

/// Runs a client, which has to succeed, and returns what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Lines without what stands around them.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn healthchecks_io_of_python_is_understood_and_understands() {
    let port = Port::open(&[]);
    // Whether a base URL ends with `/ping` is up to the user.
    let base = format!("{}/ping", port.url());
    let mut client = port.program(fetched("NIGHTKEEP_CLIENTS_PYTHON"));
    let printed = run(client.arg(script("with_io.py")).args([&base, CHECK, KEY]));
    let expected = [
        "start True OK",
        "success True OK",
        "failure True OK",
        "exit True OK",
        "slug True OK",
        "unknown CheckNotFoundError",
        "ambiguous NonUniqueSlugError",
        "capitals BadAPIRequestError",
        "status BadAPIRequestError",
        "trap done",
        "broken trap ValueError",
    ];
    assert_eq!(lines(&printed), expected);
    let claims = port.claims();
    let expected = [
        "It reported success: `all is well`.",
        "It reported failure: `it broke`.",
        "It reported failure: `exit status 3`.",
        "It reported success: `step one step two`.",
    ];
    assert_eq!(claims.get(..4), Some(expected.map(str::to_owned).as_slice()), "{claims:?}");
    assert!(claims.len() == 5 && claims[4].starts_with("It reported failure"), "{claims:?}");
    assert!(port.last("fail").body.contains("it broke inside"), "{:?}", port.last("fail"));
    assert_eq!(port.pings().heard, 9);
}

#[test]
fn healthchecks_decorator_of_python_is_understood_where_its_run_is_told_to_ping() {
    let (python, script) = (fetched("NIGHTKEEP_CLIENTS_PYTHON"), script("with_decorator.py"));
    let port = Port::open(&[&python, &script].map(OsString::as_os_str));
    let claims = port.claims_of(port.run_client());
    assert_eq!(claims, ["It reported success: `articles=3`.", "It reported failure."]);
    assert_eq!(port.pings().heard, 4, "each start is a ping of its own");
}

#[test]
fn sdnotify_of_python_is_understood_where_its_run_is_told_to_notify() {
    let night = Night::watched("").unwrap();
    let pipe = night.work().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let [python, script] =
        [fetched("NIGHTKEEP_CLIENTS_PYTHON"), script("with_sdnotify.py")].map(|path| path.into_string().unwrap());
    let client = format!("'{python}' '{script}' <pipe");
    let begun = night.begin(&["run", "--detach", "--source", "sd-notify", "--", "sh", "-c", &client]).unwrap();
    // Each line has it say one thing more.
    let mut go_on = File::create(&pipe).unwrap();
    let mut says = move || go_on.write_all(b"\n").unwrap();
    let shown = |what: &str, wanted: &dyn Fn(&RunView) -> bool| night.until_run(what, begun.run, wanted).unwrap();
    says();
    let ready = shown("that it is ready", &|view| view.note.as_deref() == Some("warming up"));
    assert_eq!((ready.step, ready.signals_foreign), (None, 0));
    let beat = || night.json(&["status"]).unwrap()["runs"][0]["since_beat_s"].as_f64().unwrap();
    let mut before = beat();
    says();
    eventually("a later beat", || (std::mem::replace(&mut before, beat()) > before).then_some(())).unwrap();
    says();
    let view = shown("its step", &|view| view.step == Some(3));
    assert_eq!((view.total, view.note.as_deref()), (Some(10), Some("drafting")));
    says();
    shown("its last word", &|view| view.note.as_deref() == Some("all is written"));
    says();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.last_step), (Outcome::Succeeded, Some(3)), "{row:#?}");
}

#[test]
fn the_rust_crate_healthchecks_is_understood_and_understands() {
    let port = Port::open(&[]);
    let mut client = port.program(fetched("NIGHTKEEP_CLIENTS_RUST"));
    let printed = run(client.args([port.url(), CHECK]));
    let expected = [
        "start true",
        "success true",
        "start of a run true",
        "success of another run true",
        "success of the run true",
        "failure true",
        "failure with logs true",
        "unknown false",
    ];
    assert_eq!(lines(&printed), expected);
    let expected = ["It reported success.", "It reported failure.", "It reported failure: `it broke at step 3`."];
    assert_eq!(port.claims(), expected);
    // Without a pause it tries the one that is unknown again, 21 times in all.
    assert_eq!(port.pings().heard, 7);
}

#[test]
fn curl_is_understood_and_a_script_finds_the_port_through_its_file() {
    let port = Port::open(&[]);
    let script = r#"
        set -eu
        url=$(cat "$NIGHTKEEP_HOME/pings.url"); key=$(cat "$NIGHTKEEP_HOME/pings.key")
        ask() { curl --silent --show-error --max-time 10 --write-out ' %{http_code}\n' "$@"; }
        ask "$url/$key/nightly/start?rid=$RID"
        ask --head --output /dev/null "$url/$key/nightly/log"
        ask --data-raw 'step 3/10' "$url/$key/nightly/log"
        ask --data-binary @- "$url/$key/nightly/0?rid=$RID" < "$0"
        ask "$url/$key/made?create=1"
        ask "$url/$key/nightly/256"
        ask "$url/$key/nightly?rid=7"
        ask --header 'Origin: https://evil.example' "$url/$key/nightly/fail"
        ask --header 'Host: evil.example' "$url/$key/nightly/fail"
        ask --request DELETE "$url/$key/nightly/fail"
        ask --path-as-is "$url/v1/runs/../jobs"
    "#;
    let file = port.home().join("ping.sh");
    std::fs::write(&file, script).unwrap();
    let rid = "123E4567-E89B-12D3-A456-426614174000";
    let printed = run(port.program("sh").arg(&file).env("RID", rid));
    let expected = [
        "OK 200",
        "200",
        "OK 200",
        "OK 200",
        "Created 201",
        "invalid url format 400",
        "invalid uuid format 400",
        "not for web pages 403",
        "not for web pages 403",
        "method not allowed 405",
        "not found 404",
    ];
    assert_eq!(lines(&printed), expected);
    let run = port.nightly();
    assert_eq!((run.step, run.total), (Some(3), Some(10)));
    assert!(matches!(port.claims().as_slice(), [claim] if claim.starts_with("It reported success: `set -eu")));
    let last = port.last("exit 0");
    assert_eq!(last.body, script, "a body comes as it was sent");
    assert_eq!(last.rid, Some(rid.to_lowercase()));
    let seen = port.pings();
    assert!(seen.checks.iter().any(|check| check.job.is_none() && check.slug.as_deref() == Some("made")), "{seen:?}");
    assert_eq!((seen.heard, seen.foreign), (5, 2));
}
