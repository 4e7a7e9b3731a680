//! Who may speak to us, who may read what we write, and what may not lead anywhere.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use nightkeep_engine::api::{ErrorCode, FaultKind};
use nightkeep_engine::client::Client;
use nightkeep_engine::keeper::link::{KeeperLink, LinkError};
use nightkeep_engine::rundir::RunDir;
use nightkeep_tests::night::{Night, Said, fake_agent};
use nightkeep_tests::{binary, in_time};
use rustix::process::Uid;
use serde_json::json;

/// A user that is nobody's.
const SOMEBODY_ELSE: u32 = 65_534;

/// What `act` returns when another user does it. `None`: only the superuser can become somebody else, and this test says
/// what it could not show.
fn as_somebody_else<T: Send>(what: &str, act: impl FnOnce() -> T + Send) -> Option<T> {
    if !rustix::process::geteuid().is_root() {
        #[expect(clippy::print_stderr, reason = "whoever reads the test's result should know what it did not test")]
        {
            eprintln!("not shown, because this test does not run as the superuser: {what}");
        }
        return None;
    }
    let as_them = || {
        // Of this thread only.
        rustix::thread::set_thread_uid(Uid::from_raw(SOMEBODY_ELSE)).unwrap();
        act()
    };
    Some(thread::scope(|scope| scope.spawn(as_them).join().unwrap()))
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Opens the way to `path`, as if every other guard had failed.
fn let_everybody_at(night: &Night, path: &Path) {
    for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(night.user())) {
        set_mode(folder, 0o755);
    }
    set_mode(path, 0o666);
}

/// What is heard on a socket after `said`, until it is closed or nothing comes.
fn heard(socket: &Path, said: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // It may have been closed already.
    drop(stream.write_all(said.as_bytes()));
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        if bytes.ends_with(b"}\n") {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const WHO_IS_THERE: &str = "GET /v1/engine HTTP/1.1\r\nHost: nightkeep\r\nConnection: close\r\n\r\n";

#[test]
fn the_engine_hears_nobody_but_its_user() {
    let night = Night::watched("").unwrap();
    let socket = night.socket();
    assert!(heard(&socket, WHO_IS_THERE).starts_with("HTTP/1.1 200"));
    // Everything around it is open, which the folder of a test is not.
    set_mode(night.user(), 0o755);
    let shut = as_somebody_else("a private home keeps others out", || UnixStream::connect(&socket).is_err());
    assert_ne!(shut, Some(false));
    let_everybody_at(&night, &socket);
    let answer = as_somebody_else("a peer of another user is dropped", || heard(&socket, WHO_IS_THERE));
    assert!(answer.is_none_or(|answer| answer.is_empty()));
    assert!(heard(&socket, WHO_IS_THERE).starts_with("HTTP/1.1 200"), "it still hears its own");
}

#[test]
fn a_keeper_hears_nobody_but_its_user() {
    let night = Night::watched("").unwrap();
    let begun = night.begin(&["run", "--detach", "--", &fake_agent().unwrap(), "mark 1", "hang"]).unwrap();
    night.until_step(begun.run, 1).unwrap();
    let socket = night.run_dir(&begun.tag).socket();
    assert!(heard(&socket, "").contains("\"is\":\"hello\""));
    let_everybody_at(&night, &socket);
    let answer = as_somebody_else("a peer of another user is dropped", || heard(&socket, "{\"do\":\"kill-all\"}\n"));
    assert!(answer.is_none_or(|answer| answer.is_empty()));
    assert!(heard(&socket, "{\"do\":\"members\"}\n").contains("\"is\":\"hello\""), "the run goes on");
}

#[test]
fn nobody_here_speaks_to_a_socket_of_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o777);
    let (engine, keeper) = (folder.path().join("engine.sock"), RunDir::at(folder.path()));
    let what = "a listener of another user is not spoken to";
    let bind = || [UnixListener::bind(&engine).unwrap(), UnixListener::bind(keeper.socket()).unwrap()];
    let Some(_listeners) = as_somebody_else(what, bind) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let error = Client::connect(&engine).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::NotPermitted, "{error}");
        let error = in_time("the keeper to be refused", KeeperLink::connect(&keeper)).await.unwrap().unwrap_err();
        assert!(matches!(error, LinkError::Foreign { .. }), "{error}");
    });
}

fn below(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path()).collect()
}

#[test]
fn all_that_is_written_is_for_its_user_only_whatever_the_umask_says() {
    let night = Night::new("").unwrap();
    let (nightkeep, agent) = (binary("nightkeep").unwrap(), fake_agent().unwrap());
    let script = "umask 0; exec \"$0\" run --detach --stall-after 600ms --grace 300ms -- \"$@\"";
    let mut command = night.program("sh");
    command.args(["-c", script]).arg(nightkeep).args([&agent, "print hello", "hang"]).current_dir(night.work());
    let said = Said::of(&command.output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    night.ended(1).unwrap();
    let mut seen = 0;
    for path in below(night.home()) {
        let found = fs::symlink_metadata(&path).unwrap();
        // What the test itself made as the user would.
        if path.ends_with("config.toml") {
            continue;
        }
        let wanted = if found.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(found.mode() & 0o7777, wanted, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 12, "only {seen} files were found");
}

#[test]
fn files_that_were_left_open_to_others_are_made_private_before_they_are_used() {
    let night = Night::watched("").unwrap();
    night.crash_engine().unwrap();
    let files: Vec<PathBuf> = ["nightkeep.db", "engine.lock"].map(|name| night.home().join(name)).into();
    files.iter().for_each(|file| set_mode(file, 0o666));
    night.start_engine().unwrap();
    for file in &files {
        assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, 0o600, "{}", file.display());
    }
}

/// A refusal is one line, and one more that says what to do.
fn check_refusal(said: &Said, why: &str) {
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{}", said.err);
    let lines: Vec<&str> = said.err.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("error: ") && lines[1].starts_with("hint: "), "{}", said.err);
    assert!(said.err.contains(why), "{}", said.err);
}

