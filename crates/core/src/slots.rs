//! Slots: how many runs may run side by side, and who starts next.
//!
//! A run that is to be started asks for a slot first. It gets one when neither all runs together nor those of its type have
//! reached their capacity; until then it waits. The queue is first in, first out, with one exception: a run that is held
//! up by the capacity of its type alone does not hold up runs of other types behind it. Nobody starves of that: within a
//! type nobody is overtaken, and when a slot of its type is free, the first of that type is the first to be looked at.
//!
//! A run keeps its slot until it is over, however that came about. Runs that began without asking (while no engine was
//! there, or before there was a capacity) hold a slot as well, even when there are more of them than the capacity allows:
//! a capacity decides who starts, and never stops anybody. Attached runs hold none: nobody here starts them.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::RunId;

/// How many runs may run side by side. What is left out is not limited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capacities {
    /// Of all types together.
    pub in_all: Option<u32>,
    /// Of each type.
    pub of_type: BTreeMap<String, u32>,
}

impl Capacities {
    /// Whether a run of this type may have to wait at all.
    #[must_use]
    pub fn concern(&self, kind: &str) -> bool {
        self.in_all.is_some() || self.of_type.contains_key(kind)
    }
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The type whose slots are all taken; `None` when those of all types together are.
    pub kind: Option<String>,
    /// How many runs hold one of these slots.
    pub running: u32,
    /// How many of these slots there are.
    pub capacity: u32,
    /// How many runs that wait for the same come before it.
    pub ahead: u32,
}

/// Who holds a slot, and who waits for one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    capacities: Capacities,
    held: BTreeMap<RunId, String>,
    /// How many of them there are of each type.
    running: BTreeMap<String, u32>,
    queue: VecDeque<(RunId, String)>,
    /// Something happened that may let somebody start.
    changed: bool,
}

impl Slots {
    /// Other capacities are in force.
    pub(crate) fn set(&mut self, capacities: Capacities) {
        self.capacities = capacities;
        self.changed = true;
    }

    /// A run is to be started: it goes to the end of the queue. A run that waits or runs already stays where it is.
    pub(crate) fn ask(&mut self, run: RunId, kind: String) -> bool {
        let is_known = self.held.contains_key(&run) || self.waits(run);
        if !is_known {
            self.queue.push_back((run, kind));
            self.changed = true;
        }
        !is_known
    }

    /// A run runs, whether there is a slot for it or not.
    pub(crate) fn hold(&mut self, run: RunId, kind: String) {
        self.queue.retain(|(waiting, _)| *waiting != run);
        if !self.held.contains_key(&run) {
            self.take(run, kind);
        }
    }

    /// A run is over, or will not start: its slot or its place is free.
    pub(crate) fn free(&mut self, run: RunId) -> bool {
        let before = self.queue.len();
        self.queue.retain(|(waiting, _)| *waiting != run);
        let kind = self.held.remove(&run);
        if let Some(count) = kind.as_ref().and_then(|kind| self.running.get_mut(kind)) {
            *count = count.saturating_sub(1);
        }
        let is_known = kind.is_some() || self.queue.len() < before;
        self.changed |= is_known;
        is_known
    }

    /// Whether a run waits.
    pub(crate) fn waits(&self, run: RunId) -> bool {
        self.queue.iter().any(|(waiting, _)| *waiting == run)
    }

    /// Gives every slot that is free to whoever is next, and says who got one.
    pub(crate) fn give(&mut self) -> Vec<RunId> {
        let mut given = Vec::new();
        if !std::mem::take(&mut self.changed) {
            return given;
        }
        for (run, kind) in std::mem::take(&mut self.queue) {
            if self.full(&kind).is_some() {
                self.queue.push_back((run, kind));
            } else {
                self.take(run, kind);
                given.push(run);
            }
        }
        given
    }

