//! `sd_notify`, spoken by the programs that speak it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may fail anywhere, and says where")]

use std::fs::Permissions;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nightkeep_core::time::Span;
use nightkeep_core::{Advance, Claim, Signal};
use nightkeep_engine::rundir::{FORMAT, RunDir, Started};
use nightkeep_engine::sources::sd_notify::{NotifyError, NotifySocket, SOCKET_VARIABLE, TurnedAway, place};
use nightkeep_os::{clocks, identify};
use tempfile::TempDir;
use tokio::sync::Notify;

struct Listening {
    socket: NotifySocket,
    woken: Arc<Notify>,
    home: TempDir,
}

fn private_directory() -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap()
}

fn listen() -> Listening {
    let home = private_directory();
    let woken = Arc::new(Notify::new());
    let socket = NotifySocket::bind(&home.path().join("notify.sock"), None, Arc::clone(&woken)).unwrap();
    Listening { socket, woken, home }
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
    fn all(self) -> Vec<Signal> {
        let path = self.socket.path().to_owned();
        let all = self.socket.take();
        drop(self.socket);
        assert!(!path.exists());
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
    let listening = listen();
    let begun = Instant::now();
    listening.run("systemd-notify", &["--ready", "--status=drafting the third part"]).await;
    listening.run("systemd-notify", &["X_PROGRESS=3/10", "STATUS=third part"]).await;
    listening.run("systemd-notify", &["WATCHDOG=1"]).await;
    // An unanswered barrier costs five seconds each, and fails.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(listening.socket.foreign(), 0);
    let mut all = listening.all();
    all.retain(|signal| *signal != Signal::Beat);
    assert_eq!(all, [note("drafting the third part"), step(3, 10, "third part")]);
}

#[tokio::test]
async fn a_python_client_is_heard_from_its_first_word_to_its_last() {
    let listening = listen();
    listening.agent(&["--steps", "3"]).await;
    let mut all = listening.all();
    all.retain(|signal| *signal != Signal::Beat);
    let claim = Signal::Claims(Claim { succeeded: true, message: None });
    let steps = [1, 2, 3].map(|n| step(n, 3, &format!("part {n}")));
    assert_eq!(all, [&steps[..], &[Signal::Expects(Span::from_secs(90)), claim]].concat());
}

#[tokio::test]
async fn descriptors_that_come_along_are_closed() {
    let listening = listen();
    listening.agent(&["--descriptors", "250"]).await;
    // Other tests of this process open a few at the same time.
    assert!(open_descriptors() < 150, "{} are open", open_descriptors());
    drop(listening);
}

#[tokio::test]
async fn a_flood_is_slowed_down_while_nobody_takes_it_and_its_end_is_kept() {
    let listening = listen();
    listening.agent(&["--steps", "0", "--flood", "20000"]).await;
    assert!(listening.socket.left_out() > 15_000, "{} were left out", listening.socket.left_out());
    let all = listening.all();
    assert!(all.len() < 200, "{} signals were kept", all.len());
    assert_eq!(all.last(), Some(&Signal::Claims(Claim { succeeded: true, message: None })));
    assert!(all.contains(&note("19999")), "{all:?}");
}

/// A program that says something, waits for the end of its input, and says something else at last.
const TWICE: &str = "import os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
    sender.sendto(b'STATUS=first', os.environ['NOTIFY_SOCKET'])
    print(flush=True)
    sys.stdin.read()
    sender.sendto(b'STATUS=last', os.environ['NOTIFY_SOCKET'])";

/// It has said the first.
fn twice(path: &Path) -> Child {
    let mut command = Command::new("python3");
    command.args(["-c", TWICE]).env(SOCKET_VARIABLE, path).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
    child
}

fn ends(mut child: Child) {
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn only_a_run_is_heard_on_its_socket_and_outsiders_are_known_by_their_last_words() {
    let home = private_directory();
    let run = RunDir::create(home.path().join("0193b6a0-7c1d-7b3e-9f00-0123456789ab")).unwrap();
    let path = home.path().join("notify.sock");
    // Nothing here lets go of this thread, so that all is read when it is taken.
    let socket = NotifySocket::bind(&path, Some(run.clone()), Arc::default()).unwrap();
    let root = twice(&path);
    assert_eq!(socket.take(), [note("first")], "without a record nobody is an outsider");
    let identity = identify(root.id()).unwrap().unwrap();
    let (boot, keeper) = (identity.boot.clone(), identity.clone());
    run.write_started(&Started { format: FORMAT, boot, keeper, root: identity, clocks: clocks() }).unwrap();
    let outsider = twice(&path);
    let pid = outsider.id();
    assert_eq!((socket.take(), socket.turned_away()), (vec![], TurnedAway { count: 1, first: Some(pid) }));
    ends(outsider);
    assert_eq!((socket.take(), socket.turned_away()), (vec![], TurnedAway { count: 2, first: Some(pid) }));
    // Nothing speaks against somebody who was never seen.
    ends(twice(&path));
    assert_eq!(socket.take(), [note("first"), note("last")]);
    ends(root);
    assert_eq!((socket.take(), socket.turned_away().count), (vec![note("last")], 2));
}

#[tokio::test]
async fn garbage_is_a_sign_of_life() {
    let listening = listen();
    let sender = UnixDatagram::unbound().unwrap();
    for bytes in [&b"\0\xff\xfe"[..], &[b'x'; 100_000], b"", b"STATUS=\x1b[31mgo\x1b[0m"] {
        sender.send_to(bytes, listening.socket.path()).unwrap();
    }
    let mut all = Vec::new();
    while !all.contains(&note("go")) {
        listening.woken.notified().await;
        all.extend(listening.socket.take());
    }
    all.retain(|signal| *signal != Signal::Beat);
    assert_eq!(all, [note("go")]);
}

#[tokio::test]
async fn the_socket_is_for_its_user_only_and_replaces_a_leftover() {
    let home = private_directory();
    let path = home.path().join("notify.sock");
    drop(UnixDatagram::bind(&path).unwrap());
    let socket = NotifySocket::bind(&path, None, Arc::default()).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    drop(socket);
    assert!(!path.exists());
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(NotifySocket::bind(&path, None, Arc::default()), Err(NotifyError::Failed { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    std::fs::remove_file(&path).unwrap();
    std::fs::set_permissions(home.path(), Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(NotifySocket::bind(&path, None, Arc::default()), Err(NotifyError::Failed { .. })));
}

#[tokio::test]
async fn whoever_takes_the_place_of_another_is_heard_from_and_the_other_keeps_what_it_heard() {
    let home = private_directory();
    let path = home.path().join("notify.sock");
    let first = NotifySocket::bind(&path, None, Arc::default()).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    sender.send_to(b"STATUS=first", &path).unwrap();
    let second = NotifySocket::bind(&path, None, Arc::default()).unwrap();
    sender.send_to(b"STATUS=second", &path).unwrap();
    assert_eq!((first.take(), second.take()), (vec![note("first")], vec![note("second")]));
    drop(first);
    assert!(path.exists());
}

#[test]
fn a_path_that_no_program_could_name_is_passed_over() {
    let [long, short] = [Path::new("/home").join("d".repeat(100)).join("notify.sock"), "/run/n".into()];
    assert_eq!(place(&[long.clone(), short.clone()]), Some(short.as_path()));
    assert_eq!(place(&[long]), None);
}
