//! Jobs after their runs: the circuit breaker, the restart with back-off, and the stop that stays.

#![expect(clippy::unwrap_used, reason = "a test may fail anywhere, and says where")]

use std::collections::{BTreeMap, BTreeSet};

use nightkeep_core::jobs::{BACK_OFF_MAX, FAILURES_MAX};
use nightkeep_core::{
    Awake, Effect, Exit, Input, JobEffect, JobEntry, JobInput, JobState, Limits, Look, Mode, Now, Refusal, Restart,
    RunId, Span, Supervisor, Wall, Watch,
};
use proptest::prelude::*;

const JOB: &str = "nightly";
/// The wall clock at the start; it moves on with the awake clock.
const WALL: i64 = 1_000_000;

/// A supervisor in made-up time, and everything that it asked for.
#[derive(Default)]
struct World {
    core: Supervisor,
    awake: u64,
    runs: u64,
    done: Vec<Effect>,
}

impl World {
    fn now(&self) -> Now {
        let wall = Wall::from_ms(WALL + i64::try_from(self.awake).unwrap());
        Now { awake: Awake::from_ms(self.awake), wall }
    }

    fn give(&mut self, input: Input) {
        self.core.handle(self.now(), input);
        while let Some(effect) = self.core.poll_effect() {
            self.done.push(effect);
        }
    }

    fn tell(&mut self, input: JobInput) {
        self.give(Input::Job(input));
    }

    /// A run of the job is known; whether it is started depends on the job.
    fn ask(&mut self, job: &str, restarts: bool) -> RunId {
        self.runs += 1;
        let run = RunId(self.runs);
        self.tell(JobInput::RunOf { run, job: job.to_owned(), restarts });
        if self.core.is_restarting(job) {
            self.tell(JobInput::Restarting { job: job.to_owned(), run });
        }
        self.give(Input::Ask { run, kind: "generic".to_owned() });
        run
    }

    /// A run of the job begins.
    fn begin(&mut self, job: &str, restarts: bool) -> RunId {
        let run = self.ask(job, restarts);
        self.watch(run, job);
        run
    }

    fn watch(&mut self, run: RunId, job: &str) {
        self.expect(run, job);
        self.give(Input::Started(run));
    }

    /// The run is watched, and nothing shows that it has begun.
    fn expect(&mut self, run: RunId, job: &str) {
        let at = self.now().awake;
        self.give(Input::Watch(Box::new(Watch {
            run,
            job: job.to_owned(),
            limits: Limits::default(),
            mode: Mode::Enforce,
            clock_from: at,
            started: at,
            up: false,
            beats_if_any: false,
            resume: None,
        })));
    }

    fn end(&mut self, run: RunId, code: i32) {
        self.give(Input::AllGone(run, Exit::Code(code)));
    }

    /// The run stalls and is stopped.
    fn stall(&mut self, run: RunId) {
        self.pass(Limits::default().stall_after.as_ms());
        self.give(Input::Looked(run, Look::Nothing));
        self.give(Input::EvidenceTaken(run));
        self.give(Input::IntentStored(run));
        self.give(Input::AllGone(run, Exit::Signal(15)));
    }

    /// Moves the time on, handing in each wake-up at its time.
    fn pass(&mut self, ms: u64) {
        let until = self.awake + ms;
        while let Some((at, _)) = self.core.next_wakeup().filter(|(at, _)| at.as_ms() <= until) {
            self.awake = self.awake.max(at.as_ms());
            self.give(Input::Tick);
            let next = self.core.next_wakeup().map(|(next, _)| next.as_ms());
            assert!(next.is_none_or(|next| next > at.as_ms()), "a wake-up that was handed in stays due");
        }
        self.awake = until;
    }

    fn decisions(&self) -> impl Iterator<Item = &JobEffect> {
        self.done.iter().filter_map(|effect| if let Effect::Job(decision) = effect { Some(decision) } else { None })
    }

    /// The how-manieth restart in a row each of the starts was that were asked for.
    fn starts(&self) -> Vec<u32> {
        let nth = |decision: &JobEffect| if let JobEffect::Start { nth, .. } = decision { Some(*nth) } else { None };
        self.decisions().filter_map(nth).collect()
    }

    fn entries(&self) -> Vec<JobEntry> {
        let of = |decision: &JobEffect| match decision {
            JobEffect::Record { entry, .. } => vec![*entry],
            JobEffect::RecordWithEnd { entries, .. } => entries.clone(),
            JobEffect::Start { .. } => Vec::new(),
        };
        self.decisions().flat_map(of).collect()
    }

    fn job(&self) -> JobState {
        self.core.job(JOB)
    }
}

fn stop(job: &str) -> JobInput {
    JobInput::Stop { job: job.to_owned() }
}

