//! Tests of Nightkeep as a whole: one file for each behaviour.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::indexing_slicing,
    reason = "a test may fail anywhere, and says where"
)]

#[cfg(target_os = "linux")]
mod activities;
#[cfg(unix)]
mod agents;
#[cfg(target_os = "linux")]
mod alerts;
#[cfg(target_os = "linux")]
mod attached;
#[cfg(target_os = "linux")]
mod awake;
#[cfg(target_os = "linux")]
mod beats;
#[cfg(target_os = "linux")]
mod circles;
#[cfg(target_os = "linux")]
mod clocks;
#[cfg(target_os = "linux")]
mod contract;
#[cfg(target_os = "linux")]
mod crashes;
#[cfg(target_os = "linux")]
mod desk;
#[cfg(target_os = "linux")]
mod diagnostics;
#[cfg(target_os = "linux")]
mod events;
#[cfg(unix)]
mod fake_agent;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod floods;
#[cfg(target_os = "linux")]
mod frozen;
#[cfg(target_os = "linux")]
mod full_disk;
#[cfg(target_os = "linux")]
mod handover;
#[cfg(target_os = "linux")]
mod helper_beats;
mod helpers;
#[cfg(target_os = "linux")]
mod hooked;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(target_os = "linux")]
mod jobs;
#[cfg(target_os = "linux")]
mod journeys;
#[cfg(target_os = "linux")]
mod judged;
#[cfg(target_os = "linux")]
mod leftovers;
#[cfg(target_os = "linux")]
mod linked;
#[cfg(target_os = "linux")]
mod longest;
#[cfg(target_os = "linux")]
mod mcp;
#[cfg(target_os = "linux")]
mod notified;
#[cfg(target_os = "linux")]
mod onboarding;
#[cfg(target_os = "linux")]
mod output;
#[cfg(target_os = "linux")]
mod paused;
#[cfg(target_os = "linux")]
mod pings;
#[cfg(target_os = "linux")]
mod pressed;
#[cfg(target_os = "linux")]
mod recovered;
#[cfg(target_os = "linux")]
mod removed;
#[cfg(target_os = "linux")]
mod restored;
#[cfg(target_os = "linux")]
mod reused;
#[cfg(target_os = "linux")]
mod secrets;
#[cfg(target_os = "linux")]
mod security;
#[cfg(target_os = "linux")]
mod sentinels;
#[cfg(target_os = "linux")]
mod settings;
#[cfg(target_os = "linux")]
mod shell;
#[cfg(target_os = "linux")]
mod signals;
#[cfg(target_os = "linux")]
mod slots;
#[cfg(target_os = "linux")]
mod sources;
#[cfg(target_os = "linux")]
mod stopped;
#[cfg(target_os = "linux")]
mod stuck;
#[cfg(target_os = "linux")]
mod torture;
#[cfg(target_os = "linux")]
mod tray;
#[cfg(target_os = "linux")]
mod waited;
#[cfg(target_os = "linux")]
mod wanted;
#[cfg(target_os = "linux")]
mod window;
