//! `hook`: what agents call, and what makes them call it.

use std::env;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nightkeep_engine::sources::claude::settings::{self, Change, SettingsError};
use nightkeep_engine::sources::{claude, said};

use super::say::Teller;
use crate::Done;
use crate::args::{HookClaude, HookCommand};
use crate::console;
use crate::failure::{Failure, chain};

/// An agent waits for its hook: an engine that takes longer is left alone.
const HEARD_WITHIN: Duration = Duration::from_millis(200);
/// More than this is not read of what an agent tells.
const EVENT_BYTES_MAX: u64 = 1024 * 1024;
/// Moves the settings of Claude Code.
const CLAUDE_DIR_VARIABLE: &str = "CLAUDE_CONFIG_DIR";

pub(super) fn hook(wanted: HookCommand) -> Done {
    let HookCommand::Claude(wanted) = wanted;
    if wanted.print {
        console::print_json(&settings::snippet(&program()?))?;
    } else if wanted.install {
        let path = settings_path(&wanted)?;
        say_installed(&path, settings::install(&path, &program()?).map_err(|error| cannot_change(&error))?)?;
    } else if wanted.uninstall {
        let path = settings_path(&wanted)?;
        say_uninstalled(&path, &settings::uninstall(&path).map_err(|error| cannot_change(&error))?)?;
    } else if io::stdin().is_terminal() {
        return Err(Failure::usage("an agent calls this, with what it tells on stdin")
            .with_hint("have it call with `nightkeep hook claude --install`"));
    } else {
        pass_on(&take_in(io::stdin().lock()));
    }
    Ok(0)
}

/// Takes in what an agent tells. It never fails: any other exit code than 0 is shown to whoever works with the agent, and
/// 2 holds the agent up.
fn take_in(mut from: impl Read) -> Vec<u8> {
    let mut event = Vec::new();
    drop(from.by_ref().take(EVENT_BYTES_MAX).read_to_end(&mut event));
    // Whoever writes more is not to find its pipe closed.
    drop(io::copy(&mut from, &mut io::sink()));
    event
}

/// Tells the engine what follows for the run, if this is one. Not a word about what goes wrong with that.
fn pass_on(event: &[u8]) {
    let (Ok(teller), Ok(runtime)) = (Teller::new("claude-hook", None), super::runtime()) else { return };
    let signals = claude::read_hook(event).into_iter().map(said).collect();
    drop(runtime.block_on(teller.say(signals, HEARD_WITHIN)));
}

fn say_installed(path: &Path, change: Change) -> Result<(), Failure> {
    let shown = path.display();
    match change {
        Change::None => console::print(&format!("Claude Code tells Nightkeep already; see {shown}\n")),
        Change::Made { events, backup } => {
            console::print(&format!(
                "Claude Code tells Nightkeep of {events} events from its next session on; see {shown}\n"
            ))?;
            tell_backup(backup.as_deref());
            console::tell("hint: the same command with `--uninstall` takes it out again\n");
            Ok(())
        }
    }
}

fn say_uninstalled(path: &Path, change: &Change) -> Result<(), Failure> {
    let shown = path.display();
    match change {
        Change::None => console::print(&format!("nothing of Nightkeep stands in {shown}\n")),
        Change::Made { events, backup } => {
            console::print(&format!("taken out of {events} events in {shown}\n"))?;
            tell_backup(backup.as_deref());
            Ok(())
        }
    }
}

fn tell_backup(backup: Option<&Path>) {
    if let Some(backup) = backup {
        console::tell(&format!("kept as it was: {}\n", backup.display()));
    }
}

fn cannot_change(error: &SettingsError) -> Failure {
    let hint = match error {
        SettingsError::NotJson { .. } | SettingsError::Shape { .. } => "mend the file in an editor, then try again",
        SettingsError::Changed { .. } => "try again",
        SettingsError::Io { .. } => "check that the file is yours and that the disk is not full",
    };
    Failure::new(chain(error)).with_hint(hint)
}

/// This very program: a hook is called without a search for it.
fn program() -> Result<PathBuf, Failure> {
    env::current_exe().map_err(|cause| Failure::new(format!("this program cannot be located: {cause}")))
}

fn settings_path(wanted: &HookClaude) -> Result<PathBuf, Failure> {
    if let Some(path) = &wanted.settings {
        return Ok(path.clone());
    }
    if wanted.project {
        let here =
            env::current_dir().map_err(|cause| Failure::new(format!("this directory cannot be used: {cause}")))?;
        return Ok(here.join(".claude/settings.json"));
    }
    let named = env::var_os(CLAUDE_DIR_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let folder = named.or_else(|| env::home_dir().map(|home| home.join(".claude")));
    folder
        .map(|folder| folder.join("settings.json"))
        .ok_or_else(|| Failure::new("there is no home directory").with_hint("name the settings with `--settings FILE`"))
}
