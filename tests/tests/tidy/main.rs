//! The project's own rules, as tests: what no lint can see.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test may fail anywhere, and says where")]

mod tree;

mod docs;
mod layers;
mod sources;
