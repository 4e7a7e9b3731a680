//! `config.toml` as one engine holds it: read, edited, and watched for edits by hand.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nightkeep_os::FileError;
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::edit::{self, Edit, EditError};
use super::{Config, ConfigFault};
use crate::api::{JobSpec, LimitsSpec, SettingsSpec};
use crate::marker::replace_file;

/// A larger file is not taken for a configuration.
const BYTES_MAX: u64 = 1024 * 1024;
/// How often an edit is tried again when somebody else wrote the file meanwhile.
const EDIT_TRIES_MAX: u32 = 3;
/// An editor that saves in several steps is given this long of quiet before its work is looked at.
const SETTLE: Duration = Duration::from_millis(120);
/// A file that vanished or was emptied is looked at again after this long: some editors write it anew.
const SETTLE_EMPTY: Duration = Duration::from_millis(400);
/// A directory in which something happens all the time does not hold a reading up for longer than this many settles.
const SETTLES_MAX: u32 = 10;
/// The file is looked at this often even when no event came: not every file system sends them.
const REREAD_EVERY: Duration = Duration::from_secs(60);

/// What an edit by hand came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigEvent {
    /// It can be used, and is in force.
    Loaded(Arc<Config>),
    /// It cannot be used; the configuration before it stays in force.
    Broken(ConfigFault),
}

/// The configuration file and the last good configuration read from it.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The text, or why there is none, as it was last read.
    seen: Seen,
    config: Arc<Config>,
    fault: Option<ConfigFault>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Text(String),
    Unreadable(String),
}

