//! Pings of programs that speak to Healthchecks, through the port of a real engine.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use nightkeep_engine::api::{FaultKind, Outcome, Phase, PingsView};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, fake_agent};

const CHECK: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
const OTHER: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea279";
const KEY: &str = "a-key-of-128-bits-or-more";

/// Pings are on, and two jobs take them; `nightly` knows a step in what is logged.
fn config(listen: &str) -> String {
    let agent = fake_agent().unwrap();
    format!(
        "[pings]\nlisten = '{listen}'\nkey = '{KEY}'\n\
         [jobs.nightly]\ncommand = ['{agent}', 'hang']\nping = '{CHECK}'\nsources = ['ping:step (\\d+)/(\\d+)']\n\
         [jobs.other]\ncommand = ['{agent}', 'hang']\nping = '{OTHER}'\n"
    )
}

/// A port that is held until this is dropped, and that nobody takes afterwards but who asks for it: the system gives none
/// away below its range, and no other test is given it.
fn held() -> (TcpListener, String) {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let first: u16 = range.split_whitespace().next().unwrap().parse().unwrap();
    let room = u32::from(first).checked_sub(1_024).filter(|room| *room > 0).unwrap();
    loop {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        // Test programs that run at the same time begin elsewhere.
        let port = 1_024 + (std::process::id() * 64 + u32::from(tried)) % room;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", u16::try_from(port).unwrap())) {
            return (listener, format!("127.0.0.1:{port}"));
        }
    }
}

fn pings(night: &Night) -> PingsView {
    night.ask(async |engine| engine.pings().await).unwrap()
}

/// `127.0.0.1:4711`.
fn host(night: &Night) -> String {
    let url = eventually("the port to be open", || pings(night).url).unwrap();
    url.strip_prefix("http://").unwrap().to_owned()
}

