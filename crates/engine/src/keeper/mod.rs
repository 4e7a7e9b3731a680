//! Keepers, seen from outside: how they are started and what is said to them.
//!
//! The keeper itself is part of the `nightkeep` binary; it shares [`protocol`] and [`crate::rundir`] with this side and
//! nothing else.

pub mod launch;
pub mod link;
pub mod protocol;
