//! Slots: what must hold for every sequence of asks, ends, cancels and capacities, each tried on many generated ones.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail anywhere, and says where")]

use std::collections::{BTreeMap, BTreeSet};

use nightkeep_core::{Awake, Capacities, Effect, Exit, Input, Limits, Mode, Now, RunId, Supervisor, Wall, Watch};
use proptest::prelude::*;

const KINDS: [&str; 3] = ["llm", "build", "agent"];

#[derive(Debug, Clone)]
enum What {
    Asks(usize),
    BeginsUnasked(usize),
    Ends(usize),
    IsStopped(usize),
    IsGivenUp(usize),
    Capacities(Option<u32>, [Option<u32>; 3]),
}

fn what() -> impl Strategy<Value = What> {
    let capacity = || prop::option::of(1_u32..4);
    prop_oneof![
        6 => (0..KINDS.len()).prop_map(What::Asks),
        1 => (0..KINDS.len()).prop_map(What::BeginsUnasked),
        6 => (0_usize..20).prop_map(What::Ends),
        1 => (0_usize..20).prop_map(What::IsStopped),
        1 => (0_usize..20).prop_map(What::IsGivenUp),
        1 => (capacity(), [capacity(), capacity(), capacity()]).prop_map(|(all, of)| What::Capacities(all, of)),
    ]
}

/// What is expected, kept here from nothing but the inputs and the effects.
struct World {
    core: Supervisor,
    next: u64,
    kinds: BTreeMap<RunId, usize>,
    capacities: (Option<u32>, [Option<u32>; 3]),
    running: BTreeSet<RunId>,
    waiting: Vec<RunId>,
    started: Vec<RunId>,
}

impl World {
    fn new(all: Option<u32>, of: [Option<u32>; 3]) -> Self {
        let mut world = Self {
            core: Supervisor::new(),
            next: 1,
            kinds: BTreeMap::new(),
            capacities: (None, [None; 3]),
            running: BTreeSet::new(),
            waiting: Vec::new(),
            started: Vec::new(),
        };
        world.happen(&What::Capacities(all, of));
        world
    }

    fn give(&mut self, input: Input) -> Vec<Effect> {
        self.core.handle(Now { awake: Awake::from_ms(0), wall: Wall::from_ms(0) }, input);
        let mut effects = Vec::new();
        while let Some(effect) = self.core.poll_effect() {
            effects.push(effect);
        }
        let launched: Vec<RunId> = effects
            .iter()
            .filter_map(|effect| if let Effect::Launch(run) = effect { Some(*run) } else { None })
            .collect();
        for run in launched {
            self.start(run);
        }
        effects
    }

    /// A run was given a slot: there must have been one, and nobody of its type may have been before it.
    fn start(&mut self, run: RunId) {
        assert!(!self.is_full(self.kinds[&run]), "{run} was started beyond the capacity");
        let first = self.waiting.iter().find(|other| self.kinds[other] == self.kinds[&run]);
        assert_eq!(first, Some(&run), "{run} overtook one of its own type");
        self.waiting.retain(|other| *other != run);
        self.running.insert(run);
        self.started.push(run);
        self.watch(run);
    }

    fn watch(&mut self, run: RunId) {
        let watch = Watch {
            run,
            job: "job".to_owned(),
            limits: Limits::default(),
            mode: Mode::Enforce,
            clock_from: Awake::default(),
            started: Awake::default(),
            up: true,
            beats_if_any: false,
            resume: None,
        };
        let kind = KINDS[self.kinds[&run]].to_owned();
        assert_eq!(self.give(Input::Watch(Box::new(watch))), []);
        assert_eq!(self.give(Input::Holds { run, kind }), []);
    }

    fn is_full(&self, kind: usize) -> bool {
        let count = |of: Option<usize>| {
            let runs = self.running.iter().filter(|run| of.is_none_or(|of| self.kinds[run] == of));
            u32::try_from(runs.count()).unwrap()
        };
        let (all, of) = self.capacities;
        all.is_some_and(|all| count(None) >= all) || of[kind].is_some_and(|of| count(Some(kind)) >= of)
    }

    fn begin(&mut self, kind: usize) -> RunId {
        let run = RunId(self.next);
        self.next += 1;
        self.kinds.insert(run, kind);
        run
    }

    fn end(&mut self, run: RunId) {
        self.running.remove(&run);
        self.give(Input::AllGone(run, Exit::Code(0)));
    }

