//! Where the tray plays: a desktop, an engine, a window, and what the engine says.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::ExitStatus;

use nightkeep_engine::api::{
    API_VERSION, Activity, EngineInfo, HistoryRow, IconStyle, Live, Liveness, Method, Outcome, Phase, Progress,
    Quitting, Reason, RunView, Status, Summary,
};
use nightkeep_tests::dbus::SessionBus;
use nightkeep_tests::fake_engine::FakeEngine;
use nightkeep_tests::{Home, in_time};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

/// A desktop, a home, and an engine in it.
pub(super) struct Stage {
    pub(super) bus: SessionBus,
    pub(super) engine: FakeEngine,
    home: Home,
}

impl Stage {
    pub(super) fn new(document: Live) -> Self {
        let bus = SessionBus::start().unwrap();
        let home = Home::new().unwrap();
        let engine = FakeEngine::start(&home.path().join("engine.sock"), document).unwrap();
        Self { bus, home, engine }
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.home.path().join("engine.sock")
    }

    /// The tray, with a window that writes what it was asked for into a pipe, and without a way to a real engine.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::from(self.home.command("nightkeep-tray").unwrap());
        command
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus.address())
            .env("NIGHTKEEP_BIN", "/nowhere/nightkeep")
            .env("NIGHTKEEP_APP_BIN", self.home.path().join("nightkeep-app"))
            .env_remove("XDG_ACTIVATION_TOKEN")
            .env_remove("NIGHTKEEP_LOG");
        command
    }

    pub(super) fn tray(&self) -> Tray {
        Tray::of(&mut self.command())
    }

    pub(super) fn window(&self) -> Window {
        let pipe = self.home.path().join("opened");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let program = self.home.path().join("nightkeep-app");
        let script = format!("#!/bin/sh\necho \"$* token=$XDG_ACTIVATION_TOKEN\" > '{}'\n", pipe.display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
        let receiver = pipe::OpenOptions::new().read_write(true).open_receiver(&pipe).unwrap();
        Window { lines: BufReader::new(receiver) }
    }
}

/// A window that only tells where it was opened.
pub(super) struct Window {
    lines: BufReader<pipe::Receiver>,
}

impl Window {
    pub(super) async fn opened(&mut self) -> String {
        let mut line = String::new();
        in_time("a window", self.lines.read_line(&mut line)).await.unwrap().unwrap();
        line.trim_end().to_owned()
    }
}

/// A running tray. Ends with this value.
pub(super) struct Tray {
    process: Child,
    heard: String,
}

impl Tray {
    pub(super) fn of(command: &mut Command) -> Self {
        Self { process: command.kill_on_drop(true).spawn().unwrap(), heard: String::new() }
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = self.process.id().and_then(|pid| Pid::from_raw(pid.cast_signed())).unwrap();
        kill_process(pid, signal).unwrap();
    }

    pub(super) async fn ended(&mut self) -> ExitStatus {
        in_time("the tray to end", self.process.wait()).await.unwrap().unwrap()
    }

    /// Waits until its stderr, which must be a pipe, has said `wanted`.
    pub(super) async fn said(&mut self, wanted: &str) {
        let stderr = self.process.stderr.as_mut().unwrap();
        while !self.heard.contains(wanted) {
            let mut part = Vec::new();
            let length = in_time(wanted, stderr.read_buf(&mut part)).await.unwrap().unwrap();
            assert!(length > 0, "`{wanted}` was not said, but:\n{}", self.heard);
            self.heard.push_str(&String::from_utf8_lossy(&part));
        }
    }
}

const AT: &str = "2999-01-01T00:00:00Z";

pub(super) fn live(runs: Vec<RunView>) -> Live {
    let engine = EngineInfo { version: "0.1.0".to_owned(), api: API_VERSION, pid: 4711, started_at: AT.to_owned() };
    let summary = Summary { running: u32::try_from(runs.len()).unwrap(), ..Summary::default() };
    let status = Status { engine, summary, runs, jobs: Vec::new(), paused: None, snoozed: Vec::new() };
    // Of a time to come, so that no clock goes on while the test runs.
    Live {
        revision: 1,
        at: AT.to_owned(),
        status,
        unseen: Vec::new(),
        leftovers: Vec::new(),
        faults: Vec::new(),
        morning: None,
        icon_style: IconStyle::default(),
        quitting: Quitting::default(),
    }
}

pub(super) fn stopped_unseen(mut live: Live, job: &str) -> Live {
    live.status.summary.stopped_unseen = 1;
    live.unseen.push(HistoryRow {
        run: 40,
        job: job.to_owned(),
        r#type: "generic".to_owned(),
        outcome: Outcome::Aborted,
        reason: Some(Reason::Stalled),
        method: Some(Method::Graceful),
        exit_code: None,
        signal: Some(15),
        started_at: AT.to_owned(),
        ended_at: AT.to_owned(),
        duration_s: 7200.0,
        last_step: Some(14),
        last_note: None,
        advances: 14,
        longest_gap_s: Some(2700.0),
        total: None,
        stall_after_s: None,
        survivors: Vec::new(),
        recovered: false,
        seen: false,
        message: "No progress for 45 min.".to_owned(),
    });
    live
}

pub(super) fn run(job: &str) -> RunView {
    RunView {
        run: 41,
        job: job.to_owned(),
        r#type: "generic".to_owned(),
        pid: Some(4712),
        phase: Phase::Running,
        progress: Progress::Advancing,
        liveness: Liveness::Unknown,
        activity: Activity::Working,
        step: Some(14),
        total: Some(40),
        note: None,
        since_advance_s: 5.0,
        since_output_s: None,
        since_last_output_s: None,
        idle_for_s: 0.0,
        since_beat_s: None,
        warn_after_s: 300.0,
        stall_after_s: 600.0,
        observe: false,
        attached: false,
        processes: Some(4),
        cpu_percent: None,
        memory_bytes: None,
        started_at: AT.to_owned(),
        marker_note: None,
        queue: None,
        doing: None,
        waits_until: None,
        expected_s: None,
        claim: None,
        totals: None,
        circling: false,
        signals_dropped: 0,
        signals_foreign: 0,
        source_note: None,
    }
}
