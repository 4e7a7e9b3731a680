//! From the start of the command to its end: its output is copied, signals are passed on.

use nightkeep_engine::keeper::link::KeeperLink;
use nightkeep_engine::keeper::protocol::{Event, Request};
use nightkeep_engine::rundir::{RunDir, RunEnd, RunState, Started};
use nightkeep_os::{ExitWatch, Signal};
use tokio::sync::oneshot;

use super::output::Copier;
use super::system::Signals;
use crate::console;
use crate::failure::{Failure, chain};

/// What a process that was ended by the loss of its terminal ends with.
const HUNG_UP: u8 = 128 + 1;

/// Waits until the command has ended and all its output is copied.
///
/// # Errors
/// The terminal went away: the run goes on without this process.
pub(super) async fn follow(
    dir: &RunDir,
    started: &Started,
    stderr_apart: bool,
    signals: &mut Signals,
) -> Result<RunEnd, Failure> {
    let copier = Copier::start(dir, stderr_apart);
    let end = watch(dir, started, signals).await?;
    let mut copied = copier.finish();
    tokio::select! {
            _done = &mut copied => Ok(end),
            // Whoever reads the output does not; there is nothing left that a signal could be passed on to.
            signal = signals.next() => {
                if signal == Some(Signal::Hup) { Err(Failure::silent(HUNG_UP)) } else { Ok(end) }
            }
    }
}

async fn watch(dir: &RunDir, started: &Started, signals: &mut Signals) -> Result<RunEnd, Failure> {
    let Ok(mut link) = KeeperLink::connect(dir).await else { return without_keeper(dir, started, signals).await };
    loop {
        tokio::select! {
            event = link.next() => match event {
                Some(Event::RootEnded { end, .. }) => return Ok(end),
                Some(Event::Error { message }) => console::warn(&format!("the keeper failed to {message}")),
                Some(
                    Event::Hello { .. } | Event::Empty | Event::Signalled { .. } | Event::Members { .. } | Event::Other,
                ) => {}
                None => return without_keeper(dir, started, signals).await,
            },
            signal = signals.next() => match signal {
                Some(Signal::Hup) | None => return Err(Failure::silent(HUNG_UP)),
                Some(signal) => pass_on(&link, signal).await,
            },
        }
    }
}

async fn pass_on(link: &KeeperLink, signal: Signal) {
    if let Err(error) = link.send(Request::Interrupt { signal }).await {
        console::warn(&format!("SIG{} did not reach the command: failed to {}", signal.name(), chain(&error)));
    }
}

/// The keeper is gone: it has left the exit status behind, or it was killed and the command may live on.
async fn without_keeper(dir: &RunDir, started: &Started, signals: &mut Signals) -> Result<RunEnd, Failure> {
    match dir.state() {
        Ok(RunState::Ended { exit, .. }) => Ok(exit.end),
        Ok(RunState::Orphaned(_)) => {
            console::warn("the keeper of this run is gone; the command goes on");
            foreign_end(started, signals).await
        }
        Ok(RunState::Kept(_) | RunState::NeverStarted | RunState::Lost) => Ok(RunEnd::Unknown),
        Err(error) => Err(Failure::new(format!("failed to {}", chain(&error)))),
    }
}

async fn foreign_end(started: &Started, signals: &mut Signals) -> Result<RunEnd, Failure> {
    let (sender, mut ended) = oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let watch = ExitWatch::start(move |_, status| {
        if let Some(sender) = sender.lock().ok().and_then(|mut sender| sender.take()) {
            // The receiver is gone when this process is about to end.
            sender.send(status).ok();
        }
    });
    let watch = watch.map_err(|cause| Failure::new(format!("the command's end cannot be waited for: {cause}")))?;
    if !watch.watch(&started.root).map_err(|error| Failure::new(format!("failed to {}", chain(&error))))? {
        return Ok(RunEnd::Unknown);
    }
    loop {
        tokio::select! {
            status = &mut ended => return Ok(status.map_or(RunEnd::Unknown, RunEnd::from)),
            signal = signals.next() => if let Some(Signal::Hup) | None = signal { return Err(Failure::silent(HUNG_UP)) },
        }
    }
}
