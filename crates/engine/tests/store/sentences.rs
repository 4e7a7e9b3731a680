//! What is said of a run, read aloud. Times are those of a fixed zone, one hour east of Greenwich.

use std::fmt::Write as _;

use nightkeep_engine::api::{Method, Outcome, Reason};
use nightkeep_engine::store::entry::{Ending, Entry, Registration, Stage, Stamped, Survivor};

use crate::support::{
    MINUTE, aborted, advanced, at, ended, ending, open, place, reader, registration, stamped, stop_intended,
};

/// When the stop of a stalled run is decided.
const STOP: u64 = 57 * MINUTE;

/// When everything is over.
const END: u64 = 58 * MINUTE;

#[test]
fn every_end_has_its_sentence() {
    let mut said = String::new();
    for (case, entries) in [stops(), ends()].concat() {
        writeln!(said, "{case}\n    {}", message(&registration("tag", "novel"), entries)).unwrap();
    }
    insta::assert_snapshot!("messages_of_ended_runs", said);
}

#[test]
fn every_state_of_a_living_run_has_its_sentence() {
    let trouble = Entry::MarkerTrouble { what: "it is not JSON".to_owned() };
    let cases = [
        ("registered", vec![]),
        ("started", vec![started()]),
        ("advanced", vec![started(), advance()]),
        ("marker in trouble", vec![started(), advance(), stamped(13 * MINUTE, trouble)]),
        ("only observed", vec![started(), advance(), would_stop()]),
        ("queued", vec![queued()]),
        ("its turn came", vec![queued(), stamped(MINUTE, Entry::SlotGiven)]),
        ("started after a wait", vec![queued(), stamped(MINUTE, Entry::SlotGiven), started()]),
        ("being stopped", vec![started(), advance(), stamped(STOP, stop_intended(Reason::Stalled, 45 * MINUTE))]),
    ];
    let mut said = String::new();
    for (case, entries) in cases {
        writeln!(said, "{case}\n    {}", message(&registration("tag", "novel"), entries)).unwrap();
    }
    insta::assert_snapshot!("messages_of_living_runs", said);
}

#[test]
fn the_story_of_a_run_is_told_in_sentences() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("tag", "novel")).unwrap();
    let survivors =
        vec![Survivor { pid: 48_211, name: Some("chrome".to_owned()), why: Some("not permitted".to_owned()) }];
    let mut entries = vec![queued(), stamped(1, Entry::SlotGiven), started(), advance()];
    let story = vec![
        Entry::WentBack { step: 2, best: 14 },
        Entry::MarkerTrouble { what: "it is not JSON".to_owned() },
        Entry::MarkerReadable,
        Entry::ClaimIgnored { claimed_wall_ms: 1 },
        Entry::Adopted { how: "its keeper is alive".to_owned() },
        Entry::Slept { ms: 285 * MINUTE, from_wall_ms: 0 },
        Entry::ClockJumped { by_ms: 3_600_000 },
        Entry::ClockJumped { by_ms: -3_600_000 },
        Entry::Starved { ms: 61_000 },
        Entry::Warned { since_ms: 15 * MINUTE },
        Entry::WouldStop { reason: Reason::Stalled, since_ms: 45 * MINUTE },
        Entry::StopIntended { reason: Reason::Stalled, since_ms: 45 * MINUTE, step: None, note: None, force: true },
        Entry::StopAbandoned { why: "it moved forward".to_owned() },
        stop_intended(Reason::User, 0),
        Entry::EvidenceTaken { evidence: Box::default() },
        Entry::Signalled { stage: Stage::PoliteRoot },
        Entry::SignalDelivered,
        Entry::Acknowledged { note: Some("aborted".to_owned()) },
        Entry::Signalled { stage: Stage::PoliteRest },
        Entry::RootEnded { code: None, signal: Some(15) },
        Entry::Signalled { stage: Stage::Forced },
        Entry::CouldNotStop { survivors: survivors.clone() },
        Entry::AbortedNoteWritten { note: "aborted: stopped at step 14".to_owned() },
        left_behind(),
        Entry::LeftoverStopIntended { force: false },
        Entry::LeftoversSignalled { stage: Stage::PoliteRest },
        Entry::LeftoversSignalled { stage: Stage::Forced },
        Entry::LeftoversGone { stopped: true },
        Entry::Ended(Box::new(Ending { survivors, ..aborted(Reason::User, Method::Forced, END) })),
    ];
    entries.extend((14_u64..).zip(story).map(|(minute, entry)| stamped(minute * MINUTE, entry)));
    store.append(run, entries).unwrap();
    insta::assert_json_snapshot!("timeline", reader(&place.path).detail(run).unwrap().unwrap().timeline);
}

#[test]
fn text_of_an_agent_cannot_steer_a_terminal_or_turn_a_sentence_around() {
    let note = "\u{1b}[31mdone`\u{202e} \n".to_owned();
    let hostile = Entry::Advanced { n: 1, step: 1, total: None, note: Some(note), gap_ms: 1, source: None };
    let message = message(
        &Registration { command: vec!["a\u{7}".to_owned()], ..registration("tag", "novel") },
        vec![stamped(1, hostile), ended(END, ending(Outcome::Succeeded, END))],
    );
    assert_eq!(message, "Finished after 58 min at step 1, `done'\\u202e`.");
}

