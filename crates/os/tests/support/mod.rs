//! What the tests share: programs that wait for a word, and their ends as events.

#![expect(dead_code, reason = "each test program uses its own part of this")]

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// Runs `script` in a shell and returns it once it has printed a line, with that line.
pub(crate) fn shell(script: &str) -> (Killed, String) {
    shell_with_env(script, &[])
}

/// The same with additions to the environment.
pub(crate) fn shell_with_env(script: &str, env: &[(&str, &str)]) -> (Killed, String) {
    let mut child = Command::new("/bin/sh")
        .args(["-c", script])
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    (Killed { child, _output: output }, line.trim().to_owned())
}

/// A child that does not outlive its test.
pub(crate) struct Killed {
    pub(crate) child: Child,
    _output: BufReader<std::process::ChildStdout>,
}

impl Killed {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until a child has ended, and leaves it uncollected.
pub(crate) fn wait_until_zombie(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
}

/// Waits until a line of what the system says of a process begins like this, such as `State:\tZ`.
pub(crate) fn wait_until_shown(pid: u32, line: &str) {
    while !std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap().lines().any(|shown| shown.starts_with(line))
    {
        std::thread::yield_now();
    }
}

/// A named pipe on which a program waits for the word to go on: `read word < FIFO`.
pub(crate) struct Starter {
    pub(crate) path: PathBuf,
}

impl Starter {
    pub(crate) fn new(directory: &Path, name: &str) -> Self {
        let path = directory.join(name);
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        Self { path }
    }

    /// Waits until the program is waiting, and returns what lets it go on.
    pub(crate) fn open(&self) -> File {
        OpenOptions::new().write(true).open(&self.path).unwrap()
    }
}

/// Lets a program that waits on a [`Starter`] go on.
pub(crate) fn go(mut starter: File) {
    starter.write_all(b"go\n").unwrap();
}

pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.into_iter().map(OsString::from).collect()
}
