//! A night: a Nightkeep of one's own, an engine under it, and agents that work in a folder of their own.

mod desktop;
mod ending;
mod frozen;
mod held;
mod hosted;
mod innocent;
mod later;
mod log;
mod namespace;
mod processes;
mod small_disk;
mod unheard;

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

use anyhow::{Context as _, Result, anyhow, ensure};
use futures_util::StreamExt as _;
use nightkeep_engine::api::{ApiError, ErrorCode, Fault, FaultKind, HistoryRow, JobSpec, Live, RunDetail, RunView};
use nightkeep_engine::client::{Client, engine_at, follow};
use nightkeep_engine::rundir::RunDir;
use serde_json::Value;
use tokio::runtime::Runtime;

pub use desktop::Desktop;
pub use frozen::Frozen;
pub use held::Tree;
pub use hosted::MadeUpTime;
pub use innocent::{Innocent, end_for_good};
pub use namespace::{with_own_mounts, with_own_pids};
pub use processes::{alive, of_run, pids_in};
pub use small_disk::SmallDisk;

use crate::{Home, PATIENCE, binary, eventually, root};

/// A Nightkeep in a home of its own. Dropping it ends the engine and everything that was started under it.
#[derive(Debug)]
pub struct Night {
    /// Dropped first, because a home on it could not be removed.
    disk: Option<SmallDisk>,
    home: Home,
    runtime: Runtime,
    desktop: Option<Desktop>,
    engine: RefCell<Option<Child>>,
    hosted: Option<JoinHandle<()>>,
    /// Its time zone, where the time of day matters.
    zone: Option<String>,
}

impl Night {
    /// One with this `config.toml`, and no engine yet.
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn new(config: &str) -> Result<Self> {
        Self::of(Home::new()?, None, config)
    }

    /// One whose home is on a disk of so many megabytes, and whose engine runs. Only for a test that is called through
    /// [`with_own_mounts`].
    ///
    /// # Errors
    /// When the disk cannot be mounted or the engine does not come up.
    pub fn on_a_small_disk(megabytes: u32) -> Result<Self> {
        let home = Home::new()?;
        let disk = SmallDisk::mount(home.path(), megabytes)?;
        let night = Self::of(home, Some(disk), "")?;
        night.start_engine()?;
        Ok(night)
    }

    fn of(home: Home, disk: Option<SmallDisk>, config: &str) -> Result<Self> {
        fs::create_dir(home.user().join("work"))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let night = Self { disk, home, runtime, desktop: None, engine: RefCell::new(None), hosted: None, zone: None };
        night.configure(config)?;
        Ok(night)
    }

    /// One whose engine runs.
    ///
    /// # Errors
    /// When the engine does not come up.
    pub fn watched(config: &str) -> Result<Self> {
        let night = Self::new(config)?;
        night.start_engine()?;
        Ok(night)
    }

    /// Leaves the home on the disk when this value is dropped.
    pub fn keep(&mut self) {
        self.home.keep();
    }

    /// The home.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The disk that the home is on.
    ///
    /// # Errors
    /// When it is not on one of its own.
    pub fn disk(&self) -> Result<&SmallDisk> {
        self.disk.as_ref().context("this night has no disk of its own")
    }

