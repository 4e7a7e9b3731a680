//! What the checks have heard outlives the engine: in one private file of the data directory.

use std::io;

use nightkeep_core::time::{Awake, Wall};
use nightkeep_os::FileError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::book::{Book, Known, Record};
use super::check::{Check, Start};
use super::request::Kind;
use crate::api::PingMode;
use crate::places::Places;

/// More than all checks with their last bodies have.
const BYTES_MAX: u64 = 32 * 1024 * 1024;

/// What all checks have heard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// Times of starts are of this boot of the computer.
    boot: String,
    checks: Vec<OneCheck>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OneCheck {
    job: Option<String>,
    slug: Option<String>,
    #[serde(default)]
    open: Option<OneStart>,
    #[serde(default)]
    replaced: Vec<OneStart>,
    #[serde(default)]
    last: Option<OneRecord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct OneStart {
    rid: Option<Uuid>,
    at_awake_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OneRecord {
    kind: Kind,
    rid: Option<Uuid>,
    at_wall_ms: i64,
    late: bool,
    body: Body,
    user_agent: Option<String>,
}

/// Most bodies are text, which takes a third of the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Body {
    Text(String),
    Bytes(Vec<u8>),
}

impl Book {
    /// What all checks have heard, to be kept. Those that have heard nothing are left out.
    pub(crate) fn remembered(&self, boot: &str) -> Remembered {
        let heard = self.checks.iter().filter(|known| known.last.is_some());
        Remembered { boot: boot.to_owned(), checks: heard.map(one).collect() }
    }

    /// Goes on with what was kept, before anything is heard. A time of another boot says nothing.
    pub(crate) fn recall(&mut self, kept: Remembered, boot: &str) {
        let is_of_this_boot = kept.boot == boot;
        for OneCheck { job, slug, open, replaced, last } in kept.checks {
            let start = |one: OneStart| Start { rid: one.rid, at: Awake::from_ms(one.at_awake_ms) };
            let open = open.filter(|_| is_of_this_boot).map(start);
            let replaced = replaced.into_iter().filter(|_| is_of_this_boot).map(start).collect();
            let check = Check::going_on(PingMode::Auto, open, replaced);
            let uuid = None;
            self.checks.push(Known { uuid, slug, job, check, last: last.map(record) });
        }
    }
}

fn one(known: &Known) -> OneCheck {
    let start = |start: &Start| OneStart { rid: start.rid, at_awake_ms: start.at.as_ms() };
    let (open, replaced) = known.check.starts();
    OneCheck {
        job: known.job.clone(),
        slug: known.slug.clone(),
        open: open.map(start),
        replaced: replaced.map(start).collect(),
        last: known.last.as_ref().map(|last| OneRecord {
            kind: last.kind,
            rid: last.rid,
            at_wall_ms: last.at.as_ms(),
            late: last.late,
            body: match String::from_utf8(last.body.clone()) {
                Ok(text) => Body::Text(text),
                Err(other) => Body::Bytes(other.into_bytes()),
            },
            user_agent: last.user_agent.clone(),
        }),
    }
}

fn record(one: OneRecord) -> Record {
    Record {
        kind: one.kind,
        rid: one.rid,
        at: Wall::from_ms(one.at_wall_ms),
        late: one.late,
        body: match one.body {
            Body::Text(text) => text.into_bytes(),
            Body::Bytes(bytes) => bytes,
        },
        user_agent: one.user_agent,
    }
}

impl Remembered {
    /// What was kept. A file that cannot be read holds nobody up: what it said is of use for a look back only.
    pub(crate) fn read(places: &Places) -> Self {
        let read = || -> io::Result<Self> {
            let file = match nightkeep_os::open_marker(&places.pings()) {
                Ok(file) => file,
                Err(error) if error.is_not_found() => return Ok(Self::default()),
                Err(error) => return Err(io::Error::other(error)),
            };
            Ok(serde_json::from_slice(&file.read(BYTES_MAX)?)?)
        };
        read().unwrap_or_else(|fault| {
            tracing::warn!(%fault, "what was pinged before is not known");
            Self::default()
        })
    }

    /// Keeps it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, places: &Places) -> Result<(), FileError> {
        let path = places.pings();
        let failed = |source| FileError::Io { action: "write", path: path.clone(), source };
        let text = serde_json::to_vec(self).map_err(|fault| failed(io::Error::from(fault)))?;
        nightkeep_os::write_private(&path, &text)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use nightkeep_core::time::Now;

    use super::super::listener::Heard;
    use super::super::request::read;
    use super::*;
    use crate::api::JobSpec;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn hear(book: &mut Book, path: &str, body: &[u8], awake: u64) -> super::super::Answer {
        let uri = format!("/{KEY}/{path}").parse().unwrap();
        let request = read(&Method::POST, &uri).unwrap();
        let heard = Heard { request, body: body.to_vec(), user_agent: Some("curl/8".to_owned()) };
        book.hear(&heard, Now { awake: Awake::from_ms(awake), ..Now::default() }, |_, _| None)
    }

    fn jobs() -> [JobSpec; 1] {
        [JobSpec { name: "nightly".to_owned(), ..JobSpec::default() }]
    }

    fn again(book: &Book, boot: &str) -> Book {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        places.create().unwrap();
        book.remembered("this boot").write(&places).unwrap();
        let mut again = Book::default();
        again.recall(Remembered::read(&places), boot);
        again.set_key(KEY.to_owned());
        again.fit(&jobs());
        again
    }

    #[test]
    fn an_open_start_the_last_bodies_and_the_checks_that_pings_made_outlive_the_engine() {
        let mut book = Book::new(KEY.to_owned(), &jobs());
        book.run_began("nightly", Now::default());
        hear(&mut book, "nightly/start", b"go", 1_000);
        hear(&mut book, "made?create=1", b"\xff\x00", 2_000);
        let mut next = again(&book, "this boot");
        assert_eq!(next.last_of("nightly"), book.last_of("nightly"));
        assert_eq!(next.made().collect::<Vec<_>>(), book.made().collect::<Vec<_>>());
        next.run_goes_on("nightly");
        let answer = hear(&mut next, "nightly", b"", 5_000);
        assert_eq!(answer.taken.took.map(|took| took.as_ms()), Some(4_000));
        assert!(matches!(answer.taken.signals.as_slice(), [nightkeep_core::Signal::Claims(_)]), "{answer:?}");
    }

    #[test]
    fn after_a_restart_of_the_computer_no_start_is_open() {
        let mut book = Book::new(KEY.to_owned(), &jobs());
        hear(&mut book, "nightly/start", b"", 9_000);
        let mut next = again(&book, "another boot");
        next.run_goes_on("nightly");
        let answer = hear(&mut next, "nightly", b"", 5_000);
        assert_eq!((answer.taken.took, answer.taken.signals), (None, vec![nightkeep_core::Signal::Beat]));
    }

    #[test]
    fn a_file_that_says_nothing_holds_nobody_up() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        places.create().unwrap();
        assert_eq!(Remembered::read(&places), Remembered::default());
        for text in ["", "{", "[]", "\u{0}"] {
            std::fs::write(places.pings(), text).unwrap();
            assert_eq!(Remembered::read(&places), Remembered::default(), "{text}");
        }
    }
}
