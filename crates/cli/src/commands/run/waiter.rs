//! `run --detach` where there is no slot: a process of its own waits on, with the environment of whoever called.
//!
//! The engine could start the run from its spec, but not in the environment of the caller, and an environment is never
//! written down: it holds keys.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use nightkeep_engine::client::SlotEvents;
use nightkeep_engine::rundir::RunDir;
use nightkeep_os::DetachedStdin;

use super::{listen, program_path, slot};
use crate::Done;
use crate::commands::Here;
use crate::failure::{Failure, chain};

/// The hidden command of the process that waits.
pub(crate) const WAITER_COMMAND: &str = "waiter";
/// How long it may take until it has taken the place.
const TAKES_OVER_WITHIN: Duration = Duration::from_secs(10);

/// Has another process wait on. Returns when it has taken the place over, which ends the request of this one.
pub(super) async fn hand_over(dir: &RunDir, slot: &mut SlotEvents) -> Result<(), Failure> {
    let args = [OsString::from(WAITER_COMMAND), dir.path().as_os_str().to_owned()];
    nightkeep_os::spawn_detached(program_path()?.as_os_str(), &args, &[], None, DetachedStdin::Null)
        .map_err(|cause| Failure::new(format!("the process that waits for a slot cannot be started: {cause}")))?;
    let taken = async { while let Some(Ok(_)) = slot.next().await {} };
    tokio::time::timeout(TAKES_OVER_WITHIN, taken).await.map_err(|_| {
        Failure::new("the process that waits for a slot does not come up").with_hint("see `nightkeep doctor`")
    })
}

/// Waits for a slot for the run in this directory, and starts it.
pub(crate) async fn waiter(here: &Here, run_dir: &Path) -> Done {
    let dir = RunDir::at(run_dir);
    let spec = dir.read_spec().map_err(|error| Failure::new(format!("failed to {}", chain(&error))))?;
    let spec = spec.ok_or_else(|| Failure::new(format!("`{}` plans no run", run_dir.display())))?;
    let mut signals = listen()?;
    let engine = here.engine().await?;
    let queue = slot::Queue { here, require_watch: false, signals: Some(&mut signals) };
    queue.wait(engine, &dir, spec).await.map(|_| 0)
}
