//! How somebody asks for old runs to be removed at once, looks on, and calls it off.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::sweep::output_bytes;
use crate::api::{ApiError, Cleaned, CleaningView, ErrorCode, StorageView};
use crate::places::Places;
use crate::rundir::RunDir;

/// What is answered to whoever asked.
pub(crate) type Wish = oneshot::Sender<Result<Cleaned, ApiError>>;

/// How far a removal is, and whether it is to go on.
#[derive(Debug, Default)]
pub(super) struct Progress {
    is_running: AtomicBool,
    is_cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    pub(super) fn begin(&self) {
        self.is_cancelled.store(false, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        self.total.store(0, Ordering::Relaxed);
        self.is_running.store(true, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.is_running.store(false, Ordering::Relaxed);
    }

    pub(super) fn expect(&self, runs: usize) {
        self.total.store(runs as u64, Ordering::Relaxed);
    }

    /// Whether nobody has called it off.
    pub(super) fn goes_on(&self) -> bool {
        !self.is_cancelled.load(Ordering::Relaxed)
    }

    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    pub(super) fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn view(&self) -> Option<CleaningView> {
        let view =
            || CleaningView { done: self.done.load(Ordering::Relaxed), total: self.total.load(Ordering::Relaxed) };
        self.is_running.load(Ordering::Relaxed).then(view)
    }
}

/// The way to whoever removes what is left of old runs. Without anybody there it says so.
#[derive(Debug, Clone)]
pub(crate) struct Broom {
    wishes: mpsc::Sender<Wish>,
    progress: Arc<Progress>,
}

impl Broom {
    /// One, and what the other end of it holds.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Wish>) {
        let (wishes, wanted) = mpsc::channel(1);
        (Self { wishes, progress: Arc::default() }, wanted)
    }

    pub(super) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Removes what is too old or too much, and says what that was.
    pub(crate) async fn clean(&self) -> Result<Cleaned, ApiError> {
        let (reply, answer) = oneshot::channel();
        match self.wishes.try_send(reply) {
            Ok(()) => answer.await.map_err(|_| nobody())?,
            Err(mpsc::error::TrySendError::Full(_)) => {
                Err(ApiError::new(ErrorCode::Conflict, "old runs are being removed already"))
            }
            Err(mpsc::error::TrySendError::Closed(_)) => Err(nobody()),
        }
    }

    /// Calls a removal off that is under way; what is removed by then stays removed.
    pub(crate) fn cancel(&self) {
        self.progress.cancel();
    }

    /// What is taken up on the disk, and how far a removal is. Reads the disk.
    pub(crate) fn storage(&self, places: &Places) -> StorageView {
        StorageView { cleaning: self.progress.view(), ..storage(places) }
    }
}

/// What is taken up on the disk. Reads the disk.
pub(crate) fn storage(places: &Places) -> StorageView {
    let database = places.database();
    let parts = ["", "-wal", "-shm"].map(|end| {
        let mut path = database.clone().into_os_string();
        path.push(end);
        fs::metadata(path).map_or(0, |meta| meta.len())
    });
    let entries = fs::read_dir(places.runs_dir()).into_iter().flatten().flatten();
    let (mut runs, mut output_bytes_of_all) = (0, 0);
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        runs += 1;
        output_bytes_of_all += output_bytes(&RunDir::at(entry.path()));
    }
    StorageView { database_bytes: parts.iter().sum(), output_bytes: output_bytes_of_all, runs, cleaning: None }
}

fn nobody() -> ApiError {
    ApiError::new(ErrorCode::Unreachable, "nobody removes old runs at this moment").with_hint("try again")
}
