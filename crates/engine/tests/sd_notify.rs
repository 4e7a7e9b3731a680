//! `sd_notify`, spoken by the programs that speak it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may fail anywhere, and says where")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nightkeep_core::time::Span;
use nightkeep_core::{Advance, Claim, Signal};
use nightkeep_engine::sources::sd_notify::{NotifyError, NotifySocket, SOCKET_VARIABLE};
use tempfile::TempDir;
use tokio::sync::mpsc;

struct Listening {
    socket: NotifySocket,
    heard: mpsc::Receiver<Vec<Signal>>,
    home: TempDir,
}

fn private_directory() -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap()
}

fn listen(room: usize) -> Listening {
    let home = private_directory();
    let (out, heard) = mpsc::channel(room);
    let socket = NotifySocket::bind(&[home.path().join("notify.sock")], out).unwrap();
    Listening { socket, heard, home }
}

impl Listening {
    /// Runs a program with the socket in its environment. It must be there: without it, this proves nothing.
    async fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).env(SOCKET_VARIABLE, self.socket.path()).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
        let output = output.unwrap_or_else(|error| panic!("`{program}` is needed for this test: {error}"));
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    async fn agent(&self, arguments: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/agents/notifying.py");
        self.run("python3", &[&[script.to_str().unwrap()], arguments].concat()).await;
    }

    /// Ends it, and returns all that came in. Nothing of the socket is left.
    async fn all(mut self) -> Vec<Signal> {
        let path = self.socket.path().to_owned();
        let last = self.socket.finish().await;
        assert!(!path.exists());
        let mut all = Vec::new();
        while let Some(signals) = self.heard.recv().await {
            all.extend(signals);
        }
        all.extend(last);
        drop(self.home);
        all
    }
}

fn note(text: &str) -> Signal {
    Signal::Note(text.to_owned())
}

fn step(step: i64, total: i64, note: &str) -> Signal {
    let note = Some(note.to_owned());
    Signal::Advance(Advance { step: Some(step), total: Some(total), note, series: None })
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test]
async fn systemd_notify_is_heard_and_does_not_wait_for_its_barrier() {
    let listening = listen(16);
    let begun = Instant::now();
    listening.run("systemd-notify", &["--ready", "--status=drafting the third part"]).await;
    listening.run("systemd-notify", &["X_PROGRESS=3/10", "STATUS=third part"]).await;
    listening.run("systemd-notify", &["WATCHDOG=1"]).await;
    // An unanswered barrier costs five seconds each, and fails.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(listening.socket.foreign(), 0);
    let mut all = listening.all().await;
    all.retain(|signal| *signal != Signal::Beat);
    assert_eq!(all, [note("drafting the third part"), step(3, 10, "third part")]);
}

#[tokio::test]
async fn a_python_client_is_heard_from_its_first_word_to_its_last() {
    let listening = listen(16);
    listening.agent(&["--steps", "3"]).await;
    let mut all = listening.all().await;
    all.retain(|signal| *signal != Signal::Beat);
    let claim = Signal::Claims(Claim { succeeded: true, message: None });
    let steps = [1, 2, 3].map(|n| step(n, 3, &format!("part {n}")));
    assert_eq!(all, [&steps[..], &[Signal::Expects(Span::from_secs(90)), claim]].concat());
}

#[tokio::test]
async fn descriptors_that_come_along_are_closed() {
    let listening = listen(16);
    listening.agent(&["--descriptors", "250"]).await;
    // Other tests of this process open a few at the same time.
    assert!(open_descriptors() < 150, "{} are open", open_descriptors());
    drop(listening);
}

#[tokio::test]
async fn a_flood_is_slowed_down_while_nobody_takes_it_and_its_end_is_kept() {
    let listening = listen(1);
    listening.agent(&["--steps", "0", "--flood", "20000"]).await;
    assert!(listening.socket.left_out() > 15_000, "{} were left out", listening.socket.left_out());
    let all = listening.all().await;
    assert!(all.len() < 200, "{} signals were kept", all.len());
    assert_eq!(all.last(), Some(&Signal::Claims(Claim { succeeded: true, message: None })));
    assert!(all.contains(&note("19999")), "{all:?}");
}

#[tokio::test]
async fn garbage_is_a_sign_of_life() {
    let mut listening = listen(16);
    let sender = UnixDatagram::unbound().unwrap();
    for bytes in [&b"\0\xff\xfe"[..], &[b'x'; 100_000], b"", b"STATUS=\x1b[31mgo\x1b[0m"] {
        sender.send_to(bytes, listening.socket.path()).unwrap();
    }
    let mut all = Vec::new();
    while !all.contains(&note("go")) {
        all.extend(listening.heard.recv().await.unwrap());
    }
    all.retain(|signal| *signal != Signal::Beat);
    assert_eq!(all, [note("go")]);
}

#[tokio::test]
async fn the_socket_is_for_its_user_only_and_replaces_a_leftover() {
    let home = private_directory();
    let path = home.path().join("notify.sock");
    drop(UnixDatagram::bind(&path).unwrap());
    let (out, _heard) = mpsc::channel(1);
    let socket = NotifySocket::bind(std::slice::from_ref(&path), out.clone()).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    drop(socket);
    assert!(!path.exists());
    std::fs::set_permissions(home.path(), Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(NotifySocket::bind(&[path], out), Err(NotifyError::Failed { .. })));
}

#[tokio::test]
async fn a_path_that_no_program_could_name_is_passed_over() {
    let home = private_directory();
    let long = home.path().join("d".repeat(100)).join("notify.sock");
    let short = home.path().join("n");
    let (out, _heard) = mpsc::channel(1);
    let socket = NotifySocket::bind(&[long.clone(), short.clone()], out.clone()).unwrap();
    assert_eq!(socket.path(), short);
    let refused = NotifySocket::bind(std::slice::from_ref(&long), out).unwrap_err();
    assert!(matches!(&refused, NotifyError::TooLong { path, limit: 107 } if *path == long), "{refused}");
    assert!(refused.hint().contains("NIGHTKEEP_HOME"));
}
