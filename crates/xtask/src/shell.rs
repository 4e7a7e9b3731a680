//! Running other programs: what is run can be shown, so that a person can repeat it by hand.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

/// A program with its arguments, its additions to the environment and its folder.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    dir: Option<PathBuf>,
}

impl Task {
    /// A program by name (looked up in `PATH`) or by path.
    pub(crate) fn new(program: impl Into<String>) -> Self {
        Self { program: program.into(), arguments: Vec::new(), environment: Vec::new(), dir: None }
    }

    /// The same with more arguments.
    pub(crate) fn args<A: Into<String>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// The same with one more variable.
    pub(crate) fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The same in a folder.
    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_path_buf());
        self
    }

    /// The line that a person would type for it in a shell.
    pub(crate) fn line(&self) -> String {
        let mut line = String::new();
        if let Some(dir) = self.dir.as_ref().filter(|dir| std::env::current_dir().is_ok_and(|here| here != **dir)) {
            _ = write!(line, "cd {} && ", quoted(&dir.display().to_string()));
        }
        for (name, value) in &self.environment {
            _ = write!(line, "{name}={} ", quoted(value));
        }
        line += &quoted(&self.program);
        for argument in &self.arguments {
            _ = write!(line, " {}", quoted(argument));
        }
        line
    }

    /// The command, for callers that need more than the methods here.
    pub(crate) fn command(&self) -> Result<Command> {
        // Looked up here because `Command` finds no `npm.cmd` on Windows.
        let program = which::which(&self.program).with_context(|| format!("find the program `{}`", self.program))?;
        let mut command = Command::new(program);
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        Ok(command)
    }

    /// Runs it with this program's own input and output.
    pub(crate) fn status(&self) -> Result<ExitStatus> {
        self.command()?.status().with_context(|| format!("start `{}`", self.line()))
    }

    /// Runs it and fails when it fails.
    pub(crate) fn run(&self) -> Result<()> {
        let status = self.status()?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.line());
        }
        Ok(())
    }

    /// Runs it without a sound and says whether it succeeded; a program that is not there did not.
    pub(crate) fn succeeds(&self) -> bool {
        let Ok(mut command) = self.command() else { return false };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Runs it and returns what it printed.
    pub(crate) fn output(&self) -> Result<String> {
        let output =
            self.command()?.stdin(Stdio::null()).output().with_context(|| format!("start `{}`", self.line()))?;
        if !output.status.success() {
            bail!("`{}` failed ({}): {}", self.line(), output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs it, shows what it prints and gives each line of its standard output to `look` as well.
    pub(crate) fn watched(&self, mut look: impl FnMut(&str)) -> Result<ExitStatus> {
        let mut child = self
            .command()?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start `{}`", self.line()))?;
        let pipe = child.stdout.take().expect("standard output was asked for as a pipe");
        let mut screen = std::io::stdout().lock();
        for line in BufReader::new(pipe).split(b'\n') {
            let line = line.context("read what a check prints")?;
            let text = String::from_utf8_lossy(&line);
            writeln!(screen, "{text}")?;
            look(&text);
        }
        Ok(child.wait()?)
    }

    /// Starts it as a child that ends, at the latest, when the returned value is dropped.
    pub(crate) fn start(&self, quiet: bool) -> Result<Started> {
        let mut command = self.command()?;
        command.stdin(Stdio::null());
        if quiet {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let child = command.spawn().with_context(|| format!("start `{}`", self.line()))?;
        Ok(Started { child })
    }
}

/// A child that is stopped when it is dropped.
#[derive(Debug)]
pub(crate) struct Started {
    child: Child,
}

impl Started {
    /// Its process number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Says whether a person asked for the end (Ctrl-C, or a polite signal).
pub(crate) fn interrupted() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    ctrlc::set_handler(move || raised.store(true, Ordering::Relaxed)).context("listen for Ctrl-C")?;
    Ok(flag)
}

/// Whether a person reads what is printed.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// A headline above the output of a step.
pub(crate) fn headline(text: &str) {
    if is_terminal() {
        println!("\n\x1b[1m=== {text}\x1b[0m");
    } else {
        println!("\n=== {text}");
    }
}

/// A text without the codes that colour it.
pub(crate) fn without_color(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain += before;
        rest = after.find(|c: char| c.is_ascii_alphabetic()).and_then(|end| after.get(end + 1..)).unwrap_or("");
    }
    plain + rest
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:+@%,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_shown_as_a_line_that_a_shell_takes() {
        let task = Task::new("cargo").args(["doc", "--package", "it's"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(task.line(), r"RUSTDOCFLAGS='-D warnings' cargo doc --package 'it'\''s'");
    }

    #[test]
    fn color_codes_are_taken_out_of_a_line() {
        assert_eq!(
            without_color("\x1b[2m Tests \x1b[22m \x1b[1m\x1b[32m12 passed\x1b[39m\x1b[22m"),
            " Tests  12 passed"
        );
        assert_eq!(without_color("plain"), "plain");
    }
}
