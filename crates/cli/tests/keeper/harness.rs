//! A home of its own, runs in it, and ways to wait for what they do.

use std::{
    collections::BTreeMap,
    future::Future,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use interprocess::local_socket::{Stream, traits::Stream as _};
use nightkeep_engine::{
    api::Leftovers,
    keeper::{
        launch::{Launched, launch},
        link::KeeperLink,
        protocol::{Event, Request, line},
    },
    places::Places,
    rundir::{Exit, FORMAT, LimitOverridesMs, LimitsMs, OsText, RunDir, Spec, Started, StartedBy, Stdin},
    socket_path::SocketPath,
};
use nightkeep_os::{ExitWatch, Identity, Signal, clocks};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

/// The program under test.
pub(crate) const NIGHTKEEP: &str = env!("CARGO_BIN_EXE_nightkeep");

/// What takes longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something, but not forever.
pub(crate) async fn within<T>(what: &str, wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// A home, and what is to be cleaned up with it.
pub(crate) struct Home {
    dir: TempDir,
    pub(crate) places: Places,
    runs: Vec<RunDir>,
}

/// A run that was launched, with a connection to its keeper.
pub(crate) struct Run {
    pub(crate) dir: RunDir,
    pub(crate) started: Started,
    pub(crate) link: KeeperLink,
}

impl Home {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let places = Places::below(dir.path());
        places.create().expect("the places can be made");
        Self { dir, places, runs: Vec::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A spec that runs `script` with `sh`, in the home.
    pub(crate) fn shell(&self, tag: &str, script: &str) -> Spec {
        self.spec(tag, &["sh", "-c", script])
    }

    pub(crate) fn spec(&self, tag: &str, command: &[&str]) -> Spec {
        Spec {
            format: FORMAT,
            tag: tag.to_owned(),
            job: "test".to_owned(),
            r#type: "generic".to_owned(),
            command: command.iter().map(OsText::from).collect(),
            cwd: OsText::from(self.path()),
            env: BTreeMap::new(),
            marker: OsText::from(self.places.run_dir(tag).join("progress.json")),
            marker_before: None,
            limits: LimitsMs {
                warn_after_ms: 1,
                stall_after_ms: 2,
                grace_ms: 3,
                start_allowance_ms: 0,
                max_runtime_ms: None,
                reports: Default::default(),
            },
            overrides: LimitOverridesMs::default(),
            observe: false,
            attached: false,
            stderr_apart: false,
            stdin: Stdin::Null,
            stop_signal: Signal::Term,
            leftovers: Leftovers::Report,
            output_max: nightkeep_engine::captured::OUTPUT_BYTES_MAX,
            by_job: None,
            restart: None,
            started_by: StartedBy { surface: "test".to_owned(), pid: std::process::id(), version: String::new() },
            clocks: clocks(),
            sources: Vec::new(),
        }
    }

    /// Launches a run, whatever comes of it.
    pub(crate) async fn launch(&mut self, spec: Spec) -> (RunDir, Launched) {
        let path = self.places.run_dir(&spec.tag);
        self.runs.push(RunDir::at(&path));
        within("the launch", launch(&path, spec, Path::new(NIGHTKEEP))).await.expect("the keeper comes up")
    }

    /// Launches a run that lives long enough to be connected to.
    pub(crate) async fn start(&mut self, spec: Spec) -> Run {
        let (dir, launched) = self.launch(spec).await;
        let Launched::Running(started) = launched else { panic!("the command was not started: {launched:?}") };
        let link = within("the greeting", KeeperLink::connect(&dir)).await.expect("the keeper answers");
        Run { dir, started, link }
    }

    /// Launches a run and waits until nothing of it is left.
    pub(crate) async fn complete(&mut self, spec: Spec) -> RunDir {
        let (dir, _) = self.launch(spec).await;
        // Where nobody answers any more, everything is written down already.
        if let Ok(link) = within("the greeting", KeeperLink::connect(&dir)).await {
            gone(link).await;
        }
        dir
    }

    /// A place where the test and a command can wait for each other.
    pub(crate) fn meeting(&self, name: &str) -> Meeting {
        let path = self.path().join(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe can be made");
        Meeting { path }
    }
}

impl Drop for Home {
    /// Leaves nothing behind, also where a test has failed.
    fn drop(&mut self) {
        for run in &self.runs {
            // Where nobody answers, nothing is left to clean up.
            let Ok(address) = SocketPath::of(&run.socket()) else { continue };
            let Ok(mut keeper) = Stream::connect(address.name().expect("no NUL in the path")) else { continue };
            let _gone_already = keeper.write_all(&line(&Request::KillAll));
        }
    }
}

impl Run {
    pub(crate) async fn ask(&mut self, request: Request) {
        self.link.send(request).await.expect("the keeper takes requests");
    }

    pub(crate) async fn hear(&mut self) -> Event {
        within("an event", self.link.next()).await.expect("the keeper is there")
    }

    pub(crate) async fn members(&mut self) -> Vec<u32> {
        self.ask(Request::Members).await;
        let event = self.hear().await;
        let Event::Members { pids } = event else { panic!("asked for members, heard {event:?}") };
        pids
    }

    /// Kills everything and returns what was told from then to the end, without the answer itself.
    pub(crate) async fn kill_all(mut self) -> Vec<Event> {
        self.ask(Request::KillAll).await;
        let events = gone(self.link).await;
        let (answers, events) = events.into_iter().partition(|event| matches!(event, Event::Signalled { .. }));
        let answers: Vec<Event> = answers;
        assert_eq!(answers.len(), 1, "a kill is answered once");
        events
    }
}

/// Waits until the keeper has gone, and returns what it said until then.
pub(crate) async fn gone(mut link: KeeperLink) -> Vec<Event> {
    let mut heard = Vec::new();
    while let Some(event) = within("the keeper's end", link.next()).await {
        heard.push(event);
    }
    heard
}

/// The record of an end that must be there.
pub(crate) fn exit_of(dir: &RunDir) -> Exit {
    dir.read_exit().expect("the record can be read").expect("there is a record")
}

/// What the command has printed.
pub(crate) fn printed(path: PathBuf) -> String {
    std::fs::read_to_string(path).expect("the output can be read")
}

/// Waits until a process that is no child has ended.
pub(crate) async fn dead(identity: &Identity) {
    let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let watch = ExitWatch::start(move |_, _| sender.send(()).expect("somebody waits")).expect("ends can be watched");
    if watch.watch(identity).expect("the process can be watched") {
        within("the end of a process", ended.recv()).await.expect("the watch goes on");
    }
}

/// A named pipe.
pub(crate) struct Meeting {
    path: PathBuf,
}

impl Meeting {
    /// Its path, for a script.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Waits until somebody has written a line, and returns all that was written.
    pub(crate) async fn reached(&self) -> String {
        let mut pipe = tokio::net::unix::pipe::OpenOptions::new().open_receiver(&self.path).expect("the pipe opens");
        let mut said = String::new();
        within("somebody at the meeting", pipe.read_to_string(&mut said)).await.expect("the pipe can be read");
        said.trim().to_owned()
    }

    /// Lets somebody go on who reads from it.
    pub(crate) async fn release(&self) {
        let path = self.path.clone();
        let write = tokio::task::spawn_blocking(move || std::fs::write(path, "go\n"));
        within("somebody to release", write).await.expect("no panic").expect("the pipe can be written");
    }
}
