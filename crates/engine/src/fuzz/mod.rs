//! The readers of what others write, each as a function of bytes that fails when the reader does what it must not.
//!
//! A fuzzer calls them with whatever it makes up (`cargo xtask fuzz`); the test below calls them with all that was ever
//! found, and with what was written by hand, in `tests/corpora`.

mod agents;
mod config;
mod journal;
mod keeper;
mod marker;
mod osc;
mod rundir;
mod sd_notify;
mod sentinel;
mod text;

use nightkeep_core::{Signal, Wait};

use crate::clean::harmless;
use crate::sources::NOTE_CHARS_MAX;

/// A reader and its name.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name, which is that of the folder in `tests/corpora`.
    pub name: &'static str,
    /// Reads. Panics when it finds something wrong.
    pub read: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 10] = [
    Target { name: "agents", read: agents::read },
    Target { name: "config", read: config::read },
    Target { name: "journal", read: journal::read },
    Target { name: "keeper", read: keeper::read },
    Target { name: "marker", read: marker::read },
    Target { name: "osc", read: osc::read },
    Target { name: "rundir", read: rundir::read },
    Target { name: "sd_notify", read: sd_notify::read },
    Target { name: "sentinel", read: sentinel::read },
    Target { name: "text", read: text::read },
];

/// Every text of a signal has to be short and fit to be shown.
fn check_texts(signal: &Signal) {
    let text = match signal {
        Signal::Note(text) => Some(text),
        Signal::Advance(advance) => advance.note.as_ref(),
        Signal::Begins { what, .. } | Signal::Waits(Wait::Human { what, .. }) => what.as_ref(),
        Signal::Claims(claim) => claim.message.as_ref(),
        Signal::Beat
        | Signal::Ends { .. }
        | Signal::EmptyTurn
        | Signal::Waits(Wait::Limit { .. })
        | Signal::Resumes
        | Signal::Unclaims
        | Signal::Result(_)
        | Signal::Metrics(_)
        | Signal::Expects(_) => None,
    };
    let Some(text) = text else { return };
    assert!(text.chars().count() <= NOTE_CHARS_MAX, "{} characters", text.chars().count());
    assert_eq!(harmless(text), *text);
    assert!(!text.contains('\n'), "{text:?}");
}

#[cfg(test)]
pub(crate) use sentinel::folder;

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::path::Path;

    use super::*;

    #[test]
    fn everything_in_the_corpora_is_read_as_it_should_be() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpora");
        for Target { name, read } in TARGETS {
            let mut count = 0;
            for file in std::fs::read_dir(corpora.join(name)).unwrap() {
                let path = file.unwrap().path();
                let bytes = std::fs::read(&path).unwrap();
                assert!(catch_unwind(|| read(&bytes)).is_ok(), "see above: {}", path.display());
                count += 1;
            }
            assert!(count >= 12, "only {count} files for `{name}`");
        }
    }
}