    fn happen(&mut self, what: &What) {
        let pick = |from: &[RunId], n: usize| from.get(n % from.len().max(1)).copied();
        let running: Vec<RunId> = self.running.iter().copied().collect();
        match what {
            What::Asks(kind) => {
                let run = self.begin(*kind);
                self.waiting.push(run);
                let effects = self.give(Input::Ask { run, kind: KINDS[*kind].to_owned() });
                let expected = if self.running.contains(&run) { Effect::Launch(run) } else { Effect::Wait(run) };
                assert_eq!(effects, [expected]);
            }
            What::BeginsUnasked(kind) => {
                let run = self.begin(*kind);
                self.running.insert(run);
                self.watch(run);
            }
            What::Ends(n) => {
                if let Some(run) = pick(&running, *n) {
                    self.end(run);
                }
            }
            What::IsStopped(n) => {
                if let Some(run) = pick(&self.waiting.clone(), *n) {
                    self.waiting.retain(|other| *other != run);
                    assert!(self.give(Input::Stop { run, force: false }).contains(&Effect::Cancel(run)));
                }
            }
            What::IsGivenUp(n) => {
                // One that runs is not given up by that.
                if let Some(run) = pick(&[running, self.waiting.clone()].concat(), *n) {
                    let waited = self.waiting.contains(&run);
                    self.waiting.retain(|other| *other != run);
                    assert_eq!(self.give(Input::GivenUp(run)).contains(&Effect::Cancel(run)), waited);
                }
            }
            What::Capacities(all, of) => {
                self.capacities = (*all, *of);
                let of_type = KINDS.iter().zip(of);
                let of_type = of_type.filter_map(|(kind, of)| Some(((*kind).to_owned(), (*of)?))).collect();
                self.give(Input::Capacities(Capacities { in_all: *all, of_type }));
            }
        }
        self.check_that_nobody_waits_in_vain();
    }

    fn check_that_nobody_waits_in_vain(&self) {
        for run in &self.waiting {
            assert!(self.is_full(self.kinds[run]), "{run} could start and waits");
            let place = self.core.place(*run).expect("it waits");
            assert!(place.running >= place.capacity, "{place:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_slot_is_never_given_beyond_the_capacity_and_never_left_unused(
        all in prop::option::of(1_u32..4),
        of in prop::array::uniform3(prop::option::of(1_u32..3)),
        happenings in prop::collection::vec(what(), 1..80),
    ) {
        let mut world = World::new(all, of);
        for what in &happenings {
            world.happen(what);
        }
    }

    #[test]
    fn every_run_that_waits_starts_when_those_before_it_have_ended(
        all in prop::option::of(1_u32..4),
        of in prop::array::uniform3(prop::option::of(1_u32..3)),
        happenings in prop::collection::vec(what(), 1..80),
    ) {
        let mut world = World::new(all, of);
        for what in &happenings {
            world.happen(what);
        }
        let waiting = world.waiting.clone();
        // One end for each run is all that it takes, in whatever order.
        while let Some(run) = world.running.pop_first() {
            world.running.insert(run);
            world.end(run);
            world.check_that_nobody_waits_in_vain();
        }
        prop_assert_eq!(&world.waiting, &[]);
        prop_assert!(waiting.iter().all(|run| world.started.contains(run)));
    }
}

#[test]
fn an_end_that_nobody_saw_frees_its_slot_too() {
    let mut world = World::new(Some(1), [None; 3]);
    world.happen(&What::Asks(0));
    world.happen(&What::Asks(0));
    assert_eq!(world.started, [RunId(1)]);
    world.running.remove(&RunId(1));
    world.give(Input::AllGone(RunId(1), Exit::Unknown));
    assert_eq!(world.started, [RunId(1), RunId(2)]);
}

#[test]
fn a_lowered_capacity_stops_nobody_and_a_raised_one_moves_the_queue() {
    let mut world = World::new(Some(2), [None; 3]);
    for _ in 0..4 {
        world.happen(&What::Asks(0));
    }
    assert_eq!(world.started.len(), 2);
    world.happen(&What::Capacities(Some(1), [None; 3]));
    assert_eq!(world.running.len(), 2);
    world.happen(&What::Capacities(None, [None; 3]));
    assert_eq!(world.started, [RunId(1), RunId(2), RunId(3), RunId(4)]);
}
