//! Pings as Healthchecks takes them, on loopback: what any program that speaks to Healthchecks says reaches its job.
//!
//! * [`Listening`] is the one TCP port that Nightkeep ever opens, and only where `[pings] listen` asks for it. It can add
//!   pings and nothing else: what it hears goes out over a channel as [`Asked`], and what comes back is one [`Reply`].
//! * [`Book`] knows the checks, which are jobs by their UUID or slug, and what each ping means. It is pure.
//!
//! The URL and the key, where they were chosen here, lie in the data directory for scripts: `pings.url`, `pings.key`. So does
//! what was heard last, for the next engine: `pings.json`.

mod address;
mod body;
mod book;
mod check;
mod files;
mod guard;
mod listener;
mod memory;
mod porter;
mod rate;
mod request;

pub use address::{Listen, ListenFault};
pub use book::{Answer, Book, Record};
pub use check::{Check, Steps, Taken};
pub(crate) use files::kept_key;
pub use files::{key, url};
pub use listener::{Asked, Counts, HEARD_MAX, Heard, Listening, Reply};
pub(crate) use memory::Remembered;
pub(crate) use porter::{Port, Porter};
pub(crate) use request::canonical;
pub use request::{Flaw, Kind, Ping, Request, Target, slug_of};

#[cfg(test)]
mod tests;

/// A shorter key could be guessed: 22 characters of 64 are 128 bits, and so are 32 hexadecimal digits.
pub const KEY_CHARS_MIN: usize = 22;

/// What is wrong with a ping key, if anything is.
#[must_use]
pub fn key_fault(key: &str) -> Option<String> {
    if key.len() < KEY_CHARS_MIN {
        Some(format!("a key of less than {KEY_CHARS_MIN} characters can be guessed; leave it out to have one made"))
    } else if !key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        Some("a key stands in URLs, so it has letters, digits, `-` and `_` only".to_owned())
    } else if canonical(key).is_some() {
        Some("a key cannot look like the UUID of a check".to_owned())
    } else {
        None
    }
}