    /// Where agents and commands work.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.home.user().join("work")
    }

    /// Writes `config.toml`, swapped in at once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn configure(&self, config: &str) -> Result<()> {
        let aside = self.home().join("config.toml.aside");
        fs::write(&aside, config)?;
        Ok(fs::rename(aside, self.home().join("config.toml"))?)
    }

    /// The text of `config.toml`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn config(&self) -> Result<String> {
        Ok(fs::read_to_string(self.home().join("config.toml"))?)
    }

    /// The directory of a run.
    #[must_use]
    pub fn run_dir(&self, tag: &str) -> RunDir {
        RunDir::at(self.home().join("runs").join(tag))
    }

    /// A `nightkeep` command, in the folder of the agents.
    ///
    /// # Errors
    /// When the program was not built.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Command> {
        let mut command = self.program(binary("nightkeep")?);
        command.args(arguments).current_dir(self.work());
        Ok(command)
    }

    /// A program on this night's desktop.
    #[must_use]
    pub fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.home.foreign(program);
        if let Some(desktop) = &self.desktop {
            command.env("DBUS_SESSION_BUS_ADDRESS", desktop.address()).env("NIGHTKEEP_APP_BIN", self.window_program());
            command.env("DBUS_SYSTEM_BUS_ADDRESS", desktop.address());
        }
        if let Some(zone) = &self.zone {
            command.env("TZ", zone);
        }
        command
    }

    /// The home directory of the user whose night it is.
    #[must_use]
    pub fn user(&self) -> &Path {
        self.home.user()
    }

    /// What a `nightkeep` command did and printed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn nightkeep<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Said> {
        Ok(Said::of(&self.command(arguments)?.output().context("start `nightkeep`")?))
    }

    /// What a `nightkeep` command that succeeds prints.
    ///
    /// # Errors
    /// When it fails.
    pub fn told<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<String> {
        let said = self.nightkeep(arguments)?;
        ensure!(said.code == Some(0), "`nightkeep` ended with {:?}: {}", said.code, said.err);
        Ok(said.out)
    }

    /// What a `nightkeep` command prints with `--json`.
    ///
    /// # Errors
    /// When it fails or prints no JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        Ok(serde_json::from_str(&self.told(&[arguments, &["--json"]].concat())?)?)
    }

    /// A run as `start`, `attach` and `run --detach` begin it.
    ///
    /// # Errors
    /// When it fails.
    pub fn begin<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Begun> {
        let told = self.told(arguments).map_err(|error| self.explained(error))?;
        let words: Vec<&str> = told.split_whitespace().collect();
        let ["run", number, tag] = words.as_slice() else { return Err(anyhow!("no run was begun, but said: {told}")) };
        Ok(Begun { run: number.parse()?, tag: (*tag).to_owned() })
    }

    /// Starts the engine and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_engine(&self) -> Result<()> {
        let log = fs::File::create(self.home().join("engine.out"))?;
        let mut command = self.command(&["engine"])?;
        let child = command.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).spawn()?;
        let pid = child.id();
        self.engine.replace(Some(child));
        let answers = || self.engine_pid().filter(|answering| *answering == pid);
        eventually("the engine to answer", answers).map(drop).map_err(|error| self.explained(error))
    }

    /// The process of the engine that answers.
    #[must_use]
    pub fn engine_pid(&self) -> Option<u32> {
        let socket = self.socket();
        self.runtime.block_on(async move { engine_at(&socket).await }).ok().map(|engine| engine.pid)
    }

    /// Ends the engine as a crash does.
    ///
    /// # Errors
    /// When there is none.
    pub fn crash_engine(&self) -> Result<()> {
        let mut child = self.engine.take().context("no engine was started")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Ends the engine in order.
    ///
    /// # Errors
    /// When there is none, or it refuses.
    pub fn stop_engine(&self) -> Result<()> {
        self.told(&["engine", "--stop"])?;
        let mut child = self.engine.take().context("no engine was started")?;
        child.wait()?;
        Ok(())
    }

    /// Waits until the engine has ended, which somebody has asked it to do.
    ///
    /// # Errors
    /// When there is none.
    pub fn until_engine_ends(&self) -> Result<()> {
        self.engine.take().context("no engine was started")?.wait()?;
        Ok(())
    }

    /// Freezes the engine until what is returned is dropped.
    ///
    /// # Errors
    /// When there is none.
    pub fn freeze_engine(&self) -> Result<Frozen> {
        let pid = self.engine.borrow().as_ref().context("no engine was started")?.id();
        Frozen::new(pid)
    }

    /// Asks the engine over its API.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn ask<T>(&self, ask: impl AsyncFnOnce(Client) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let socket = self.socket();
        self.runtime.block_on(async move { ask(Client::connect(&socket).await?).await })
    }

    /// Follows the engine until `look` finds something in what it tells every surface.
    ///
    /// # Errors
    /// When it was not found in time; `what` says what.
    pub fn until<T>(&self, what: &str, mut look: impl FnMut(&Live) -> Option<T>) -> Result<T> {
        let mut told = follow(self.socket());
        let found = self.runtime.block_on(async move {
            let find = async move {
                loop {
                    let found = told.next().await.flatten().and_then(|live| look(&live));
                    if let Some(found) = found {
                        return found;
                    }
                }
            };
            tokio::time::timeout(PATIENCE, find).await
        });
        found.map_err(|_| self.explained(anyhow!("waited {} s in vain: {what}", PATIENCE.as_secs())))
    }

    /// Waits until a living run is as `wanted`.
    ///
    /// # Errors
    /// When it was not in time.
    pub fn until_run(&self, what: &str, run: u64, wanted: impl Fn(&RunView) -> bool) -> Result<RunView> {
        self.until(what, |live| live.status.runs.iter().find(|view| view.run == run && wanted(view)).cloned())
    }

    /// Waits until a run has reached a step.
    ///
    /// # Errors
    /// When it did not in time.
    pub fn until_step(&self, run: u64, step: i64) -> Result<RunView> {
        self.until_run(&format!("run {run} to reach step {step}"), run, |view| view.step == Some(step))
    }

    /// Waits until a run is over.
    ///
    /// # Errors
    /// When it was not in time.
    pub fn ended(&self, run: u64) -> Result<HistoryRow> {
        self.until_asked(&format!("run {run} to end"), async |engine| engine.run(run).await.ok()?.ended)
    }

    /// Waits until something of a kind has happened to a run; looked at again and again, since a stage of a stop is
    /// not announced.
    ///
    /// # Errors
    /// When it had not in time.
    pub fn until_happened(&self, run: u64, kind: &str) -> Result<()> {
        let happened = || self.show(run).ok()?.timeline.iter().any(|event| event.kind == kind).then_some(());
        eventually(&format!("`{kind}` of run {run}"), happened).map_err(|error| self.explained(error))
    }

    /// Asks the engine at every change that it announces until `ask` gets an answer.
    fn until_asked<T>(&self, what: &str, ask: impl AsyncFn(Client) -> Option<T>) -> Result<T> {
        let socket = self.socket();
        let mut told = follow(socket.clone());
        let found = self.runtime.block_on(async {
            let find = async {
                loop {
                    let _news = told.next().await;
                    let Ok(client) = Client::connect(&socket).await else { continue };
                    if let Some(found) = ask(client).await {
                        return found;
                    }
                }
            };
            tokio::time::timeout(PATIENCE, find).await
        });
        found.map_err(|_| self.explained(anyhow!("waited {} s in vain: {what}", PATIENCE.as_secs())))
    }

    /// Waits until the engine has a job as `wanted`.
    ///
    /// # Errors
    /// When it had not in time.
    pub fn until_job(&self, name: &str, wanted: impl Fn(&JobSpec) -> bool) -> Result<()> {
        self.until_asked(&format!("the job `{name}` to be changed"), async |engine| {
            let jobs = engine.jobs().await.ok()?;
            jobs.iter().any(|job| job.spec.name == name && wanted(&job.spec)).then_some(())
        })
    }

    /// Everything that is known of a run.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn show(&self, run: u64) -> Result<RunDetail, ApiError> {
        self.ask(async |engine| engine.run(run).await)
    }

    /// A fault that the engine shows, or `None` within the patience of a test.
    ///
    /// # Errors
    /// When it is not shown in time.
    pub fn fault(&self, kind: FaultKind) -> Result<Fault> {
        self.until(&format!("a fault of the kind {kind:?}"), |live| {
            live.faults.iter().find(|fault| fault.kind == kind).cloned()
        })
    }

    /// The engine's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.home().join("engine.sock")
    }

    /// `error` with what the engine said and shows.
    #[must_use]
    pub fn explained(&self, error: anyhow::Error) -> anyhow::Error {
        let live = self.ask(async |engine| engine.live().await);
        let shown = match live {
            Ok(live) => serde_json::to_string_pretty(&live).unwrap_or_default(),
            Err(ApiError { code: ErrorCode::Unreachable, .. }) => "no engine answers".to_owned(),
            Err(fault) => fault.to_string(),
        };
        error.context(format!("{shown}\n{}", self.log()))
    }
}