fn resume(job: &str) -> JobInput {
    JobInput::Resume { job: job.to_owned() }
}

#[test]
fn three_failures_in_a_row_open_the_breaker_until_a_person_resumes() {
    let mut world = World::default();
    for nth in 1..=FAILURES_MAX {
        let run = world.begin(JOB, false);
        assert_eq!(world.core.refusal(JOB), None);
        world.end(run, 1);
        assert_eq!(world.job().failures, nth);
    }
    let since = world.now().wall;
    assert_eq!(world.core.refusal(JOB), Some(Refusal::BreakerOpen { since, failures: 3 }));
    let told = world.done.iter().filter(|effect| matches!(effect, Effect::Notify(_))).count();
    assert_eq!(told, 1, "its owner is told once");
    let run = world.ask(JOB, false);
    assert_eq!(world.done.last(), Some(&Effect::Cancel(run)));
    world.tell(resume(JOB));
    assert_eq!(world.job(), JobState::default());
    let run = world.ask(JOB, false);
    assert_eq!(world.done.last(), Some(&Effect::Launch(run)));
}

#[test]
fn one_success_resets_the_count() {
    let mut world = World::default();
    for code in [1, 1, 0, 1, 1] {
        let run = world.begin(JOB, false);
        world.end(run, code);
    }
    assert_eq!((world.job().failures, world.core.refusal(JOB)), (2, None));
}

#[test]
fn what_a_person_stops_and_what_nobody_saw_end_count_for_nothing() {
    let mut world = World::default();
    for exit in [Exit::Unknown, Exit::Interrupted { code: None, signal: Some(2) }] {
        for _ in 0..FAILURES_MAX {
            let run = world.begin(JOB, true);
            world.give(Input::AllGone(run, exit.clone()));
        }
    }
    for _ in 0..FAILURES_MAX {
        let run = world.begin(JOB, true);
        world.give(Input::Stop { run, force: true });
        world.give(Input::EvidenceTaken(run));
        world.give(Input::IntentStored(run));
        world.give(Input::AllGone(run, Exit::Signal(9)));
    }
    assert_eq!(world.job(), JobState::default());
}

#[test]
fn a_run_of_no_job_counts_for_nothing_and_is_never_refused() {
    let mut world = World::default();
    for nth in 1..=9 {
        let run = RunId(nth);
        world.give(Input::Ask { run, kind: "generic".to_owned() });
        assert_eq!(world.done.last(), Some(&Effect::Launch(run)));
        world.watch(run, JOB);
        world.end(run, 1);
    }
    assert_eq!(world.core.jobs().count(), 0);
}

#[test]
fn a_stalled_run_is_restarted_after_a_pause_that_doubles_and_the_third_one_is_the_last() {
    let mut world = World::default();
    for (nth, pause) in [(1, 30_000), (2, 60_000)] {
        let run = world.begin(JOB, true);
        world.stall(run);
        assert_eq!(world.job().restart.unwrap().due.as_ms(), world.awake + pause);
        world.pass(pause - 1);
        assert_eq!(world.starts().len(), nth - 1, "not before its time");
        world.pass(1);
        assert_eq!(world.starts().len(), nth);
        world.pass(3_600_000);
        assert_eq!(world.starts().len(), nth, "once");
    }
    let run = world.begin(JOB, true);
    world.stall(run);
    assert_eq!(world.job().restart, None);
    assert!(matches!(world.core.refusal(JOB), Some(Refusal::BreakerOpen { .. })));
    world.pass(3_600_000);
    assert_eq!(world.starts(), [1, 2]);
}

#[test]
fn a_run_that_fails_by_itself_is_not_restarted() {
    let mut world = World::default();
    let run = world.begin(JOB, true);
    world.end(run, 1);
    assert_eq!((world.job().failures, world.job().restart), (1, None));
}

#[test]
fn a_job_is_not_restarted_while_something_of_its_last_run_could_not_be_stopped() {
    let mut world = World::default();
    let run = world.begin(JOB, true);
    world.give(Input::Survivors(run, vec![4711]));
    world.stall(run);
    assert_eq!((world.job().failures, world.job().restart), (1, None));
}

#[test]
fn the_pause_stands_still_while_the_computer_sleeps() {
    let mut world = World::default();
    let run = world.begin(JOB, true);
    world.stall(run);
    world.give(Input::Woke { slept: Span::from_mins(480) });
    world.give(Input::Tick);
    assert_eq!(world.starts(), [0; 0]);
    world.pass(30_000);
    assert_eq!(world.starts(), [1]);
}

