//! Sequences of entries, in any order, sensible or not.

use nightkeep_engine::api::{Evidence, Method, OpenActivity, Outcome, Reason};
use nightkeep_engine::store::entry::{Ending, Entry, Stage, Stamp, Stamped, Survivor};
use nightkeep_engine::store::heard::{Doing, HeardEntry, Open, WaitsOn};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// Any entry but a registration, at any time.
pub(crate) fn any_stamped() -> impl Strategy<Value = Stamped> {
    let boot = prop_oneof![Just("boot-1".to_owned()), Just("boot-2".to_owned())];
    (any::<i32>(), any::<u32>(), boot, any_entry()).prop_map(|(wall, awake, boot, entry)| {
        let at = Stamp { at_wall_ms: i64::from(wall), at_awake_ms: u64::from(awake), boot };
        Stamped { at, entry }
    })
}

pub(crate) fn any_entry() -> impl Strategy<Value = Entry> {
    prop_oneof![8 => progress(), 4 => stopping(), 2 => facts(), 1 => waiting(), 4 => heard(), 1 => any_ending(), 2 => afterwards()]
}

fn afterwards() -> impl Strategy<Value = Entry> {
    prop_oneof![Just(Entry::Seen), any::<bool>().prop_map(|folder| Entry::Removing { folder }), Just(Entry::NotRemoved),]
}

fn progress() -> impl Strategy<Value = Entry> {
    let advanced = (any::<u64>(), any::<i64>(), of(any::<i64>()), of(any::<String>()), any::<u64>())
        .prop_map(|(n, step, total, note, gap_ms)| Entry::Advanced { n, step, total, note, gap_ms, source: None });
    prop_oneof![
        4 => advanced,
        1 => (any::<i64>(), any::<i64>()).prop_map(|(step, best)| Entry::WentBack { step, best }),
        1 => any::<String>().prop_map(|what| Entry::MarkerTrouble { what }),
        1 => Just(Entry::MarkerReadable),
        1 => any::<i64>().prop_map(|claimed_wall_ms| Entry::ClaimIgnored { claimed_wall_ms }),
        1 => any::<u64>().prop_map(|since_ms| Entry::Warned { since_ms }),
    ]
}

fn stopping() -> impl Strategy<Value = Entry> {
    let intended = (reason(), any::<u64>(), of(any::<i64>()), of(any::<String>()), any::<bool>())
        .prop_map(|(reason, since_ms, step, note, force)| Entry::StopIntended { reason, since_ms, step, note, force });
    let stage = prop_oneof![Just(Stage::PoliteRoot), Just(Stage::PoliteRest), Just(Stage::Forced)];
    prop_oneof![
        (reason(), any::<u64>()).prop_map(|(reason, since_ms)| Entry::WouldStop { reason, since_ms }),
        intended,
        any::<String>().prop_map(|why| Entry::StopAbandoned { why }),
        stage.prop_map(|stage| Entry::Signalled { stage }),
        of(any::<String>()).prop_map(|note| Entry::Acknowledged { note }),
        any::<String>().prop_map(|note| Entry::AbortedNoteWritten { note }),
        survivors().prop_map(|survivors| Entry::CouldNotStop { survivors }),
    ]
}

fn facts() -> impl Strategy<Value = Entry> {
    let identity = of(any::<u32>().prop_map(|start| serde_json::json!({ "start": start })));
    let evidence = any::<String>().prop_map(|taken_at| Evidence { taken_at, ..Evidence::default() });
    prop_oneof![
        (any::<u32>(), identity).prop_map(|(pid, identity)| Entry::Started { pid, identity }),
        (of(any::<i32>()), of(any::<i32>())).prop_map(|(code, signal)| Entry::RootEnded { code, signal }),
        any::<String>().prop_map(|how| Entry::Adopted { how }),
        vec(any::<u32>(), 0..4).prop_map(|pids| Entry::Leftovers { pids, identities: Vec::new() }),
        (any::<u64>(), any::<i64>()).prop_map(|(ms, from_wall_ms)| Entry::Slept { ms, from_wall_ms }),
        any::<i64>().prop_map(|by_ms| Entry::ClockJumped { by_ms }),
        any::<u64>().prop_map(|ms| Entry::Starved { ms }),
        evidence.prop_map(|evidence| Entry::EvidenceTaken { evidence: Box::new(evidence) }),
    ]
}

fn waiting() -> impl Strategy<Value = Entry> {
    prop_oneof![
        any::<bool>().prop_map(|by_caller| Entry::Queued { by_caller }),
        Just(Entry::SlotGiven),
        of(any::<String>()).prop_map(|why| Entry::Cancelled { why }),
    ]
}

fn heard() -> impl Strategy<Value = Entry> {
    let source = || "[ab]".prop_map(String::from);
    let waits = (source(), of(any::<String>())).prop_map(|(source, what)| HeardEntry::Waits {
        on: WaitsOn::Question,
        what,
        until_wall_ms: None,
        source,
    });
    let open = (source(), "[x-z]", any::<u64>()).prop_map(|(source, id, at_ms)| Open {
        source,
        id,
        activity: OpenActivity::Subagent,
        what: None,
        at_ms,
    });
    let doing = (vec(open, 0..4), any::<u64>(), of(any::<u64>()), vec(source(), 0..3)).prop_map(
        |(open, apart_ms, apart_from_ms, waiting)| HeardEntry::Doing(Doing { open, apart_ms, apart_from_ms, waiting }),
    );
    prop_oneof![waits, Just(HeardEntry::Resumed), doing].prop_map(Entry::Heard)
}

fn any_ending() -> impl Strategy<Value = Entry> {
    let outcome =
        prop_oneof![Just(Outcome::Succeeded), Just(Outcome::Failed), Just(Outcome::Aborted), Just(Outcome::Lost)];
    let method = prop_oneof![Just(Method::Graceful), Just(Method::Forced)];
    let how = (outcome, of(reason()), of(method), of(any::<String>()));
    let facts = (of(any::<i32>()), of(any::<i32>()), survivors(), any::<bool>(), any::<i64>());
    (how, facts).prop_map(|((outcome, reason, method, exec_error), facts)| {
        let (exit_code, signal, survivors, recovered, ended_wall_ms) = facts;
        let ending = Ending {
            outcome,
            reason,
            method,
            exit_code,
            signal,
            exec_error,
            survivors,
            identified: None,
            recovered,
            rebooted: recovered,
            ended_wall_ms,
            took_ms: None,
        };
        Entry::Ended(Box::new(ending))
    })
}

fn reason() -> impl Strategy<Value = Reason> {
    prop_oneof![Just(Reason::Stalled), Just(Reason::Unresponsive), Just(Reason::MaxRuntime), Just(Reason::User)]
}

fn survivors() -> impl Strategy<Value = Vec<Survivor>> {
    let survivor = (any::<u32>(), of(any::<String>()), of(any::<String>())).prop_map(|(pid, name, why)| Survivor {
        pid,
        name,
        why,
    });
    vec(survivor, 0..8)
}