impl Drop for Night {
    fn drop(&mut self) {
        self.end_all();
        self.join_hosted();
    }
}

/// A run that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its number.
    pub run: u64,
    /// The name of its directory.
    pub tag: String,
}

/// What a command printed, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Said {
    /// From what a command left.
    #[must_use]
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// When something of a kind first happened to a run, in milliseconds since the Unix epoch.
#[must_use]
pub fn first(detail: &RunDetail, kind: &str) -> Option<i64> {
    detail.timeline.iter().find(|event| event.kind == kind).and_then(|event| at_ms(&event.at))
}

/// When something of a kind last happened to a run, in milliseconds since the Unix epoch.
#[must_use]
pub fn last(detail: &RunDetail, kind: &str) -> Option<i64> {
    detail.timeline.iter().rfind(|event| event.kind == kind).and_then(|event| at_ms(&event.at))
}

/// How long after the last advance of a run the verdict came, in milliseconds. The evidence carries the time of the verdict
/// that asked for it.
#[must_use]
pub fn waited_ms(detail: &RunDetail) -> Option<i64> {
    let from = detail.advances.last().map_or(&detail.started_at, |advance| &advance.at);
    Some(first(detail, "evidence-taken")? - at_ms(from)?)
}

fn at_ms(text: &str) -> Option<i64> {
    Some(text.parse::<jiff::Timestamp>().ok()?.as_millisecond())
}

/// The path of one of the sample agents.
#[must_use]
pub fn agent(name: &str) -> String {
    root().join("tests").join("agents").join(name).display().to_string()
}

/// The path of the agent that does what its arguments say.
///
/// # Errors
/// When it was not built.
pub fn fake_agent() -> Result<String> {
    Ok(binary("fake-agent")?.display().to_string())
}
