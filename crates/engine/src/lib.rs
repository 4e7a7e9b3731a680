//! Nightkeep's engine: it watches, hands what it sees to the core, and carries out what the core decides.
//!
//! * [`host()`] runs an engine: one per data directory. [`client`] is the way to it for every surface.
//! * [`actor`] is its one task; [`marker`], [`keeper`] and the process table are what it sees with, [`store`] is what it
//!   remembers with, [`notify`] and [`server`] are what it speaks with.
//! * [`api`] holds the types that are spoken, [`config`] what the user wants, [`rundir`] what lies in a run's directory,
//!   [`captured`] how its output is kept small, [`report`] how a run is told to others.
//! * [`sources`] and [`pings`] are other ways in which a run is heard of.
//!
//! Only [`clock`] reads clocks, and only `nightkeep-os` touches processes.

#![forbid(unsafe_code)]

pub mod actor;
pub mod api;
mod awake;
pub mod captured;
pub mod clean;
pub mod client;
pub mod clock;
pub mod config;
pub mod diagnostics;
pub mod doctor;
pub mod environment;
pub mod export;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod hand_over;
pub mod host;
pub mod keeper;
pub mod local_socket;
pub mod marker;
pub mod night;
pub mod notify;
pub mod pings;
pub mod places;
pub mod report;
mod retention;
pub mod rundir;
pub mod sentinel;
pub mod server;
mod service;
pub mod socket_path;
pub mod sources;
pub mod store;
pub mod surface;
pub mod version;
pub mod words;

pub use host::{HostError, HostOptions, host};
/// What surfaces share with the core: lengths, points in time, limits.
pub use nightkeep_core::{limits, time};
pub use version::VERSION;
