//! The history store, on real files and with real processes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may fail like the test itself")]

mod crash;
mod damage;
mod fold;
mod generated;
mod jobs;
mod lengths;
mod paging;
mod quiet;
mod reading;
mod schema;
mod sentences;
mod support;
mod throughput;
mod writers;
