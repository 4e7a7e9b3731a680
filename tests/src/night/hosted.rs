//! An engine inside the test itself, whose clocks are made up: nobody can put the computer to sleep for a test, or set its
//! clock.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use anyhow::{Context as _, Result};
use nightkeep_engine::clock::Clock;
use nightkeep_engine::places::Places;
use nightkeep_engine::{HostOptions, host};
use nightkeep_os::Clocks;

use super::Night;
use crate::{binary, eventually};

/// The clocks of the system, but for what is made up.
#[derive(Debug, Default)]
pub struct MadeUpTime {
    passed_ms: AtomicU64,
    slept_ms: AtomicU64,
    set_ms: AtomicI64,
}

impl MadeUpTime {
    /// So much time passes, all at once.
    pub fn pass(&self, ms: u64) {
        let _before = self.passed_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// The computer sleeps for so long, all at once.
    pub fn sleep(&self, ms: u64) {
        let _before = self.slept_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock by so much.
    pub fn set_clock_by(&self, ms: i64) {
        let _before = self.set_ms.fetch_add(ms, Ordering::SeqCst);
    }

    fn clocks(&self) -> Clocks {
        let Clocks { awake_ms, boot_ms, wall_ms } = nightkeep_os::clocks();
        let (slept_ms, set_ms) = (self.slept_ms.load(Ordering::SeqCst), self.set_ms.load(Ordering::SeqCst));
        let passed_ms = self.passed_ms.load(Ordering::SeqCst);
        Clocks {
            awake_ms: awake_ms + passed_ms,
            boot_ms: boot_ms + passed_ms + slept_ms,
            wall_ms: wall_ms.saturating_add_unsigned(passed_ms + slept_ms) + set_ms,
        }
    }
}

impl Night {
    /// A night whose engine runs in this process, on clocks that are made up.
    ///
    /// # Errors
    /// When the engine does not come up.
    pub fn on_made_up_time(config: &str) -> Result<(Self, Arc<MadeUpTime>)> {
        let mut night = Self::new(config)?;
        let time = Arc::new(MadeUpTime::default());
        night.hosted = Some(start(&night, &time)?);
        eventually("the engine to answer", || night.engine_pid()).map_err(|error| night.explained(error))?;
        Ok((night, time))
    }

    /// Waits for the end of an engine that runs in this process.
    pub(super) fn join_hosted(&mut self) {
        if let Some(engine) = self.hosted.take() {
            engine.join().unwrap_or_default();
        }
    }
}

fn start(night: &Night, time: &Arc<MadeUpTime>) -> Result<JoinHandle<()>> {
    let places = Places::below(night.home());
    let clock = Clock::made_up({
        let time = Arc::clone(time);
        move || time.clocks()
    });
    let options = HostOptions { nightkeep: binary("nightkeep")?, notifications: false, clock };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let log = std::fs::File::create(night.home().join("engine.out"))?;
    let lines = tracing_subscriber::fmt().json().with_writer(Mutex::new(log)).finish();
    let hosting = async move {
        // It is seen by whoever waits for the engine to answer.
        host(places, options, std::future::pending()).await.unwrap_or_default();
    };
    let all = move || tracing::subscriber::with_default(lines, || runtime.block_on(hosting));
    std::thread::Builder::new().spawn(all).context("start a thread")
}