#[test]
fn a_stop_by_a_person_calls_a_restart_off_and_stays() {
    let mut world = World::default();
    let run = world.begin(JOB, true);
    world.stall(run);
    let since = world.now().wall;
    world.tell(stop(JOB));
    world.tell(stop(JOB));
    world.pass(3_600_000);
    assert_eq!(world.starts(), [0; 0]);
    assert_eq!(world.core.refusal(JOB), Some(Refusal::Stopped { since }), "since the first time");
    world.tell(resume(JOB));
    world.pass(3_600_000);
    assert_eq!(world.starts(), [0; 0], "resuming starts nothing that was called off");
    assert_eq!(world.entries().iter().filter(|entry| **entry == JobEntry::Stopped).count(), 1);
}

#[test]
fn whoever_resumes_does_not_wait_for_the_pause_any_longer() {
    let mut world = World::default();
    let run = world.begin(JOB, true);
    world.stall(run);
    world.tell(resume(JOB));
    world.pass(0);
    assert_eq!((world.starts(), world.job().failures), (vec![1], 0));
}

#[test]
fn a_run_that_a_person_starts_meanwhile_is_the_restart() {
    let mut world = World::default();
    let run = world.begin(JOB, true);
    world.stall(run);
    world.pass(10_000);
    let other = world.begin(JOB, true);
    assert_eq!(world.job().restart, None);
    world.end(other, 0);
    world.pass(3_600_000);
    assert_eq!(world.starts(), [0; 0]);
    assert!(world.entries().contains(&JobEntry::RestartDone { run: other }));
}

/// A restart that has its number, and the world in which it has.
fn restarting() -> (World, RunId) {
    let mut world = World::default();
    let run = world.begin(JOB, true);
    world.stall(run);
    world.pass(30_000);
    let run = RunId(77);
    world.tell(JobInput::RunOf { run, job: JOB.to_owned(), restarts: true });
    world.tell(JobInput::Restarting { job: JOB.to_owned(), run });
    (world, run)
}

#[test]
fn a_restart_that_never_began_is_made_again() {
    let (mut world, run) = restarting();
    world.expect(run, JOB);
    world.give(Input::AllGone(run, Exit::Unknown));
    world.pass(0);
    assert_eq!(world.starts(), [1, 1]);
}

#[test]
fn a_restart_that_began_is_not_made_again_whatever_becomes_of_it() {
    let (mut world, run) = restarting();
    world.watch(run, JOB);
    world.give(Input::AllGone(run, Exit::Unknown));
    world.pass(3_600_000);
    assert_eq!((world.starts(), world.job().restart), (vec![1], None));
}

#[test]
fn what_was_known_of_a_job_before_holds() {
    let known = |state| {
        let mut world = World::default();
        world.tell(JobInput::Known { job: JOB.to_owned(), state });
        world
    };
    let open = JobState { failures: 3, breaker: Some(Wall::from_ms(5)), ..JobState::default() };
    assert!(known(open).core.refusal(JOB).is_some());
    let stopped = JobState { stopped: Some(Wall::from_ms(5)), ..JobState::default() };
    assert!(known(stopped).core.refusal(JOB).is_some());
    let restart = Some(Restart { nth: 2, due: Awake::from_ms(9_000), run: None });
    let mut world = known(JobState { failures: 2, restart, ..JobState::default() });
    world.pass(8_999);
    assert_eq!(world.starts(), [0; 0]);
    world.pass(1);
    assert_eq!(world.starts(), [2]);
}

#[test]
fn a_restart_whose_place_was_taken_before_it_had_its_number_is_not_made() {
    let mut world = World::default();
    let run = world.begin(JOB, true);
    world.stall(run);
    world.pass(30_000);
    assert!(world.core.is_restarting(JOB));
    let other = RunId(70);
    world.tell(JobInput::RunOf { run: other, job: JOB.to_owned(), restarts: true });
    world.watch(other, JOB);
    let late = world.ask(JOB, true);
    assert_eq!(world.done.last(), Some(&Effect::Cancel(late)));
}

#[test]
fn a_start_that_failed_is_tried_again_after_another_pause() {
    let mut world = World::default();
    let run = world.begin(JOB, true);
    world.stall(run);
    world.pass(30_000);
    world.tell(JobInput::NotRestarted { job: JOB.to_owned() });
    world.pass(29_999);
    assert_eq!(world.starts(), [1]);
    world.pass(1);
    assert_eq!(world.starts(), [1, 1]);
}

#[test]
fn what_is_known_of_a_job_follows_its_name_and_goes_with_it() {
    let mut world = World::default();
    world.tell(stop(JOB));
    world.tell(JobInput::Renamed { from: JOB.to_owned(), to: "other".to_owned() });
    assert_eq!((world.core.refusal(JOB), world.core.refusal("other").is_some()), (None, true));
    world.tell(JobInput::Removed { job: "other".to_owned() });
    assert_eq!(world.core.refusal("other"), None);
}

