//! The readers of what coding agents write.

use std::collections::BTreeSet;

use nightkeep_core::{Claim, Signal, Wait};

use crate::clean::harmless;
use crate::sources::claude::{Stream, Transcript, read_hook};
use crate::sources::codex::{Exec, Rollout};
use crate::sources::{LineReader, Lines, Reader};

pub(super) fn read(bytes: &[u8]) {
    lines::<Stream>(bytes);
    lines::<Transcript>(bytes);
    lines::<Exec>(bytes);
    lines::<Rollout>(bytes);
    for line in bytes.split(|byte| *byte == b'\n') {
        let said = read_hook(line);
        assert!(!said.is_empty());
        texts_are_harmless(&said);
    }
}

fn lines<R: LineReader + Default>(bytes: &[u8]) {
    let mut said = Vec::new();
    Lines::new(R::default()).take(bytes, &mut said);
    assert!(said.len() >= bytes.iter().filter(|byte| **byte == b'\n').count(), "each line is a beat at least");
    let mut in_pieces = Vec::new();
    let mut reader = Lines::new(R::default());
    for piece in bytes.chunks(7) {
        reader.take(piece, &mut in_pieces);
    }
    assert_eq!(in_pieces, said, "pieces may begin and end anywhere");
    texts_are_harmless(&said);
    let mut open = BTreeSet::new();
    for signal in said {
        match signal {
            Signal::Begins { id, .. } => {
                assert!(!id.is_empty() && open.insert(id.clone()), "`{id}` begins while it is open");
                assert!(open.len() <= 1_000);
            }
            Signal::Ends { id, .. } => assert!(open.remove(&id), "`{id}` ends and never began"),
            Signal::Beat
            | Signal::Advance(_)
            | Signal::EmptyTurn
            | Signal::Waits(_)
            | Signal::Resumes
            | Signal::Claims(_)
            | Signal::Unclaims
            | Signal::Result(_)
            | Signal::Note(_)
            | Signal::Metrics(_)
            | Signal::Expects(_) => {}
        }
    }
}

fn texts_are_harmless(said: &[Signal]) {
    for signal in said {
        let text = match signal {
            Signal::Advance(advance) => advance.note.as_deref(),
            Signal::Begins { what, .. } | Signal::Waits(Wait::Human { what, .. }) => what.as_deref(),
            Signal::Claims(Claim { message, .. }) => message.as_deref(),
            Signal::Note(note) => Some(note.as_str()),
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
        let text = text.unwrap_or("-");
        assert_eq!(harmless(text), text);
        assert!(!text.is_empty() && text.chars().count() <= 160, "{text:?}");
    }
}
