//! Copying what the run prints to where its caller reads.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

use nightkeep_engine::captured::{Got, Kept};
use nightkeep_engine::rundir::RunDir;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::oneshot;

use crate::console;

/// How much is copied at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// How often a file is looked at where the system does not say that it has changed.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A thread that copies: whoever reads may be slow, and signals must be passed on meanwhile.
#[derive(Debug)]
pub(super) struct Copier {
    news: SyncSender<News>,
    done: oneshot::Receiver<()>,
    _watcher: Option<RecommendedWatcher>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// There may be more.
    Grown,
    /// There will be no more.
    Ended,
}

impl Copier {
    pub(super) fn start(dir: &RunDir, stderr_apart: bool) -> Self {
        let (news, heard) = mpsc::sync_channel(1);
        let watcher = watch(dir, news.clone())
            .inspect_err(|error| tracing::debug!(%error, "the output is looked at on a timer"))
            .ok();
        let (say_done, done) = oneshot::channel();
        let patience = watcher.is_none().then_some(LOOK_EVERY);
        let mut copies = vec![Copy::of(dir.output(), Box::new(io::stdout()))];
        if stderr_apart {
            copies.push(Copy::of(dir.stderr(), Box::new(io::stderr())));
        }
        thread::spawn(move || {
            copy_all(&mut copies, &heard, patience);
            // The receiver is gone when nobody waits any longer.
            say_done.send(()).ok();
        });
        Self { news, done, _watcher: watcher }
    }

    /// Copies what is left; the receiver hears when that is done.
    pub(super) fn finish(self) -> oneshot::Receiver<()> {
        let Self { news, done, _watcher: watcher } = self;
        drop(watcher);
        // In a thread, because the channel may be full while the copier waits for a reader.
        thread::spawn(move || news.send(News::Ended).ok());
        done
    }
}

fn watch(dir: &RunDir, news: SyncSender<News>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |_event| match news.try_send(News::Grown) {
        // A full channel means that a look is due already.
        Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
    })?;
    watcher.watch(dir.path(), RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

fn copy_all(copies: &mut [Copy], heard: &Receiver<News>, patience: Option<Duration>) {
    loop {
        copies.iter_mut().for_each(Copy::catch_up);
        let news = match patience {
            None => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(patience) => heard.recv_timeout(patience),
        };
        match news {
            Ok(News::Grown) | Err(RecvTimeoutError::Timeout) => {}
            Ok(News::Ended) | Err(RecvTimeoutError::Disconnected) => {
                copies.iter_mut().for_each(Copy::catch_up);
                return;
            }
        }
    }
}

/// One file, and where it goes.
struct Copy {
    path: PathBuf,
    file: Option<Kept>,
    to: Box<dyn Write + Send>,
    /// Whoever reads was too slow, and was told so: once.
    has_missed: bool,
    /// Nobody reads any longer. The run goes on, and all it prints is kept.
    is_closed: bool,
}

impl Copy {
    fn of(path: PathBuf, to: Box<dyn Write + Send>) -> Self {
        Self { path, file: None, to, has_missed: false, is_closed: false }
    }

    fn catch_up(&mut self) {
        if self.is_closed {
            return;
        }
        if self.file.is_none() {
            self.file = File::open(&self.path).ok().map(Kept::from_start);
        }
        if let Err(error) = self.copy() {
            tracing::debug!(%error, path = %self.path.display(), "the output is no longer copied");
            self.is_closed = true;
        }
    }

    fn copy(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let Got { count, missed } = file.read(&mut chunk)?;
            if missed.is_some() && !self.has_missed {
                self.has_missed = true;
                let rest = self.path.display();
                console::warn(&format!(
                    "the output comes faster than it is read; what is no longer kept of it is left out here and in `{rest}`"
                ));
            }
            if count == 0 {
                return self.to.flush();
            }
            self.to.write_all(chunk.get(..count).unwrap_or_default())?;
        }
    }
}
