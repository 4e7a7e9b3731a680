//! A disk of a few megabytes, to be filled up and freed again: a file system of its own, mounted where only the test and
//! what it starts can see it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::namespace::OWN_MOUNTS;

/// What takes up the room.
const BALLAST: &str = "ballast";
/// As much as the file system gives away at once.
const BLOCK: [u8; 4096] = [0xa5; 4096];

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
        ensure!(std::env::var_os(OWN_MOUNTS).is_some(), "a test with a small disk is called through `with_own_mounts`");
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
