//! What the tests of the whole share: our own binaries, a home of their own, and waiting for a condition.
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
pub mod dbus;
mod failure;
pub mod fake_engine;
pub mod model;
#[cfg(target_os = "linux")]
pub mod night;
pub mod past;
mod patience;
#[cfg(target_os = "linux")]
pub mod torture;
#[cfg(target_os = "linux")]
pub mod window;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use patience::Patience;

/// How long a test waits for something before it says that it did not happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often a condition that nothing announces is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What programs under test take over from the tester's environment.
const INHERITED: [&str; 4] = ["PATH", "LANG", "TMPDIR", "SystemRoot"];

/// The checkout's top.
///
/// # Panics
/// Never: this package lies in a folder of the checkout.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in a folder of the checkout")
}

/// One of our own binaries: from `NIGHTKEEP_BIN_DIR`, otherwise from beside the test that runs.
///
/// # Errors
/// When it was not built.
pub fn binary(name: &str) -> Result<PathBuf> {
    let folder = match std::env::var_os("NIGHTKEEP_BIN_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let test = std::env::current_exe().context("find the test that runs")?;
            // target/debug/deps/it-0123
            test.ancestors().nth(2).context("find the folder of the binaries")?.to_path_buf()
        }
    };
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    ensure!(path.is_file(), "`{}` is missing: run `cargo build --workspace` first", path.display());
    Ok(path)
}

/// The `nightkeep` of a later version: another build, below the folder of the others.
///
/// # Errors
/// When it was not built.
pub fn later_binary() -> Result<PathBuf> {
    let nightkeep = binary("nightkeep")?;
    let target = nightkeep.ancestors().nth(2).context("find the target folder")?;
    let path = target.join("later").join("debug").join(format!("nightkeep{}", std::env::consts::EXE_SUFFIX));
    ensure!(path.is_file(), "`{}` is missing: run `cargo xtask test --only later` first", path.display());
    Ok(path)
}

/// A Nightkeep with everything in a folder of its own. Its engine ends with it; runs must be stopped by the test.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    folder: TempDir,
    _patience: Patience,
}

impl Home {
    /// A fresh one.
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn new() -> Result<Self> {
        failure::tell_at_once();
        let folder = tempfile::Builder::new().prefix("nightkeep-test-").tempdir().context("make a home")?;
        // A folder below it, because a temporary folder is as open as the umask says and a home must be private.
        let path = folder.path().join("home");
        nightkeep_os::private_dir(&path)?;
        let patience = Patience::with(&path);
        Ok(Self { path, folder, _patience: patience })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The home directory of the user that the programs believe they work for.
    #[must_use]
    pub fn user(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves the folder on the disk when this value is dropped.
    pub fn keep(&mut self) {
        self.folder.disable_cleanup(true);
    }

    /// One of our own binaries, working in this home.
    ///
    /// # Errors
    /// When it was not built.
    pub fn command(&self, name: &str) -> Result<Command> {
        Ok(self.foreign(binary(name)?))
    }

    /// Another program, for one of ours that works in this home.
    #[must_use]
    pub fn foreign(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // Nothing of the tester's own: neither the Nightkeep that a test may itself run under, nor the desktop.
        command
            .env_clear()
            .envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .env("HOME", self.user())
            .env("NIGHTKEEP_HOME", self.path())
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", self.user().join("no-bus").display()))
            .stdin(Stdio::null());
        command
    }

    /// What a `nightkeep` command did and printed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn nightkeep(&self, arguments: &[&str]) -> Result<Output> {
        self.command("nightkeep")?.args(arguments).output().context("start `nightkeep`")
    }

    /// What a `nightkeep` command prints with `--json`.
    ///
    /// # Errors
    /// When it fails or prints no JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.nightkeep(&[arguments, &["--json"]].concat())?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`nightkeep {}` failed: {complaint}", arguments.join(" "));
        serde_json::from_slice(&output.stdout).context("read what `nightkeep` printed")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.path().join("engine.lock").exists() {
            drop(self.nightkeep(&["engine", "--stop"]));
        }
    }
}

/// Awaits `wanted`, for what announces itself.
///
/// # Errors
/// When it did not come in time; `what` says what.
pub async fn in_time<T>(what: &str, wanted: impl Future<Output = T>) -> Result<T> {
    let in_time = tokio::time::timeout(PATIENCE, wanted).await;
    in_time.ok().with_context(|| format!("waited {} s in vain: {what}", PATIENCE.as_secs()))
}

/// Waits until `look` finds something, for conditions that nothing announces.
///
/// # Errors
/// When it was not found in time; `what` says what.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        ensure!(start.elapsed() < PATIENCE, "waited {} s in vain: {what}", PATIENCE.as_secs());
        std::thread::sleep(LOOK_EVERY);
    }
}
