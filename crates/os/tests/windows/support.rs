//! What the tests share: programs that wait for the end of their input.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::os::windows::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use nightkeep_os::{Identity, identify};

/// For what takes no time at all, on a machine that is busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A line that says so when it runs, and then waits for its input.
pub(crate) const WAIT: &str = "echo ready& set /p word=";

/// The same in a process of its own, for which the first one waits.
pub(crate) const WAIT_BELOW: &str = "cmd /d /c echo ready^& set /p word=";

/// A child that does not outlive its test.
pub(crate) struct Killed {
    pub(crate) child: Child,
    output: BufReader<ChildStdout>,
}

impl Killed {
    /// Reads until it says the word.
    fn wait_for(&mut self, word: &str) {
        let said = self.output.by_ref().lines().map(Result::unwrap).any(|line| line.trim() == word);
        assert!(said, "it has ended without having said `{word}`");
    }

    pub(crate) fn identity(&self) -> Identity {
        identify(self.child.id()).unwrap().unwrap()
    }

    /// Ends its input, and waits for its end.
    pub(crate) fn let_end(&mut self) -> i32 {
        drop(self.child.stdin.take());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a line and returns it once it has said `ready`.
pub(crate) fn shell(line: &str, env: &[(&str, &str)]) -> Killed {
    let mut command = Command::new("cmd");
    command.args(["/d", "/c"]).raw_arg(line).envs(env.iter().copied());
    start(command, "ready")
}

/// Starts a command and returns it once it has said the word.
pub(crate) fn start(mut command: Command, word: &str) -> Killed {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut killed = Killed { child, output };
    killed.wait_for(word);
    killed
}

pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.into_iter().map(OsString::from).collect()
}
