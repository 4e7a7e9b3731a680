//! The entries of the journal, and the sentences that are made of them.

use jiff::tz::TimeZone;

use crate::clean::harmless;
use crate::store::entry::{Entry, Registration, Stamp, Stamped};
use crate::store::state::StoredRun;
use crate::words;

pub(super) fn read(bytes: &[u8]) {
    let mut run = StoredRun::register(1, &at(0), &Registration::plain("tag"));
    for (n, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let Ok(entry) = serde_json::from_slice::<Entry>(text) else { continue };
        let written = serde_json::to_vec(&entry).expect("what was read can be written");
        // Floats of evidence may not be equal to themselves.
        let again = serde_json::from_slice::<Entry>(&written).expect("what was written can be read");
        assert_eq!(again.kind(), entry.kind());
        let sentence = words::event(&entry, &run);
        assert_eq!(harmless(&sentence), sentence);
        run.apply(&Stamped { at: at(n), entry });
        let message = words::message(&run, &TimeZone::UTC);
        assert_eq!(harmless(&message), message);
    }
}

fn at(n: u64) -> Stamp {
    Stamp { at_wall_ms: 1_764_000_000_000, at_awake_ms: n, boot: "boot".to_owned() }
}
