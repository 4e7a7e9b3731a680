//! Each moment of the life of a run at which somebody may be killed, once. `cargo xtask torture` does it with many at once
//! and for longer.

use std::thread;

use nightkeep_tests::torture::{Kind, Moment, START, Start, Victim, Work, act, act_over};

const SIDE_BY_SIDE: usize = 4;

/// One kill in a home of its own.
type Scene = (Kind, Option<Start>, Moment);

/// Plays scenes, a few side by side: most of their time they wait.
fn each(victim: Victim, scenes: &[Scene]) {
    for some in scenes.chunks(SIDE_BY_SIDE) {
        thread::scope(|scope| {
            let play = |scene: &Scene| {
                let (kind, start, moment) = *scene;
                (*scene, scope.spawn(move || act(kind, start, victim, moment)))
            };
            let played: Vec<_> = some.iter().map(play).collect();
            for (scene, outcome) in played {
                outcome.join().unwrap().unwrap_or_else(|error| panic!("{scene:?}: {error:#}"));
            }
        });
    }
}

fn at(kind: Kind, start: Start, moments: &[Moment]) -> Vec<Scene> {
    moments.iter().map(|moment| (kind, Some(start), *moment)).collect()
}

/// How often a kill may miss its moment.
const TRIES: u32 = 8;

#[test]
fn an_engine_that_is_killed_while_it_starts_a_job_starts_it_once_or_never() {
    each(Victim::Engine, &at(Kind::Failing, Start::Job, &START));
}

#[test]
fn an_engine_that_is_killed_while_a_run_is_registered_learns_of_it_later() {
    each(Victim::Engine, &at(Kind::Failing, Start::Run, &START));
}

#[test]
fn an_engine_that_is_killed_during_a_stop_finishes_it_without_cutting_the_grace() {
    let stop = [Moment::EvidenceTaken, Moment::StopIntended, Moment::AgentAsked, Moment::AskedRoot, Moment::AskedRest];
    each(Victim::Engine, &at(Kind::Stubborn, Start::Detach, &[&stop[..], &[Moment::Forced]].concat()));
    each(Victim::Engine, &at(Kind::Unwanted, Start::Job, &stop[..4]));
}

#[test]
fn an_engine_that_is_killed_before_it_can_record_a_forced_stop_still_says_that_it_was_forced() {
    each(Victim::Engine, &at(Kind::Stubborn, Start::Detach, &[Moment::ForcedUnrecorded]));
}

#[test]
fn an_engine_that_is_killed_during_the_stop_of_an_attached_run_finishes_it() {
    let stop = [Moment::StopIntended, Moment::AskedRoot, Moment::AskedRest, Moment::Forced];
    each(Victim::Engine, &at(Kind::AttachedStubborn, Start::Attach, &stop));
}

#[test]
fn an_engine_that_is_killed_at_the_end_of_a_run_records_the_end_as_it_was() {
    let end = [Moment::RootEnded, Moment::ExitBegun, Moment::ExitRecorded, Moment::Ended];
    each(Victim::Engine, &at(Kind::Failing, Start::Job, &end));
    each(Victim::Engine, &at(Kind::Crashing, Start::Run, &end));
}

#[test]
fn a_keeper_that_is_killed_while_it_starts_its_command_leaves_nothing_that_nobody_knows() {
    let start = [Moment::KeeperUp, Moment::BeforeFork, Moment::AfterFork, Moment::StartRecorded, Moment::AgentStarted];
    each(Victim::Keeper, &at(Kind::Working, Start::Job, &start));
    each(Victim::Keeper, &at(Kind::Stubborn, Start::Detach, &start));
}

/// Plays the same act until the kill has hit its moment: on a busy machine the keeper may be faster than whoever lies in
/// wait for it. What was promised is compared after each of them.
fn hit(kind: Kind, start: Start, moment: Moment) {
    let is_hit = (0..TRIES).any(|_| act(kind, Some(start), Victim::Keeper, moment).unwrap());
    assert!(is_hit, "{kind:?}: the keeper was faster {TRIES} times, so nothing was tried");
}

#[test]
fn a_command_whose_keeper_is_killed_before_it_has_recorded_it_never_runs() {
    for (kind, start) in [(Kind::Working, Start::Job), (Kind::Stubborn, Start::Detach), (Kind::Quick, Start::Run)] {
        hit(kind, start, Moment::AfterFork);
    }
}

#[test]
fn the_stop_of_a_run_whose_keeper_is_killed_goes_on_process_by_process() {
    let stop = [Moment::EvidenceTaken, Moment::StopIntended, Moment::AgentAsked, Moment::AskedRoot, Moment::AskedRest];
    each(Victim::Keeper, &at(Kind::Halfhearted, Start::Detach, &stop));
    each(Victim::Keeper, &at(Kind::Stubborn, Start::Detach, &stop));
}

#[test]
fn an_end_that_a_killed_keeper_could_not_record_is_not_made_up() {
    for moment in [Moment::RootEnded, Moment::ExitBegun] {
        for kind in [Kind::Quick, Kind::Failing, Kind::Leaving] {
            hit(kind, Start::Detach, moment);
        }
    }
}

#[test]
fn a_keeper_that_is_killed_over_what_its_command_left_loses_no_exit_code() {
    each(Victim::Keeper, &at(Kind::Leaving, Start::Detach, &[Moment::ExitRecorded]));
}

#[test]
fn a_command_that_is_killed_while_it_starts_a_run_leaves_the_whole_run_or_nothing() {
    each(Victim::Command, &at(Kind::Working, Start::Run, &START));
}

#[test]
fn a_tray_that_is_killed_changes_nothing() {
    each(Victim::Tray, &at(Kind::Polite, Start::Detach, &[Moment::StopIntended]));
}

/// In thousandths of the work.
const PARTS: [u64; 6] = [50, 250, 500, 750, 900, 980];

#[test]
fn a_history_of_an_earlier_version_survives_kills_while_it_is_folded_again() {
    assert!(act_over(Work::Folding, &PARTS).unwrap() >= 4);
}

#[test]
fn no_half_copy_of_the_history_counts_as_one() {
    assert!(act_over(Work::BackingUp, &PARTS).unwrap() >= 4);
}

#[test]
fn a_damaged_history_is_replaced_by_its_copy_however_often_that_is_cut_off() {
    assert!(act_over(Work::Restoring, &[50, 250, 400, 450, 550, 700]).unwrap() >= 4);
}