impl Default for Seen {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl ConfigFile {
    /// Reads the file. A missing file is an empty configuration; for a broken one see [`ConfigFile::fault`].
    #[must_use]
    pub fn load(path: impl Into<PathBuf>) -> Self {
        let file = Self { path: path.into(), state: Mutex::default() };
        file.reread();
        file
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The configuration in force: the last good one.
    #[must_use]
    pub fn current(&self) -> Arc<Config> {
        Arc::clone(&self.lock().config)
    }

    /// What is wrong with the file, while it cannot be used.
    #[must_use]
    pub fn fault(&self) -> Option<ConfigFault> {
        self.lock().fault.clone()
    }

    /// Reads the file again; `None` when it says what it said before.
    pub fn reread(&self) -> Option<ConfigEvent> {
        let seen = read(&self.path);
        let mut state = self.lock();
        if state.seen == seen {
            return None;
        }
        let parsed = match &seen {
            Seen::Text(text) => Config::parse(text),
            Seen::Unreadable(message) => Err(ConfigFault::at("", None, message.clone())),
        };
        state.seen = seen;
        Some(match parsed {
            Ok(config) => {
                state.config = Arc::new(config);
                state.fault = None;
                ConfigEvent::Loaded(Arc::clone(&state.config))
            }
            Err(fault) => {
                state.fault = Some(fault.clone());
                ConfigEvent::Broken(fault)
            }
        })
    }

    /// Adds a job.
    ///
    /// # Errors
    /// Why the file is as it was.
    pub fn add_job(&self, job: &JobSpec) -> Result<Arc<Config>, EditError> {
        self.edit(Edit::AddJob(job))
    }

    /// Replaces the job `name`; a job with another name in `job` is renamed where it stands.
    ///
    /// # Errors
    /// Why the file is as it was.
    pub fn replace_job(&self, name: &str, job: &JobSpec) -> Result<Arc<Config>, EditError> {
        self.edit(Edit::ReplaceJob { name, job })
    }

    /// Removes a job.
    ///
    /// # Errors
    /// Why the file is as it was.
    pub fn remove_job(&self, name: &str) -> Result<Arc<Config>, EditError> {
        self.edit(Edit::RemoveJob { name })
    }

    /// Sets all that the file says of a job type; a type that is not known yet is made.
    ///
    /// # Errors
    /// Why the file is as it was.
    pub fn set_type(&self, name: &str, limits: &LimitsSpec) -> Result<Arc<Config>, EditError> {
        self.edit(Edit::SetType { name, limits })
    }

    /// Removes what the file says of a job type. One of our own that jobs use stays.
    ///
    /// # Errors
    /// Why the file is as it was.
    pub fn remove_type(&self, name: &str) -> Result<Arc<Config>, EditError> {
        self.edit(Edit::RemoveType { name })
    }

    /// Sets how many runs of a type may run side by side; `None` for any number.
    ///
    /// # Errors
    /// Why the file is as it was.
    pub fn set_capacity(&self, name: &str, max_running: Option<u32>) -> Result<Arc<Config>, EditError> {
        self.edit(Edit::SetCapacity { name, max_running })
    }

    /// Sets what is not about one job or type.
    ///
    /// # Errors
    /// Why the file is as it was.
    pub fn set_settings(&self, wanted: &SettingsSpec) -> Result<Arc<Config>, EditError> {
        self.edit(Edit::SetSettings(wanted))
    }

    /// Takes all of that out of the file, so that it is as it comes.
    ///
    /// # Errors
    /// Why the file is as it was.
    pub fn reset_settings(&self) -> Result<Arc<Config>, EditError> {
        self.edit(Edit::ResetSettings)
    }

    /// Sends an event for every edit by somebody else, until `events` is closed. Edits through this value are known
    /// already and send nothing.
    pub async fn watch(self: Arc<Self>, events: mpsc::Sender<ConfigEvent>) {
        let mut eyes = Eyes::default();
        loop {
            eyes.open(&self.path);
            // Read after the watch is in place, so that no edit falls between the two.
            if self.settled_reread(&events).await.is_err() {
                return;
            }
            tokio::select! {
                () = eyes.wake.notified() => eyes.settled().await,
                () = sleep(REREAD_EVERY) => {}
                () = events.closed() => return,
            }
        }
    }

    async fn settled_reread(self: &Arc<Self>, events: &mpsc::Sender<ConfigEvent>) -> Result<(), Closed> {
        if self.is_emptied() {
            sleep(SETTLE_EMPTY).await;
        }
        let file = Arc::clone(self);
        let event = tokio::task::spawn_blocking(move || file.reread()).await.ok().flatten();
        match event {
            Some(event) => events.send(event).await.map_err(|_| Closed),
            None => Ok(()),
        }
    }

    /// Whether a file that had text has none at this moment.
    fn is_emptied(&self) -> bool {
        let had_text = matches!(&self.lock().seen, Seen::Text(text) if !text.is_empty());
        had_text && std::fs::metadata(&self.path).map_or(true, |meta| meta.len() == 0)
    }

    fn edit(&self, edit: Edit<'_>) -> Result<Arc<Config>, EditError> {
        let io = |source| EditError::Io { path: self.path.clone(), source };
        let mut state = self.lock();
        for _ in 0..EDIT_TRIES_MAX {
            let text = read_text(&self.path).map_err(io)?;
            let config = Config::parse(&text).map_err(|fault| self.broken(fault))?;
            let edited = edit::apply(&text, &config, edit)?;
            let config = Config::parse(&edited).map_err(|fault| self.broken(fault))?;
            if write_over(&self.path, &text, &edited).map_err(io)? {
                *state = State { seen: Seen::Text(edited), config: Arc::new(config), fault: None };
                return Ok(Arc::clone(&state.config));
            }
        }
        Err(EditError::Changed { path: self.path.clone() })
    }

    fn broken(&self, fault: ConfigFault) -> EditError {
        EditError::Broken { path: self.path.clone(), fault }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every writer replaces whole values, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody listens any more.
struct Closed;

/// The watches on the directory of the file, and on that of the file it links to.
#[derive(Default)]
struct Eyes {
    wake: Arc<Notify>,
    /// Set when a watched directory was moved or removed: a watch on it is dead, without a word.
    stale: Arc<AtomicBool>,
    places: Vec<PathBuf>,
    watchers: Vec<notify::RecommendedWatcher>,
}

impl Eyes {
    /// Waits until nothing has happened for a while.
    async fn settled(&self) {
        for _ in 0..SETTLES_MAX {
            if timeout(SETTLE, self.wake.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Brings the watches in place, where they are not.
    fn open(&mut self, path: &Path) {
        let target = target_of(path);
        let mut places = vec![path.to_owned()];
        if target != path {
            places.push(target);
        }
        let complete = self.places == places && self.watchers.len() == places.len();
        if complete && !self.stale.swap(false, Ordering::AcqRel) {
            return;
        }
        self.watchers = places.iter().filter_map(|place| self.watcher(place)).collect();
        self.places = places;
    }

    fn watcher(&self, place: &Path) -> Option<notify::RecommendedWatcher> {
        let (place, directory) = (place.to_owned(), place.parent()?.to_owned());
        let (wake, stale) = (Arc::clone(&self.wake), Arc::clone(&self.stale));
        let watched = directory.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return wake.notify_one() };
            if is_reading(event.kind) {
                return;
            }
            let is_gone = event.paths.contains(&directory);
            stale.fetch_or(is_gone, Ordering::AcqRel);
            if is_gone || event.need_rescan() || event.paths.iter().any(|path| path.file_name() == place.file_name()) {
                wake.notify_one();
            }
        })
        .ok()?;
        watcher.watch(&watched, RecursiveMode::NonRecursive).ok()?;
        Some(watcher)
    }
}

/// Whether it only says that somebody reads: our own readings are events too, and must not lead to more of them.
fn is_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if !is_end_of_writing(access))
}

fn is_end_of_writing(access: notify::event::AccessKind) -> bool {
    access == notify::event::AccessKind::Close(notify::event::AccessMode::Write)
}

fn read(path: &Path) -> Seen {
    match read_text(path) {
        Ok(text) => Seen::Text(text),
        Err(error) => Seen::Unreadable(format!("the file cannot be read: {error}")),
    }
}

/// The text of a configuration; empty when there is no file. Never waits, and never reads more than a configuration has.
///
/// # Errors
/// When it cannot be read, is too large, is no text, or others could have written it: what stands in it is run.
pub fn read_text(path: &Path) -> io::Result<String> {
    let file = match nightkeep_os::open_marker(path) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return Ok(String::new()),
        Err(FileError::Io { source, .. }) => return Err(source),
        Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidInput, error)),
    };
    if file.is_in_the_hands_of_others()? {
        let why = "others may write to it, and so run commands as you; `chown` it to you and `chmod go-w` it";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    let bytes = file.read(BYTES_MAX)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|b| **b == b'\n').count() + 1;
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8 text"))
    })
}

/// Puts `edited` in the place of `expected`; `false` when something else stands there.
pub(super) fn write_over(path: &Path, expected: &str, edited: &str) -> io::Result<bool> {
    let target = target_of(path);
    if let Some(directory) = target.parent() {
        std::fs::create_dir_all(directory)?;
    }
    if read_text(path)? != expected {
        return Ok(false);
    }
    replace_file(&target, edited.as_bytes(), Some(PRIVATE))?;
    Ok(true)
}

/// Only the user may read it: a job's environment may hold secrets.
const PRIVATE: u32 = 0o600;

/// The file itself, where `path` links to it: people keep their configuration in a repository and link to it.
fn target_of(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