#[test]
fn a_job_whose_run_is_unreachable_gets_no_new_work_until_it_is_heard_of_again() {
    let mut world = World::default();
    let run = world.begin(JOB, false);
    world.tell(JobInput::Unreachable { run, is: true });
    assert_eq!(world.core.refusal(JOB), Some(Refusal::Unreachable { run }));
    world.tell(JobInput::Unreachable { run, is: false });
    assert_eq!(world.core.refusal(JOB), None);
    world.tell(JobInput::Unreachable { run, is: true });
    world.end(run, 0);
    assert_eq!(world.core.refusal(JOB), None, "it is over");
}

const JOBS: [&str; 2] = ["nightly", "weekly"];

#[derive(Debug, Clone)]
enum What {
    Begins(usize),
    Ends(usize, i32),
    Stalls(usize),
    Stop(usize),
    Resume(usize),
    Passes(u64),
    CannotStart(usize),
}

fn what() -> impl Strategy<Value = What> {
    let job = || 0..JOBS.len();
    prop_oneof![
        6 => job().prop_map(What::Begins),
        4 => (0_usize..9, 0..2).prop_map(|(nth, code)| What::Ends(nth, code)),
        4 => (0_usize..9).prop_map(What::Stalls),
        1 => job().prop_map(What::Stop),
        1 => job().prop_map(What::Resume),
        4 => (0..BACK_OFF_MAX.as_ms()).prop_map(What::Passes),
        1 => job().prop_map(What::CannotStart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

    /// INV: nothing of a job is started while its breaker is open or a person keeps it stopped; a restart is asked for
    /// once, and never while a run of the job is there.
    #[test]
    fn a_job_that_is_stopped_or_whose_breaker_is_open_is_never_started(story in prop::collection::vec(what(), 1..60)) {
        let mut world = World::default();
        // Kept here from nothing but the inputs and the effects.
        let mut closed: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        let mut failures: BTreeMap<&str, u32> = BTreeMap::new();
        let mut alive: Vec<(RunId, &str)> = Vec::new();
        let mut asked: BTreeSet<String> = BTreeSet::new();
        for happening in story {
            let seen = world.done.len();
            let mut end = |world: &mut World, alive: &mut Vec<(RunId, &'static str)>, nth: usize, code: Option<i32>| {
                if alive.is_empty() {
                    return;
                }
                let (run, job) = alive.remove(nth % alive.len());
                match code {
                    Some(code) => world.end(run, code),
                    None => {
                        world.give(Input::Survivors(run, vec![]));
                        world.stall(run);
                    }
                }
                let count = failures.entry(job).or_default();
                *count = if code == Some(0) { 0 } else { *count + 1 };
                if *count >= FAILURES_MAX {
                    closed.entry(job).or_default().1 = true;
                }
            };
            match happening {
                What::Begins(job) => {
                    let run = world.ask(JOBS[job], true);
                    let (stopped, open) = closed.get(JOBS[job]).copied().unwrap_or_default();
                    let expected = if stopped || open { Effect::Cancel(run) } else { Effect::Launch(run) };
                    prop_assert_eq!(world.done.last(), Some(&expected));
                    if !stopped && !open {
                        world.watch(run, JOBS[job]);
                        asked.remove(JOBS[job]);
                        alive.push((run, JOBS[job]));
                    }
                }
                What::Ends(nth, code) => end(&mut world, &mut alive, nth, Some(code)),
                // The others stall as well meanwhile, but nobody has looked at them.
                What::Stalls(nth) => end(&mut world, &mut alive, nth, None),
                What::Stop(job) => {
                    closed.entry(JOBS[job]).or_default().0 = true;
                    asked.remove(JOBS[job]);
                    world.tell(stop(JOBS[job]));
                }
                What::Resume(job) => {
                    closed.remove(JOBS[job]);
                    failures.remove(JOBS[job]);
                    world.tell(resume(JOBS[job]));
                }
                What::Passes(ms) => world.pass(ms),
                What::CannotStart(job) => {
                    if asked.remove(JOBS[job]) {
                        world.tell(JobInput::NotRestarted { job: JOBS[job].to_owned() });
                    }
                }
            }
            for effect in &world.done[seen..] {
                if let Effect::Job(JobEffect::Start { job, .. }) = effect {
                    let (stopped, open) = closed.get(job.as_str()).copied().unwrap_or_default();
                    prop_assert!(!stopped && !open, "{job} is started while it is not to be");
                    prop_assert!(alive.iter().all(|(_, other)| other != job), "{job} is started beside another run");
                    prop_assert!(asked.insert(job.clone()), "{job} is started twice");
                }
            }
            for job in JOBS {
                let (stopped, open) = closed.get(job).copied().unwrap_or_default();
                prop_assert_eq!(world.core.refusal(job).is_some(), stopped || open);
            }
        }
    }
}