    /// What a run waits for; `None` for one that does not.
    pub(crate) fn place(&self, run: RunId) -> Option<Place> {
        let (_, kind) = self.queue.iter().find(|(waiting, _)| *waiting == run)?;
        let (of, capacity) = self.full(kind)?;
        let before = self.queue.iter().take_while(|(waiting, _)| *waiting != run);
        let ahead = before.filter(|(_, other)| of.is_none_or(|of| of == other)).count();
        Some(Place { kind: of.map(str::to_owned), running: self.running(of), capacity, ahead: number(ahead) })
    }

    fn take(&mut self, run: RunId, kind: String) {
        let count = self.running.entry(kind.clone()).or_default();
        *count = count.saturating_add(1);
        let _none = self.held.insert(run, kind);
    }

    /// The capacity that is reached for a run of this type: that of all runs, else that of the type.
    fn full<'k>(&self, kind: &'k str) -> Option<(Option<&'k str>, u32)> {
        let all = self.capacities.in_all.map(|capacity| (None, capacity));
        let own = self.capacities.of_type.get(kind).map(|capacity| (Some(kind), *capacity));
        [all, own].into_iter().flatten().find(|(of, capacity)| self.running(*of) >= *capacity)
    }

    /// How many runs of a type hold a slot; without a type, how many in all.
    fn running(&self, kind: Option<&str>) -> u32 {
        match kind {
            None => number(self.held.len()),
            Some(kind) => self.running.get(kind).copied().unwrap_or(0),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(in_all: Option<u32>, of_type: &[(&str, u32)]) -> Slots {
        let of_type = of_type.iter().map(|(kind, capacity)| ((*kind).to_owned(), *capacity)).collect();
        Slots { capacities: Capacities { in_all, of_type }, ..Slots::default() }
    }

    fn ask(slots: &mut Slots, run: u64, kind: &str) {
        assert!(slots.ask(RunId(run), kind.to_owned()), "{run} is not known yet");
    }

    #[test]
    fn a_run_that_only_its_type_holds_up_is_overtaken_by_other_types_alone() {
        let mut slots = slots(Some(3), &[("llm", 1)]);
        for (run, kind) in [(1, "llm"), (2, "llm"), (3, "build"), (4, "llm"), (5, "build")] {
            ask(&mut slots, run, kind);
        }
        assert_eq!(slots.give(), [RunId(1), RunId(3), RunId(5)]);
        assert!(slots.free(RunId(1)));
        assert_eq!(slots.give(), [RunId(2)], "its slot goes to the next one of its type");
    }

    #[test]
    fn a_place_says_what_is_full_and_who_is_ahead() {
        let mut slots = slots(Some(2), &[("llm", 1)]);
        for (run, kind) in [(1, "llm"), (2, "llm"), (3, "llm")] {
            ask(&mut slots, run, kind);
        }
        assert_eq!(slots.give(), [RunId(1)]);
        let llm = Some("llm".to_owned());
        assert_eq!(slots.place(RunId(3)), Some(Place { kind: llm, running: 1, capacity: 1, ahead: 1 }));
        ask(&mut slots, 4, "build");
        ask(&mut slots, 5, "build");
        assert_eq!(slots.give(), [RunId(4)]);
        assert_eq!(slots.place(RunId(5)), Some(Place { kind: None, running: 2, capacity: 2, ahead: 2 }));
        assert_eq!(slots.place(RunId(1)), None);
    }

    #[test]
    fn who_began_unasked_holds_a_slot_beyond_the_capacity() {
        let mut slots = slots(Some(1), &[]);
        slots.hold(RunId(1), "llm".to_owned());
        slots.hold(RunId(2), "llm".to_owned());
        ask(&mut slots, 3, "llm");
        assert!(slots.free(RunId(1)));
        assert_eq!(slots.give(), []);
        assert!(slots.free(RunId(2)));
        assert_eq!(slots.give(), [RunId(3)]);
    }
}
