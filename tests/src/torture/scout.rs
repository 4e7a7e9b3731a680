//! Watching a home from outside: every file that is made, every line of the journal, every word of an agent. At the
//! moments that were named before, somebody is killed at once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::CStr;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};
use nightkeep_os::Process;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

use super::journal::{Journal, Line};
use super::moment::Moment;
use super::notes;
use super::shots::{Shots, Sign};

/// How long the scout sleeps at most, in milliseconds: it has to notice that it is to end.
const NAP_MS: i64 = 20;

/// How often the journal is looked at after a change, and how many of these looks come at every nap only.
const LOOKS: u32 = 60;
const LAZY_LOOKS: u32 = 50;

/// What is known of what happens in a home.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) home: PathBuf,
    /// Where agents put their notes.
    pub(super) notes: PathBuf,
    /// Which directory belongs to which agent.
    pub(super) tags: Mutex<BTreeMap<String, String>>,
    /// The commands with which runs are started.
    pub(super) commands: Mutex<HashMap<String, Process>>,
    /// The agents that the journal knows.
    pub(super) registered: Mutex<HashSet<String>>,
    /// When the root of each agent ended, in milliseconds since the Unix epoch.
    pub(super) deaths: Mutex<BTreeMap<String, i64>>,
    /// What was the case when the journal said that a run is over.
    pub(super) ends: Mutex<BTreeMap<String, End>>,
    pub(super) shots: Shots,
    is_over: AtomicBool,
}

/// What was the case at the moment at which the journal said that a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Its root was alive.
    pub(super) root_lived: bool,
    /// Anything of it was alive.
    pub(super) any_lived: bool,
}

impl Seen {
    pub(super) fn new(home: &Path, notes: &Path) -> Self {
        Self {
            home: home.to_owned(),
            notes: notes.to_owned(),
            tags: Mutex::default(),
            commands: Mutex::default(),
            registered: Mutex::default(),
            deaths: Mutex::default(),
            ends: Mutex::default(),
            shots: Shots::default(),
            is_over: AtomicBool::new(false),
        }
    }

    pub(super) fn run_dir(&self, tag: &str) -> PathBuf {
        self.home.join("runs").join(tag)
    }

    pub(super) fn tag_of(&self, label: &str) -> Option<String> {
        lock(&self.tags).get(label).cloned()
    }
}

/// The lock of what one thread at a time may change.
pub(super) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread that watches. Ends with this value.
#[derive(Debug)]
pub(super) struct Scout {
    pub(super) seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

impl Scout {
    /// Begins to watch a home whose folders are there.
    pub(super) fn start(home: &Path, notes: &Path) -> Result<Self> {
        let seen = Arc::new(Seen::new(home, notes));
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).context("watch files")?;
        let mut eyes = Eyes {
            seen: Arc::clone(&seen),
            watch,
            folders: HashMap::new(),
            told: HashSet::new(),
            read: HashMap::new(),
            journal: Journal::at(home.join("nightkeep.db")),
            looks_left: 0,
        };
        for folder in [home.to_owned(), home.join("runs"), notes.to_owned()] {
            eyes.add(folder)?;
        }
        let thread = thread::Builder::new().name("scout".to_owned()).spawn(move || eyes.look())?;
        Ok(Self { seen, thread: Some(thread) })
    }
}

impl Drop for Scout {
    fn drop(&mut self) {
        self.seen.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in it was reported by itself.
            thread.join().unwrap_or_default();
        }
    }
}

struct Eyes {
    seen: Arc<Seen>,
    watch: OwnedFd,
    folders: HashMap<i32, PathBuf>,
    /// What was told of a run's directory: a file that was there before the watch is seen twice.
    told: HashSet<(String, Moment)>,
    /// How many lines of each agent's notes were read.
    read: HashMap<String, usize>,
    journal: Journal,
    /// How often the journal is yet to be looked at: what is written into the log is shown to others a little later.
    looks_left: u32,
}

impl Eyes {
    fn add(&mut self, folder: PathBuf) -> Result<()> {
        let wanted = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::MODIFY;
        let number = inotify::add_watch(&self.watch, &folder, wanted).context("watch a folder")?;
        self.folders.insert(number, folder);
        Ok(())
    }

    fn look(&mut self) {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        while !self.seen.is_over.load(Ordering::Relaxed) {
            let longest = if self.looks_left > LAZY_LOOKS { 1 } else { NAP_MS };
            let nap = self.seen.shots.until_next().map_or(longest, |left| left.min(longest));
            let nap = Timespec { tv_sec: 0, tv_nsec: nap.saturating_mul(1_000_000) };
            // A signal ends the nap, which is as good as its own end.
            poll(&mut [PollFd::new(&self.watch, PollFlags::IN)], Some(&nap)).unwrap_or_default();
            self.take_in(&mut buffer);
            if self.looks_left > 0 {
                self.looks_left -= 1;
                let news = self.journal.read();
                // What came before a line of the journal is seen before it.
                self.take_in(&mut buffer);
                self.journal_says(news);
            }
            self.seen.shots.pass_time(&self.seen);
        }
    }

