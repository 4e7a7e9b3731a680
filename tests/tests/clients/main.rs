//! Clients of Healthchecks that others wrote, as they are, against the port for pings.
//!
//! They come from public registries, so this is no part of a usual test run: `cargo xtask test --only clients` fetches them
//! and runs this, and says so where they cannot be had.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod port;

use std::ffi::OsString;
use std::path::Path;

use nightkeep_engine::environment::of_pings;
use nightkeep_tests::root;
use tokio::process::Command;

use port::{CHECK, KEY, Port};

/// A program of the gate's, or the reason why there is none.
fn fetched(variable: &str) -> OsString {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("`{variable}` is not set: run `cargo xtask test --only clients`"))
}

fn python(script: &str) -> Command {
    let mut command = Command::new(fetched("NIGHTKEEP_CLIENTS_PYTHON"));
    command.arg(root().join("tests/tests/clients").join(script));
    command
}

/// Runs a client, which has to succeed, and returns what it printed. A proxy is for the network, not for this computer.
async fn run(command: &mut Command) -> String {
    for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(variable);
    }
    let output = command.output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Lines without what stands around them.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[tokio::test]
async fn healthchecks_io_of_python_is_understood_and_understands() {
    let mut port = Port::open().await;
    // Whether a base URL ends with `/ping` is up to the user.
    let base = format!("{}/ping", port.url());
    let printed = run(python("with_io.py").args([&base, CHECK, KEY])).await;
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
    let heard = port.heard();
    let told: Vec<&str> = heard.iter().map(|heard| heard.told.as_str()).collect();
    let trap = "step one step two";
    let expected = [
        "nightly Start: Beat",
        "nightly Success: done all is well",
        "nightly Fail: failed it broke",
        "nightly Exit(3): failed exit status 3",
    ];
    assert_eq!(told.get(..4), Some(expected.as_slice()));
    let slug = heard.get(4).unwrap();
    assert!(slug.told.starts_with("nightly Success: noted ä"), "{}", slug.told);
    assert_eq!(slug.body.len(), 10_000, "12,000 bytes were sent");
    assert_eq!(told.get(5..7), Some(["Unknown", "Ambiguous"].as_slice()));
    assert_eq!(told.get(8..10), Some(["nightly Start: Beat", &format!("nightly Success: done {trap}")].as_slice()));
    assert_eq!(told.get(10), Some(&"nightly Start: Beat"));
    assert!(told.get(11).unwrap().starts_with("nightly Fail: failed"), "{told:?}");
    assert_eq!(told.len(), 12);
}

#[tokio::test]
async fn healthchecks_decorator_of_python_is_understood() {
    let mut port = Port::open().await;
    let told = of_pings(&port.url(), CHECK).into_iter().map(|(name, value)| (name, value.0));
    let mut script = python("with_decorator.py");
    let printed = run(script.envs(told).env("HEALTHCHECK_SEND_START", "true")).await;
    assert_eq!(lines(&printed), ["raised"]);
    assert_eq!(
        port.told(),
        ["nightly Start: Beat", "nightly Success: done articles=3", "nightly Start: Beat", "nightly Fail: failed"]
    );
}

#[tokio::test]
async fn the_rust_crate_healthchecks_is_understood_and_understands() {
    let mut port = Port::open().await;
    let mut client = Command::new(fetched("NIGHTKEEP_CLIENTS_RUST"));
    let printed = run(client.args([&port.url(), CHECK])).await;
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
    let told = port.told();
    let expected = [
        "nightly Start: Beat",
        "nightly Success: done",
        "nightly Start: Beat",
        "nightly Success: Beat",
        "nightly Success: done",
        "nightly Fail: failed",
        "nightly Fail: failed it broke at step 3",
    ];
    assert_eq!(told.get(..7).map(<[String]>::to_vec), Some(expected.map(str::to_owned).to_vec()));
    // Without a pause it tries again, 21 times in all.
    assert_eq!(told.get(7..), Some(vec!["Unknown".to_owned(); 21].as_slice()));
}

#[tokio::test]
async fn curl_is_understood_and_a_script_finds_the_port_through_its_file() {
    let mut port = Port::open().await;
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
    let mut shell = Command::new("sh");
    let printed = run(shell.arg(&file).env("NIGHTKEEP_HOME", port.home()).env("RID", rid)).await;
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
    let heard = port.heard();
    let told: Vec<&str> = heard.iter().map(|heard| heard.told.as_str()).collect();
    assert_eq!(
        told.get(..3),
        Some(["nightly Start: Beat", "nightly Log: Beat", "nightly Log: noted step 3/10"].as_slice())
    );
    let whole = heard.get(3).unwrap();
    assert!(whole.told.starts_with("nightly Exit(0): done set -eu"), "{}", whole.told);
    assert_eq!(whole.body, script.as_bytes(), "a body comes as it was sent");
    assert_eq!(told.get(4..), Some(["made Success:", "Known", "Known"].as_slice()));
    assert!(Path::new(&file).exists());
}
