//! A test that waits for ever holds up all the others, and says nothing. This one says what it waits for, and ends it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use nightkeep_os::{Identity, Process, Signal};

/// No test takes that long, however busy the computer is: each wait ends much earlier.
const TEST_MAX: Duration = Duration::from_secs(600);
/// What the end of its programs does not wake up in this time waits for itself.
const AFTERMATH_MAX: Duration = Duration::from_secs(60);
/// So many lines of the engine's last words are shown.
const LAST_LINES: usize = 40;

/// Ends the programs of a test that hangs, with a picture of what they were doing. Dropping it calls it off.
#[derive(Debug)]
pub(crate) struct Patience {
    _called_off: Sender<()>,
}

impl Patience {
    /// Watches the test that calls this, whose programs work in this home.
    pub(crate) fn with(home: &Path) -> Self {
        let (called_off, wait) = channel::<()>();
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let home = home.to_owned();
        std::thread::spawn(move || {
            if wait.recv_timeout(TEST_MAX) == Err(RecvTimeoutError::Timeout) {
                end_programs(&test, &home);
                if wait.recv_timeout(AFTERMATH_MAX) == Err(RecvTimeoutError::Timeout) {
                    say(&format!("`{test}` hangs though its programs have ended"));
                    std::process::abort();
                }
            }
        });
        Self { _called_off: called_off }
    }
}

fn end_programs(test: &str, home: &Path) {
    let programs = nightkeep_os::tagged("NIGHTKEEP_HOME", &home.to_string_lossy()).unwrap_or_default();
    let mut told = format!("`{test}` hangs after {} s; these of its programs are there:\n", TEST_MAX.as_secs());
    for program in &programs {
        describe(&mut told, program);
    }
    let log = fs::read_to_string(home.join("engine.out")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    for line in lines.iter().skip(lines.len().saturating_sub(LAST_LINES)) {
        told.push_str("  | ");
        told.push_str(line);
        told.push('\n');
    }
    say(&told);
    for program in &programs {
        if let Ok(Some(process)) = Process::open(program) {
            // It fails when the process has ended, which is as good.
            drop(process.signal(Signal::Kill));
        }
    }
}

/// What a process is, and where each of its threads stands as far as the system tells.
fn describe(told: &mut String, program: &Identity) {
    let folder = PathBuf::from(format!("/proc/{}", program.pid));
    let command = fs::read(folder.join("cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    let threads = fs::read_dir(folder.join("task")).into_iter().flatten().flatten();
    let places: Vec<String> =
        threads.map(|thread| fs::read_to_string(thread.path().join("wchan")).unwrap_or_default()).collect();
    told.push_str(&format!("  {} {command}[{}]\n", program.pid, places.join(" ")));
}

/// Past what a test's output is caught by: it is for whoever waits.
fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