    fn take_in(&mut self, buffer: &mut [MaybeUninit<u8>]) {
        for (folder, name, kind) in self.events(buffer) {
            self.happened(&folder, &name, kind);
        }
    }

    fn events(&self, buffer: &mut [MaybeUninit<u8>]) -> Vec<(PathBuf, String, ReadFlags)> {
        let mut reader = inotify::Reader::new(&self.watch, buffer);
        let mut found = Vec::new();
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map(CStr::to_string_lossy).unwrap_or_default().into_owned();
                    if let Some(folder) = self.folders.get(&event.wd()) {
                        found.push((folder.clone(), name, event.events()));
                    }
                }
                Err(Errno::INTR) => {}
                Err(_) => return found,
            }
        }
    }

    fn happened(&mut self, folder: &Path, name: &str, kind: ReadFlags) {
        let (is_renamed, is_modified) = (kind.contains(ReadFlags::MOVED_TO), kind.contains(ReadFlags::MODIFY));
        let in_home = folder == self.seen.home;
        if in_home && name == "nightkeep.db-wal" {
            if !is_modified {
                self.tell(&Sign::of(Moment::DatabaseOpened), name);
            }
            self.looks_left = LOOKS;
        } else if in_home {
            if let Some(moment) = Moment::of_engine_file(name).filter(|_| !is_modified) {
                self.seen.shots.see(&self.seen, &Sign::of(moment));
            }
        } else if folder == self.seen.notes {
            self.read_notes(name);
        } else if is_modified {
            // What is in a run's directory is told of once.
        } else if folder == self.seen.home.join("runs") {
            self.directory(folder, name);
        } else if let (Some(moment), Some(tag)) = (Moment::of_file(name, is_renamed), tag_of(folder)) {
            self.file(moment, &tag);
        }
    }

    /// The directory of a run is there, and perhaps more.
    fn directory(&mut self, runs: &Path, tag: &str) {
        self.file(Moment::DirectoryMade, tag);
        let folder = runs.join(tag);
        if self.add(folder.clone()).is_err() {
            return;
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let moments = [false, true].into_iter().filter_map(|is_renamed| Moment::of_file(&name, is_renamed));
            for moment in moments {
                self.file(moment, tag);
            }
        }
    }

    fn file(&mut self, moment: Moment, tag: &str) {
        if moment == Moment::SpecWritten
            && let Some(label) = label_in(&self.seen.run_dir(tag))
        {
            lock(&self.seen.tags).insert(label, tag.to_owned());
        }
        // A file that is there for a moment only may be gone before anybody looks.
        for moment in moment.implied().into_iter().chain([moment]) {
            self.tell(&Sign { tag: Some(tag.to_owned()), ..Sign::of(moment) }, tag);
        }
    }

    fn tell(&mut self, sign: &Sign, of: &str) {
        // The log of a database is made anew by each engine that finds none.
        if sign.moment == Moment::DatabaseOpened || self.told.insert((of.to_owned(), sign.moment)) {
            self.seen.shots.see(&self.seen, sign);
        }
    }

    fn read_notes(&mut self, name: &str) {
        let Some(label) = notes::label_of(name) else { return };
        let all = notes::of(&self.seen.notes, label);
        let read = self.read.entry(label.to_owned()).or_default();
        let fresh: Vec<notes::Note> = all.iter().skip(*read).cloned().collect();
        *read = all.len();
        for note in fresh {
            let moment = match note.what.as_str() {
                "start" => {
                    super::deaths::watch(&self.seen, label, note.pid);
                    Moment::AgentStarted
                }
                "term" => Moment::AgentAsked,
                // Not a moment of its own: the keeper is made to wait for what follows.
                _ => {
                    self.seen.shots.about_to_end(&self.seen, label);
                    continue;
                }
            };
            self.seen.shots.see(&self.seen, &Sign { label: Some(label.to_owned()), ..Sign::of(moment) });
        }
    }

    fn journal_says(&self, news: Vec<Line>) {
        for line in news {
            if line.moment == Moment::Registered {
                lock(&self.seen.registered).insert(line.job.clone());
            }
            let end = (line.moment == Moment::Ended).then(|| super::deaths::look(&self.seen, &line.job));
            let label = line.job.clone();
            let sign = Sign { label: Some(line.job), tag: Some(line.tag), ..Sign::of(line.moment) };
            self.seen.shots.see(&self.seen, &sign);
            // Whoever waits for the end may go on from here.
            if let Some(end) = end {
                lock(&self.seen.ends).insert(label, end);
            }
        }
    }
}

fn tag_of(folder: &Path) -> Option<String> {
    Some(folder.file_name()?.to_str()?.to_owned())
}

/// The job in a run's spec.
fn label_in(run: &Path) -> Option<String> {
    let spec: serde_json::Value = serde_json::from_slice(&fs::read(run.join("spec.json")).ok()?).ok()?;
    Some(spec.get("job")?.as_str()?.to_owned())
}
