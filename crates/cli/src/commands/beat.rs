//! `beat`: a sign of life. Whatever goes wrong with it, the work that it speaks of goes on.

use std::sync::Mutex;
use std::time::Duration;

use nightkeep_engine::api::{ErrorCode, SignalSpec};
use nightkeep_engine::config::duration;
use nightkeep_os::{ExitWatch, Identity, facts, identify};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

use super::say::{Teller, Told};
use crate::args::Beat;
use crate::console;
use crate::failure::Failure;

/// One beat takes this long at most.
const WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn beat(wanted: &Beat) -> Result<(), Failure> {
    let every = wanted.every.as_deref().map(length).transpose()?;
    let warn = |what: &str| {
        if !wanted.quiet {
            console::warn(what)
        }
    };
    let teller = match Teller::new("beat", wanted.run.as_deref()) {
        Ok(teller) => teller,
        Err(why) => {
            warn(&format!("no beat was sent: {why}"));
            return Ok(());
        }
    };
    let mut beats = Beats { teller, metrics: metrics(wanted), is_named: wanted.run.is_some(), was_taken: false };
    match every {
        None => drop(beats.beat(&warn).await),
        Some(every) => tokio::select! {
            () = gone(wanted.pid) => {}
            () = beats.beat_on(every, &warn) => {}
        },
    }
    Ok(())
}

/// The beats of one run.
struct Beats {
    teller: Teller,
    /// What is to go with the next beat that finds an engine.
    metrics: Option<SignalSpec>,
    /// Somebody named the run, so that it was known before.
    is_named: bool,
    /// A beat was taken in, so that the run was known then.
    was_taken: bool,
}

/// How a beat went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beaten {
    Taken,
    NotTaken,
    /// The run is over.
    Over,
}

impl Beats {
    async fn beat_on(&mut self, every: Duration, warn: &impl Fn(&str)) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_quiet = false;
        loop {
            ticks.tick().await;
            // An engine that stays away is not worth a line for every beat.
            let went = self
                .beat(&|what: &str| {
                    if !is_quiet {
                        warn(what)
                    }
                })
                .await;
            match went {
                Beaten::Taken => is_quiet = false,
                Beaten::NotTaken => is_quiet = true,
                Beaten::Over => return,
            }
        }
    }

    async fn beat(&mut self, warn: &impl Fn(&str)) -> Beaten {
        let signals = [SignalSpec::Beat].into_iter().chain(self.metrics.clone()).collect();
        let told = self.teller.say(signals, WITHIN).await;
        // What was sent may have been taken in, and is not said a second time.
        if !matches!(told, Told::Away(_)) {
            self.metrics = None;
        }
        match told {
            Told::Taken(_) => {
                self.was_taken = true;
                Beaten::Taken
            }
            // A command may beat before its run is known to the engine; afterwards it means that the run is over.
            Told::NotTaken(error) if error.code == ErrorCode::NotFound && self.was_taken => Beaten::Over,
            Told::NotTaken(error) if error.code == ErrorCode::NotFound && self.is_named => {
                warn(&format!("the beat was not taken in: {}", error.message));
                Beaten::Over
            }
            Told::Away(error) | Told::NotTaken(error) => {
                warn(&format!("the beat was not taken in: {}", error.message));
                Beaten::NotTaken
            }
        }
    }
}

/// Waits until the process is gone for which it beats: `named`, or the one that started this one.
async fn gone(named: Option<u32>) {
    let Ok(process) = named.map_or_else(parent, identify) else { return std::future::pending().await };
    let Some(process) = process else { return };
    let (sender, gone) = oneshot::channel::<()>();
    let sender = Mutex::new(Some(sender));
    let watch = ExitWatch::start(move |_, _| drop(sender.lock().ok().and_then(|mut sender| sender.take())));
    match watch.as_ref().map(|watch| watch.watch(&process)) {
        Ok(Ok(true)) => drop(gone.await),
        Ok(Ok(false)) => {}
        // Then it ends with its run.
        Ok(Err(_)) | Err(_) => std::future::pending().await,
    }
}

/// The process that started this one, or `None` when it is gone already.
fn parent() -> Result<Option<Identity>, nightkeep_os::ProcessError> {
    let parent = || Ok(facts(std::process::id())?.map(|this| this.parent));
    let Some(pid) = parent()? else { return Ok(None) };
    let identity = identify(pid)?;
    // Whoever had this number when it was looked at is the parent only if it still is.
    if parent()? == Some(pid) { Ok(identity) } else { Ok(None) }
}

fn metrics(wanted: &Beat) -> Option<SignalSpec> {
    let Beat { ok, failed, latency_ms, cost_usd, .. } = wanted;
    let is_measured = *ok || *failed || latency_ms.is_some() || cost_usd.is_some();
    is_measured.then(|| SignalSpec::Metrics {
        succeeded: u32::from(*ok),
        failed: u32::from(*failed),
        latency_ms: *latency_ms,
        cost_usd: cost_usd.unwrap_or_default(),
        turns: 0,
    })
}

fn length(text: &str) -> Result<Duration, Failure> {
    duration::parse(text)
        .map(|span| Duration::from_millis(span.as_ms()))
        .map_err(|fault| Failure::usage(fault.to_string()))
}