fn stops() -> Vec<(&'static str, Vec<Stamped>)> {
    let polite = || stamped(STOP, Entry::Signalled { stage: Stage::PoliteRoot });
    let forced = || stamped(STOP + 20_000, Entry::Signalled { stage: Stage::Forced });
    let intend = |reason, since| stamped(STOP, stop_intended(reason, since));
    let stalled = || vec![started(), advance(), intend(Reason::Stalled, 45 * MINUTE), polite()];
    let acknowledged = stamped(STOP + 1, Entry::Acknowledged { note: Some("aborted".to_owned()) });
    let at_once = Entry::StopIntended { reason: Reason::User, since_ms: 0, step: Some(14), note: None, force: true };
    let survivor = Survivor { pid: 48_211, name: None, why: None };
    let many = (1..=7).map(Survivor::from).collect();
    let graceful = |reason| ended(END, aborted(reason, Method::Graceful, END));
    let killed = |reason| ended(END, aborted(reason, Method::Forced, END));
    let with_survivors = |survivors| ended(END, Ending { survivors, ..aborted(Reason::Stalled, Method::Forced, END) });
    vec![
        ("stalled, graceful", [stalled(), vec![graceful(Reason::Stalled)]].concat()),
        ("stalled, forced", [stalled(), vec![forced(), killed(Reason::Stalled)]].concat()),
        ("stalled, acknowledged", [stalled(), vec![acknowledged.clone(), graceful(Reason::Stalled)]].concat()),
        ("stalled, acknowledged, forced", [stalled(), vec![acknowledged, forced(), killed(Reason::Stalled)]].concat()),
        ("stalled, one survivor", [stalled(), vec![forced(), with_survivors(vec![survivor])]].concat()),
        ("stalled, many survivors", [stalled(), vec![forced(), with_survivors(many)]].concat()),
        (
            "stalled before the first step",
            vec![started(), intend(Reason::Stalled, 45 * MINUTE), graceful(Reason::Stalled)],
        ),
        (
            "unresponsive",
            vec![started(), advance(), intend(Reason::Unresponsive, 5 * MINUTE), graceful(Reason::Unresponsive)],
        ),
        ("longest run time", vec![started(), intend(Reason::MaxRuntime, 480 * MINUTE), graceful(Reason::MaxRuntime)]),
        ("on request", vec![started(), advance(), intend(Reason::User, 0), polite(), graceful(Reason::User)]),
        (
            "on request, at once",
            vec![
                started(),
                stamped(STOP, at_once),
                stamped(STOP, Entry::Signalled { stage: Stage::Forced }),
                killed(Reason::User),
            ],
        ),
        ("intent unknown", vec![started(), ended(END, aborted(Reason::Stalled, Method::Forced, END))]),
    ]
}

fn ends() -> Vec<(&'static str, Vec<Stamped>)> {
    let failed =
        |exit_code, signal| ended(12 * MINUTE, Ending { exit_code, signal, ..ending(Outcome::Failed, 12 * MINUTE) });
    let exec_error = Some("No such file or directory (os error 2)".to_owned());
    let success = || ended(END, Ending { exit_code: Some(0), ..ending(Outcome::Succeeded, END) });
    let recovered = ended(END, Ending { exit_code: Some(0), recovered: true, ..ending(Outcome::Succeeded, END) });
    let lost = || ended(END, ending(Outcome::Lost, END));
    vec![
        ("succeeded", vec![started(), advance(), success()]),
        ("succeeded without a marker", vec![started(), success()]),
        ("succeeded, recovered", vec![started(), recovered]),
        ("succeeded, left processes", vec![started(), stamped(END, left_behind()), success()]),
        (
            "succeeded, what it left was stopped",
            vec![
                started(),
                stamped(END, left_behind()),
                success(),
                stamped(END, Entry::LeftoversGone { stopped: true }),
            ],
        ),
        (
            "succeeded, what it left has ended",
            vec![
                started(),
                stamped(END, left_behind()),
                success(),
                stamped(END, Entry::LeftoversGone { stopped: false }),
            ],
        ),
        ("succeeded, only observed", vec![started(), advance(), would_stop(), success()]),
        ("failed", vec![started(), advance(), failed(Some(101), None)]),
        ("failed by a signal", vec![started(), failed(None, Some(11))]),
        ("failed by an unnamed signal", vec![started(), failed(None, Some(64))]),
        ("could not be started", vec![ended(1, Ending { exec_error, ..ending(Outcome::Failed, 1) })]),
        ("lost", vec![started(), lost()]),
        ("lost after an advance", vec![started(), advance(), lost()]),
        (
            "lost, recovered",
            vec![started(), advance(), ended(END, Ending { recovered: true, ..ending(Outcome::Lost, END) })],
        ),
        (
            "lost, recovered after the computer went down",
            vec![started(), ended(END, Ending { recovered: true, rebooted: true, ..ending(Outcome::Lost, END) })],
        ),
        ("cancelled while it waited", cancelled(None)),
        ("its caller went while it waited", cancelled(Some("whoever started it has gone"))),
    ]
}

fn left_behind() -> Entry {
    Entry::Leftovers { pids: vec![7, 8], identities: Vec::new() }
}

fn queued() -> Stamped {
    stamped(0, Entry::Queued { by_caller: false })
}

/// The end of a run that never began.
fn cancelled(why: Option<&str>) -> Vec<Stamped> {
    let ending = Ending { reason: Some(Reason::User), ..ending(Outcome::Aborted, END) };
    vec![queued(), stamped(END, Entry::Cancelled { why: why.map(str::to_owned) }), ended(END, ending)]
}

fn started() -> Stamped {
    stamped(0, Entry::Started { pid: 4711, identity: None })
}

fn advance() -> Stamped {
    stamped(12 * MINUTE, advanced(1, 14, 12 * MINUTE))
}

fn would_stop() -> Stamped {
    stamped(STOP, Entry::WouldStop { reason: Reason::Stalled, since_ms: 45 * MINUTE })
}

fn message(registration: &Registration, entries: Vec<Stamped>) -> String {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), registration).unwrap();
    store.append(run, entries).unwrap();
    reader(&place.path).detail(run).unwrap().unwrap().message
}
