//! How fast a run may speak. Whatever floods in, the journal, the memory and the other runs are spared, and no step that
//! was reached is lost: of the steps that came too fast the last one of each source is kept and counts a moment later.

use nightkeep_core::{Advance, Awake, Signal, Source, Span};

/// So many signals are taken in at once.
const BURST: u64 = 500;
/// So many of them are kept free of notes and beats: what is said of waiting, work and the end is worth more than these.
const KEPT_FREE: u64 = 100;
/// One more comes in after each of these.
const PER_SIGNAL: Span = Span::from_ms(20);
/// So many sources may have a step kept back at once.
const HELD_MAX: usize = 32;

/// The way in for the signals of one run.
#[derive(Debug, Default)]
pub(super) struct Inlet {
    /// How many were taken in beyond what has been paid off by time.
    owed: u64,
    paid_until: Awake,
    held: Vec<(Source, Advance)>,
    /// Somebody will ask for what is held.
    pub(super) is_awaited: bool,
    /// How many were left out.
    pub(super) dropped: u64,
}

impl Inlet {
    /// Whether `signal` goes in at `now`. One that does not is counted; a step is kept.
    pub(super) fn let_in(&mut self, now: Awake, source: &Source, signal: Signal) -> Option<Signal> {
        self.pay_off(now);
        let room = if matches!(signal, Signal::Note(_) | Signal::Beat) { BURST - KEPT_FREE } else { BURST };
        if self.owed < room {
            self.owed += 1;
            // A later step makes an earlier one pointless that was kept back.
            self.held.retain(|(held, _)| held != source || !matches!(signal, Signal::Advance(_)));
            return Some(signal);
        }
        self.dropped = self.dropped.saturating_add(1);
        if let Signal::Advance(advance) = signal {
            self.hold(source, advance);
        }
        None
    }

    /// What was kept back, once it may go in.
    pub(super) fn take_held(&mut self, now: Awake) -> Vec<(Source, Advance)> {
        self.pay_off(now);
        self.is_awaited = false;
        let held = std::mem::take(&mut self.held);
        self.owed = self.owed.saturating_add(u64::try_from(held.len()).unwrap_or(0));
        held
    }

    /// Whether a step is kept back that nobody has been told to ask for; says so once.
    pub(super) fn begin_to_await(&mut self) -> bool {
        let begins = !self.held.is_empty() && !self.is_awaited;
        self.is_awaited |= begins;
        begins
    }

    fn hold(&mut self, source: &Source, advance: Advance) {
        if let Some((_, held)) = self.held.iter_mut().find(|(held, _)| held == source) {
            // The largest of the same series; a count without a step is as good as any other.
            let falls_back = held.series == advance.series && held.step > advance.step;
            if !falls_back {
                *held = advance;
            }
        } else if self.held.len() < HELD_MAX {
            self.held.push((source.clone(), advance));
        }
    }

    fn pay_off(&mut self, now: Awake) {
        let passed = now.since(self.paid_until).as_ms() / PER_SIGNAL.as_ms();
        self.owed = self.owed.saturating_sub(passed);
        if self.owed == 0 {
            self.paid_until = now;
        } else {
            self.paid_until = self.paid_until.plus(Span::from_ms(passed.saturating_mul(PER_SIGNAL.as_ms())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Source = Source::of("beat");

    fn step(step: i64) -> Signal {
        Signal::Advance(Advance { step: Some(step), ..Advance::default() })
    }

    #[test]
    fn ten_thousand_steps_a_second_for_ten_seconds_are_a_thousand_and_the_last_one_counts() {
        let mut inlet = Inlet::default();
        let mut taken = 0_u64;
        for n in 0..100_000_u64 {
            let now = Awake::from_ms(n / 10);
            taken += u64::from(inlet.let_in(now, &BEAT, step(i64::try_from(n).unwrap())).is_some());
        }
        assert!((900..=1_100).contains(&taken), "{taken} were taken in");
        assert_eq!(taken + inlet.dropped, 100_000);
        assert!(inlet.begin_to_await());
        assert!(!inlet.begin_to_await(), "once");
        let held = inlet.take_held(Awake::from_ms(11_000));
        assert_eq!(held.iter().map(|(_, advance)| advance.step).collect::<Vec<_>>(), [Some(99_999)]);
    }

    #[test]
    fn no_flood_of_notes_and_beats_drowns_a_word_that_counts() {
        let mut inlet = Inlet::default();
        for n in 0..100_000_u64 {
            let said = if n % 2 == 0 { Signal::Beat } else { Signal::Note(n.to_string()) };
            let _in = inlet.let_in(Awake::from_ms(n / 10), &BEAT, said);
        }
        let now = Awake::from_ms(9_999);
        assert_eq!(inlet.let_in(now, &BEAT, Signal::Beat), None);
        assert_eq!(inlet.let_in(now, &BEAT, Signal::Resumes), Some(Signal::Resumes));
        assert_eq!(inlet.let_in(now, &BEAT, step(1)), Some(step(1)));
    }

    #[test]
    fn who_speaks_at_a_measured_pace_is_never_cut_off() {
        let mut inlet = Inlet::default();
        for n in 0..10_000_u64 {
            assert!(inlet.let_in(Awake::from_ms(n * 25), &BEAT, Signal::Beat).is_some());
        }
        assert_eq!(inlet.dropped, 0);
    }
}
