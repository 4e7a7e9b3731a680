//! The keeper, with real processes.
#![cfg(target_os = "linux")]

mod disk;
mod ends;
mod harness;
mod output;
mod start;
mod stops;
mod talk;
