//! Coding agents as they are, launched, hooked and attached to, against a model that is played here.
//!
//! They come from a public registry and are hundreds of megabytes, so this is no part of a usual test run:
//! `cargo xtask test --only agents` fetches them and runs this where nothing but loopback can be reached, and says so where
//! they cannot be had.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod claude;
mod codex;
mod stage;