#[test]
fn a_home_that_others_could_have_made_is_refused_in_one_line_that_says_what_to_do() {
    let night = Night::new("").unwrap();
    let status = |home: &Path| {
        let mut command = night.command(&["status"]).unwrap();
        Said::of(&command.env("NIGHTKEEP_HOME", home).output().unwrap())
    };
    let link = night.work().join("link");
    symlink(night.home(), &link).unwrap();
    check_refusal(&status(&link), "it is a symbolic link");

    let file = night.work().join("file");
    fs::write(&file, "").unwrap();
    check_refusal(&status(&file), "it is not a directory");

    set_mode(night.home(), 0o777);
    check_refusal(&status(night.home()), "chmod 700");
    set_mode(night.home(), 0o700);

    if chown(night.home(), Some(SOMEBODY_ELSE), None).is_ok() {
        check_refusal(&status(night.home()), "it belongs to user 65534");
    } else {
        check_refusal(&status(Path::new("/")), "it belongs to user 0");
    }
}

#[test]
fn what_lies_in_the_socket_s_place_is_neither_used_nor_removed() {
    let night = Night::new("").unwrap();
    let precious = night.work().join("precious");
    fs::write(&precious, "text").unwrap();
    symlink(&precious, night.socket()).unwrap();
    let said = night.nightkeep(&["engine"]).unwrap();
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("the socket's place is taken by something else"), "{}", said.err);
    assert_eq!(fs::read_to_string(&precious).unwrap(), "text");
    assert!(night.socket().is_symlink());
    fs::remove_file(night.socket()).unwrap();
}

#[test]
fn a_configuration_that_others_can_write_is_not_run() {
    let night = Night::new("[jobs.theirs]\ncommand = [\"true\"]\n").unwrap();
    set_mode(&night.home().join("config.toml"), 0o666);
    night.start_engine().unwrap();
    let fault = night.fault(FaultKind::Config).unwrap();
    assert!(fault.message.contains("others may write to it"), "{}", fault.message);
    let said = night.nightkeep(&["start", "theirs"]).unwrap();
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("chmod go-w"), "{}", said.err);
}

#[test]
fn a_configuration_that_is_too_large_or_no_file_is_a_fault_and_not_waited_for() {
    let night = Night::new(&"# much\n".repeat(200_000)).unwrap();
    night.start_engine().unwrap();
    assert!(night.fault(FaultKind::Config).unwrap().message.contains("larger than 1 MiB"));
    night.crash_engine().unwrap();
    let config = night.home().join("config.toml");
    fs::remove_file(&config).unwrap();
    assert!(Command::new("mkfifo").arg(&config).status().unwrap().success());
    night.start_engine().unwrap();
    assert!(night.fault(FaultKind::Config).unwrap().message.contains("a pipe"));
}

#[test]
fn a_tag_cannot_lead_out_of_the_folder_of_runs() {
    let night = Night::watched("").unwrap();
    let begun = night.begin(&["run", "--detach", "--", "true"]).unwrap();
    night.ended(begun.run).unwrap();
    // A directory of a run as it would be found, but elsewhere.
    let planted = night.home().join("planted");
    fs::create_dir(&planted).unwrap();
    let spec = fs::read_to_string(night.run_dir(&begun.tag).path().join("spec.json")).unwrap();
    fs::write(planted.join("spec.json"), spec.replace(&begun.tag, "../planted")).unwrap();
    for tag in ["../planted", "../../x", "/etc", "..", "", "a/../../planted", "%2e%2e/planted"] {
        assert_eq!(night.posts("/v1/runs", &json!({"tag": tag})).unwrap(), 422, "{tag:?}");
    }
    assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 1);
}

#[test]
fn a_request_that_is_too_large_is_refused_and_the_next_one_answered() {
    let night = Night::watched("").unwrap();
    let begun = night.begin(&["run", "--detach", "--", "true"]).unwrap();
    // What it asks for is known, so that only its size is left to be refused.
    let posted = |bytes: usize| night.posts("/v1/runs", &json!({"tag": begun.tag, "more": "x".repeat(bytes)})).unwrap();
    assert_eq!((posted(1024), posted(300 * 1024), posted(1024)), (200, 422, 200));
}

#[test]
fn an_output_that_became_a_pipe_holds_nobody_up() {
    let night = Night::watched("").unwrap();
    let begun = night.begin(&["run", "--detach", "--", &fake_agent().unwrap(), "mark 1", "hang"]).unwrap();
    night.until_step(begun.run, 1).unwrap();
    let output = night.run_dir(&begun.tag).output();
    fs::remove_file(&output).unwrap();
    assert!(Command::new("mkfifo").arg(&output).status().unwrap().success());
    let shown = night.show(begun.run).unwrap();
    assert!(shown.output.lines[0].contains("a pipe"), "{:?}", shown.output);
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    night.ended(begun.run).unwrap();
}

#[test]
fn a_process_of_somebody_else_is_known_to_be_out_of_reach() {
    let mut child = Command::new("sleep").arg("60").spawn().unwrap();
    let pid = child.id();
    let reachable = || nightkeep_os::Process::open_pid(pid).unwrap().is_some_and(|process| process.may_be_signalled());
    let by_us = reachable();
    let by_them = as_somebody_else("a process of another user cannot be attached", reachable);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(by_us);
    assert_ne!(by_them, Some(true));
}