/// What is answered to these bytes.
fn say(host: &str, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    // It may be ended before all is said.
    let _sent = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _read = stream.read_to_end(&mut answer);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Status and body of the answer to a ping.
fn ping(host: &str, path: &str, body: &str) -> String {
    let length = body.len();
    let request = format!("POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}");
    told(&say(host, &request).unwrap())
}

fn told(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    format!("{} {body}", head.split(' ').nth(1).unwrap_or_default())
}

fn running(night: &Night, job: &str) -> Begun {
    let begun = night.begin(&["start", job]).unwrap();
    night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    begun
}

/// What a run says of its end, once it says that it succeeded or failed.
fn claim(night: &Night, run: u64, succeeded: bool) -> Option<String> {
    let claimed =
        |view: &nightkeep_engine::api::RunView| view.claim.as_ref().is_some_and(|claim| claim.succeeded == succeeded);
    night.until_run("its claim", run, claimed).unwrap().claim.unwrap().message
}

#[test]
fn a_program_that_pings_where_its_environment_says_advances_and_ends() {
    let script = r#"
import os, urllib.request
url = os.environ["NIGHTKEEP_PING_URL"]
assert os.environ["HEALTHCHECK_URL"] == url == os.environ["HC_API_URL"] + "/" + os.environ["CHECK_UUID"]
for path, body in [("/start", b""), ("/log", b"step 3/10: draft"), ("/log", b"step 4/10"), ("", b"all is well")]:
    assert urllib.request.urlopen(urllib.request.Request(url + path, body), timeout=10).read() == b"OK"
"#;
    let night = Night::new("").unwrap();
    let file = night.work().join("pings.py");
    fs::write(&file, script).unwrap();
    let config = format!(
        "[pings]\nlisten = '127.0.0.1:0'\n[jobs.nightly]\ncommand = ['python3', '{}']\nping = '{CHECK}'\n\
         export_ping_env = true\nsources = ['ping:step (\\d+)/(\\d+)']\n",
        file.display()
    );
    night.configure(&config).unwrap();
    night.start_engine().unwrap();
    // By the engine, and by the command line.
    for begin in [["start", "nightly"].as_slice(), &["run", "--detach", "--job", "nightly"]] {
        let begun = night.begin(begin).unwrap();
        let row = night.ended(begun.run).unwrap();
        assert_eq!(row.outcome, Outcome::Succeeded, "{row:#?}");
        assert_eq!((row.advances, row.last_step), (2, Some(4)), "{row:#?}");
        let detail = night.show(begun.run).unwrap();
        let claimed: Vec<&str> =
            detail.timeline.iter().filter(|event| event.kind == "claimed").map(|event| event.text.as_str()).collect();
        assert!(matches!(claimed.as_slice(), [text] if text.contains("all is well")), "{claimed:?}");
    }
}

#[test]
fn each_ping_means_what_it_means_to_healthchecks_and_shows_on_its_run() {
    let night = Night::watched(&config("127.0.0.1:0")).unwrap();
    let host = host(&night);
    assert_eq!(ping(&host, CHECK, "nobody runs"), "200 OK");
    let begun = running(&night, "nightly");
    assert_eq!(ping(&host, CHECK, "alive"), "200 OK");
    let view = night.until_run("its note", begun.run, |view| view.note.as_deref() == Some("alive")).unwrap();
    assert!(view.claim.is_none() && view.since_beat_s.is_some(), "without a start a success is a beat: {view:#?}");
    assert_eq!(ping(&host, &format!("ping/{KEY}/nightly/log"), "step 3/10: draft"), "200 OK");
    let view = night.until_step(begun.run, 3).unwrap();
    assert_eq!((view.total, view.note.as_deref()), (Some(10), Some("step 3/10: draft")));
    assert_eq!(ping(&host, &format!("{KEY}/nightly/start?rid={OTHER}"), ""), "200 OK");
    assert_eq!(ping(&host, &format!("{CHECK}/0?rid={OTHER}"), "written"), "200 OK");
    assert_eq!(claim(&night, begun.run, true).as_deref(), Some("written"));
    assert_eq!(ping(&host, &format!("{CHECK}/3"), ""), "200 OK");
    assert_eq!(claim(&night, begun.run, false).as_deref(), Some("exit status 3"));
    assert_eq!(night.show(begun.run).unwrap().ended, None, "the end of its process decides");
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    night.ended(begun.run).unwrap();
    assert_eq!(ping(&host, CHECK, "too late"), "200 OK");
    let shown = night.told(&["job", "show", "nightly"]).unwrap();
    assert!(shown.contains(&format!("http://{host}/{CHECK}")), "{shown}");
    assert!(shown.contains("after its run was over: too late"), "{shown}");
    let doctor = night.nightkeep(&["doctor"]).unwrap().out;
    assert!(doctor.contains(&format!("are heard at http://{host}")) && !doctor.contains(KEY), "{doctor}");
}

#[test]
fn a_crash_of_the_engine_moves_no_port_and_forgets_no_start_and_no_check() {
    let night = Night::watched(&config("127.0.0.1:0")).unwrap();
    let before = host(&night);
    let begun = running(&night, "nightly");
    assert_eq!(ping(&before, &format!("{KEY}/made?create=1"), "first"), "201 Created");
    assert_eq!(ping(&before, &format!("{CHECK}/start"), "go"), "200 OK");
    let kept = || fs::read_to_string(night.home().join("pings.json")).ok()?.contains("\"go\"").then_some(());
    eventually("what was pinged to be kept", kept).unwrap();
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    assert_eq!(host(&night), before);
    assert_eq!(ping(&before, &format!("{KEY}/made?create=1"), "second"), "200 OK");
    assert_eq!(ping(&before, CHECK, "done"), "200 OK");
    assert_eq!(claim(&night, begun.run, true).as_deref(), Some("done"), "it closes the start from before the crash");
    let made = pings(&night).checks.into_iter().find(|check| check.job.is_none()).unwrap();
    assert_eq!((made.slug.as_deref(), made.last.unwrap().body.as_str()), (Some("made"), "second"));
    assert_eq!(ping(&before, CHECK, "just before the end"), "200 OK");
    night.stop_engine().unwrap();
    assert!(TcpStream::connect(&before).is_err());
    night.start_engine().unwrap();
    assert_eq!(host(&night), before);
    assert_eq!(pings(&night).check_of("nightly").unwrap().last.unwrap().body, "just before the end");
}

#[test]
fn a_later_version_takes_the_port_over_with_all_that_was_heard() {
    let (free, fixed) = held();
    drop(free);
    let night = Night::watched(&config(&fixed)).unwrap();
    let begun = running(&night, "nightly");
    assert_eq!(ping(&fixed, &format!("{CHECK}/start"), "go"), "200 OK");
    let status = night.later_json(&["status"]).unwrap();
    assert_ne!(status["engine"]["version"], nightkeep_engine::VERSION);
    assert_eq!(host(&night), fixed);
    assert_eq!(ping(&fixed, CHECK, "done"), "200 OK");
    assert_eq!(claim(&night, begun.run, true).as_deref(), Some("done"));
}

#[test]
fn what_a_web_page_or_another_computer_could_send_is_refused_and_nothing_can_be_read_or_started() {
    let night = Night::watched(&config("127.0.0.1:0")).unwrap();
    let host = host(&night);
    let begun = running(&night, "nightly");
    for fields in
        ["Host: evil.example", "Host: HOST\r\nOrigin: https://evil.example", "Host: HOST\r\nSec-Fetch-Site: cross-site"]
    {
        let request = format!("POST /{CHECK}/fail HTTP/1.1\r\n{}\r\n\r\n", fields.replace("HOST", &host));
        assert_eq!(told(&say(&host, &request).unwrap()), "403 not for web pages", "{fields}");
    }
    for path in ["v1/live", "v1/jobs/other/start", "v1/engine/stop", ""] {
        assert_eq!(ping(&host, path, "{}"), "404 not found", "{path}");
    }
    assert_eq!(ping(&host, "another-key-of-128-bits-or-so/nightly/fail", ""), "404 not found");
    assert_eq!(ping(&host, &format!("{CHECK}/log"), &"x".repeat(1_000_000)), "200 OK");
    let check = pings(&night).check_of("nightly").unwrap();
    assert_eq!(check.last.unwrap().body.len(), 10_000, "no more is kept");
    // Nobody else's computer is listened to: such a configuration is not taken, and the port stays where it was.
    night.configure(&config("0.0.0.0:0")).unwrap();
    assert!(night.fault(FaultKind::Config).unwrap().message.contains("no address of this computer alone"));
    assert_eq!(pings(&night).url.unwrap(), format!("http://{host}"));
    let view = night.until_run("it", begun.run, |_| true).unwrap();
    assert_eq!((view.phase, view.claim), (Phase::Running, None));
    assert_eq!(pings(&night).foreign, 3);
}

#[test]
fn a_port_that_is_taken_is_told_and_runs_go_on_until_it_is_free() {
    let (other, address) = held();
    let night = Night::watched(&config(&address)).unwrap();
    let fault = night.fault(FaultKind::Pings).unwrap();
    assert!(fault.message.starts_with(&format!("Pings are not heard: `{address}` cannot be opened: ")), "{fault:?}");
    assert!(night.nightkeep(&["status"]).unwrap().err.contains(&fault.message));
    assert!(night.nightkeep(&["doctor"]).unwrap().out.contains("! pings"));
    let begun = running(&night, "nightly");
    drop(other);
    night.until("the fault to go", |live| live.faults.is_empty().then_some(())).unwrap();
    assert_eq!(ping(&address, &format!("{CHECK}/log"), "step 1/2"), "200 OK");
    night.until_step(begun.run, 1).unwrap();
    // Another port, and none at all, as soon as the file says so.
    let (free, moved) = held();
    drop(free);
    night.configure(&config(&moved)).unwrap();
    eventually("the other port", || pings(&night).url.filter(|url| url.ends_with(&moved))).unwrap();
    assert!(TcpStream::connect(&address).is_err());
    assert_eq!(ping(&moved, &format!("{CHECK}/log"), "step 2/2"), "200 OK");
    night.until_step(begun.run, 2).unwrap();
    // Without a key, jobs are pinged by their UUIDs.
    fs::create_dir(night.home().join("pings.key")).unwrap();
    night.configure(&config(&moved).replace(&format!("key = '{KEY}'"), "")).unwrap();
    assert!(night.fault(FaultKind::Pings).unwrap().message.starts_with("Pings are heard by UUID only, because "));
    assert_eq!(ping(&moved, CHECK, ""), "200 OK");
    assert_eq!(ping(&moved, &format!("{KEY}/nightly"), ""), "404 not found");
    night.configure(&config(&moved).replace("listen", "# listen")).unwrap();
    eventually("the port to close", || TcpStream::connect(&moved).is_err().then_some(())).unwrap();
    assert_eq!(pings(&night).url, None);
}

/// How much memory the engine had at most, in kilobytes.
fn most_kb(night: &Night) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", night.engine_pid().unwrap())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_flood_of_pings_is_counted_and_costs_neither_memory_nor_the_other_runs() {
    let night = Night::watched(&config("127.0.0.1:0")).unwrap();
    let host = host(&night);
    let (loud, quiet) = (running(&night, "nightly"), running(&night, "other"));
    assert_eq!([CHECK, OTHER].map(|check| ping(&host, check, "")), ["200 OK", "200 OK"]);
    let before_kb = most_kb(&night);
    let (sent, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let request = format!(
        "POST /{CHECK}/log HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10000\r\n\r\n{}",
        "step 7/10 ".repeat(1_000)
    );
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    if say(&host, &request).is_ok() {
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        for step in 1..=10 {
            thread::sleep(Duration::from_millis(300));
            assert_eq!(ping(&host, &format!("{OTHER}/start"), ""), "200 OK", "another check has a limit of its own");
            let marker = night.run_dir(&quiet.tag).marker();
            fs::write(marker, format!("{{\"step\": {step}}}")).unwrap();
            night.until_step(quiet.run, step).unwrap();
        }
        let refused = || Some(pings(&night)).filter(|seen| seen.limited + seen.dropped > 5_000);
        eventually("thousands of refusals", refused).unwrap();
        over.store(true, Ordering::Relaxed);
    });
    let (sent, seconds) = (sent.into_inner(), begun.elapsed().as_secs());
    let seen = pings(&night);
    let after_kb = most_kb(&night);
    println!(
        "{sent} pings in {seconds} s: {} heard, {} too often, {} left out; {before_kb} kB before, {after_kb} kB after",
        seen.heard, seen.limited, seen.dropped
    );
    assert!(seen.heard <= 50 * (seconds + 3), "{seen:?}");
    assert!(seen.heard + seen.limited + seen.dropped >= sent, "{sent}: {seen:?}");
    assert!(after_kb < before_kb + 30_000, "{before_kb} kB before, {after_kb} kB after");
    let view = night.until_step(loud.run, 7).unwrap();
    assert_eq!((view.phase, view.claim), (Phase::Running, None));
}
