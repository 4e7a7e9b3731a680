//! What programs tell their terminal.

use std::collections::BTreeMap;

use nightkeep_core::{Advance, Signal};

use crate::sources::{Osc, Reader};

/// The most notes of one piece, with room.
const NOTES_MAX: usize = 64;

pub(super) fn read(bytes: &[u8]) {
    let whole = signals(bytes, bytes.len());
    for size in [1, 3, 64] {
        // Beats and notes are fewer in larger pieces.
        assert_eq!(decisive(&signals(bytes, size)), decisive(&whole), "in pieces of {size}");
    }
    assert!(whole.len() <= bytes.len(), "more signals than bytes");
    assert!(whole.iter().filter(|signal| matches!(signal, Signal::Note(_))).count() <= NOTES_MAX);
    let mut best = BTreeMap::new();
    for signal in &whole {
        super::check_texts(signal);
        if let Signal::Advance(Advance { step: Some(step), series: Some(series), .. }) = signal {
            assert!((0..=100).contains(step), "{step}");
            assert!(best.insert(series.clone(), *step).is_none_or(|before| before < *step), "{series} did not rise");
        }
    }
}

fn signals(bytes: &[u8], size: usize) -> Vec<Signal> {
    let mut reader = Osc::new();
    let mut out = Vec::new();
    bytes.chunks(size.max(1)).for_each(|piece| reader.take(piece, &mut out));
    out
}

fn decisive(signals: &[Signal]) -> Vec<&Signal> {
    signals.iter().filter(|signal| !matches!(signal, Signal::Beat | Signal::Note(_))).collect()
}
