//! Roles that do something to stay alive.

use std::collections::VecDeque;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::legacy::{Legacy, PIDS};
use crate::system;
use crate::system::only;

/// Lives for as long as anything of the tree may.
pub(crate) fn linger(legacy: &Legacy) {
    thread::sleep(legacy.left());
}

/// Stops itself again whenever it is made to go on, until its parent is gone: whoever is stopped cannot see that its time
/// is over.
pub(crate) fn stop_self(legacy: &Legacy) -> Result<()> {
    only::go_on_without_parent()?;
    let parent = only::parent();
    while !legacy.is_over() && only::parent() == parent {
        only::stop_self()?;
    }
    linger(legacy);
    Ok(())
}

/// Cannot be reached by anything but SIGKILL, where that can be had; elsewhere it only lingers.
pub(crate) fn wait_in_kernel(legacy: &Legacy) {
    let notes = legacy.notes.clone().or_else(|| std::env::var(PIDS).ok());
    only::wait_in_kernel(legacy.left(), notes.as_deref());
    linger(legacy);
}

/// One of two that start each other anew. The first one starts the second one.
pub(crate) fn respawn(legacy: &Legacy, partner: Option<u32>) -> Result<()> {
    let start = || -> Result<Child> {
        legacy.command(&[format!("respawn {}", std::process::id())])?.spawn().context("start the other one")
    };
    let mut child = if partner.is_none() { Some(start()?) } else { None };
    system::close_stdout()?;
    let mut other = partner.or(child.as_ref().map(Child::id)).unwrap_or_default();
    while !legacy.is_over() {
        if only::ends_within(other, legacy.left())? {
            if let Some(mut dead) = child.take() {
                dead.wait().context("collect the other one")?;
            }
            other = child.insert(start()?).id();
        }
    }
    Ok(())
}

/// Is somebody else every few milliseconds.
pub(crate) fn hop(legacy: &Legacy, every: Duration) -> Result<()> {
    thread::sleep(every);
    if !legacy.is_over() {
        drop(brief(legacy, &[&format!("hop every {}ms", every.as_millis())])?);
    }
    Ok(())
}

/// Starts short lives, so many at a time, every other one in a session of its own.
pub(crate) fn storm(legacy: &Legacy, most: usize, every: Duration) -> Result<()> {
    let mut alive = VecDeque::new();
    while !legacy.is_over() {
        let steps: &[&str] = if alive.len() % 2 == 0 { &["sleep 100ms"] } else { &["new-session", "sleep 100ms"] };
        alive.push_back(brief(legacy, steps)?);
        if alive.len() >= most
            && let Some(mut oldest) = alive.pop_front()
        {
            oldest.wait().context("collect a short life")?;
        }
        thread::sleep(every);
    }
    Ok(())
}

/// A process of which there are too many for every number to be noted.
fn brief(legacy: &Legacy, steps: &[&str]) -> Result<Child> {
    let unnoted = Legacy { notes: None, ..legacy.clone() };
    unnoted.command(steps)?.env_remove(PIDS).stdout(Stdio::null()).spawn().context("start a short life")
}
