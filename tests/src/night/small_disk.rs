//! A disk of a few megabytes, to be filled up and freed again: a file system of its own, mounted where only the test and
//! what it starts can see it.

use std::any::type_name;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Set where mounts are the test's own.
const INSIDE: &str = "NIGHTKEEP_TEST_MOUNTS";
/// What takes up the room.
const BALLAST: &str = "ballast";
/// As much as the file system gives away at once.
const BLOCK: [u8; 4096] = [0xa5; 4096];

/// Runs the test that calls this once more, where it may mount what it likes and nobody else sees it. A test that
/// cannot be run so fails.
///
/// # Panics
/// When the test fails, or when the system lets nobody mount.
pub fn with_own_mounts<T: FnOnce()>(test: T) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    // `it::the_file::the_test::{{closure}}`, and the harness knows it without what stands before and behind.
    let name = type_name::<T>().trim_end_matches("::{{closure}}");
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let this = std::env::current_exe().expect("the test that runs has a path");
    command.arg(this).args([name, "--exact", "--nocapture", "--test-threads=1"]).env(INSIDE, "1");
    let output = command.output().expect("`unshare` of util-linux is needed to mount a small disk");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let is_good = output.status.success() && text.contains("test result: ok. 1 passed");
    assert!(is_good, "failed in a mount namespace of its own, with {}:\n{text}", output.status);
}

/// The disk. It is gone when this is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// One of so many megabytes, over the directory `at`, which is private and loses sight of what it holds.
    ///
    /// # Errors
    /// When it cannot be mounted.
    pub fn mount(at: &Path, megabytes: u32) -> Result<Self> {
        ensure!(std::env::var_os(INSIDE).is_some(), "a test with a small disk is called through `with_own_mounts`");
        run("mount", &["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=0700"), "tmpfs"], at)
            .context("a small disk cannot be mounted here; root or user namespaces are needed")?;
        Ok(Self { at: at.to_owned() })
    }

    /// Takes up all the room that there is.
    ///
    /// # Errors
    /// When it fails for another reason than a full disk.
    pub fn fill(&self) -> Result<()> {
        let mut ballast = File::options().create(true).append(true).open(self.at.join(BALLAST))?;
        loop {
            match ballast.write_all(&BLOCK) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// When it was not taken up.
    pub fn free(&self) -> Result<()> {
        Ok(fs::remove_file(self.at.join(BALLAST))?)
    }

    /// From here on nothing below the directory can be opened for writing. What is open stays so.
    ///
    /// # Errors
    /// When it cannot be mounted again.
    pub fn turn_read_only(&self) -> Result<()> {
        let at = self.at.as_os_str().to_str().context("the path is text")?;
        run("mount", &["--bind", at], &self.at)?;
        run("mount", &["-o", "remount,bind,ro"], &self.at)
    }

    /// The end of [`SmallDisk::turn_read_only`].
    ///
    /// # Errors
    /// When it was not read-only.
    pub fn turn_writable(&self) -> Result<()> {
        run("umount", &["--lazy"], &self.at)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Also what lies over it.
        while run("umount", &["--lazy"], &self.at).is_ok() {}
    }
}

fn run(program: &str, arguments: &[&str], at: &Path) -> Result<()> {
    let output =
        Command::new(program).args(arguments).arg(at).output().with_context(|| format!("start `{program}`"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{program} {}` failed: {}", arguments.join(" "), complaint.trim());
    Ok(())
}
