//! What came in and was not handed on yet.

use std::collections::VecDeque;

use nightkeep_core::Signal;

/// The most that is kept. What a run says within a moment is a handful.
pub(super) const SIGNALS_MAX: usize = 64;

/// A queue that forgets its oldest, notes before steps: the latest words of a flood are worth more than its first.
#[derive(Debug, Default)]
pub(super) struct Held {
    signals: VecDeque<Signal>,
    left_out: u64,
}

impl Held {
    /// Puts signals at the end. A beat beside anything else says nothing.
    pub(super) fn put(&mut self, signals: impl IntoIterator<Item = Signal>) {
        for signal in signals {
            let is_beat = signal == Signal::Beat;
            if is_beat && !self.signals.is_empty() {
                continue;
            }
            if !is_beat && self.signals.front() == Some(&Signal::Beat) {
                self.signals.pop_front();
            }
            if self.signals.len() == SIGNALS_MAX {
                let oldest_note = self.signals.iter().position(|held| matches!(held, Signal::Note(_)));
                let _forgotten = self.signals.remove(oldest_note.unwrap_or_default());
                self.left_out += 1;
            }
            self.signals.push_back(signal);
        }
    }

    /// Takes all of them out.
    pub(super) fn take(&mut self) -> Vec<Signal> {
        self.signals.drain(..).collect()
    }

    /// How many were forgotten.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_in_a_row_are_one_and_none_beside_anything_else() {
        let mut held = Held::default();
        held.put([Signal::Beat, Signal::Beat]);
        assert_eq!(held.take(), [Signal::Beat]);
        held.put([Signal::Beat, Signal::EmptyTurn, Signal::Beat, Signal::Resumes]);
        assert_eq!(held.take(), [Signal::EmptyTurn, Signal::Resumes]);
        assert_eq!(held.take(), []);
        assert_eq!(held.left_out(), 0);
    }

    #[test]
    fn of_a_flood_the_latest_words_are_kept_and_the_rest_is_counted() {
        let mut held = Held::default();
        held.put((0..1000).map(|n| Signal::Note(n.to_string())));
        let kept = held.take();
        assert_eq!(kept.len(), SIGNALS_MAX);
        assert_eq!(kept.last(), Some(&Signal::Note("999".to_owned())));
        assert_eq!(held.left_out(), 1000 - SIGNALS_MAX as u64);
        let step = Signal::Advance(nightkeep_core::Advance { step: Some(3), ..Default::default() });
        held.put([step.clone()]);
        held.put((0..1000).map(|n| Signal::Note(n.to_string())));
        assert_eq!(held.take().first(), Some(&step), "no note is worth a step");
    }
}
