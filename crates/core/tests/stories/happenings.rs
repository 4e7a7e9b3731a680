//! What can happen to a run, in any order.

use nightkeep_core::{Activity, Advance, Claim, Metrics, Signal, Span};
use proptest::prelude::*;

/// One thing that happens, `after_ms` after the one before.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub(crate) after_ms: u64,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A step, and for how many milliseconds the marker asks.
    Marker(i64, Option<u64>),
    LookFinds(Option<i64>),
    CannotLook,
    Waits(bool),
    /// A source that never speaks of waiting says something.
    Says(Signal),
    Sleeps(i64),
    ClockJumps(i64),
    EvidenceTaken,
    Stored(bool),
    Delivered,
    RootEnded,
    AllGone(i32),
    Survivors,
    Stop(bool),
    Writable(bool),
    /// The watch is paused, for so many milliseconds or until it is resumed.
    Pauses(Option<u64>),
    GoesOn,
    Ticks,
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        6 => (-1_i64..12, prop::option::weighted(0.2, 0_u64..20_000)).prop_map(|(step, expect)| What::Marker(step, expect)),
        3 => prop::option::of(0_i64..12).prop_map(What::LookFinds),
        1 => Just(What::CannotLook),
        2 => any::<bool>().prop_map(What::Waits),
        4 => says().prop_map(What::Says),
        1 => (0_i64..50_000_000).prop_map(What::Sleeps),
        1 => (-50_000_000_i64..50_000_000).prop_map(What::ClockJumps),
        3 => Just(What::EvidenceTaken),
        4 => prop::bool::weighted(0.8).prop_map(What::Stored),
        2 => Just(What::Delivered),
        1 => Just(What::RootEnded),
        1 => (0_i32..3).prop_map(What::AllGone),
        1 => Just(What::Survivors),
        1 => prop::bool::weighted(0.3).prop_map(What::Stop),
        1 => any::<bool>().prop_map(What::Writable),
        2 => prop::option::of(0_u64..20_000).prop_map(What::Pauses),
        1 => Just(What::GoesOn),
        8 => Just(What::Ticks),
    ]
}

fn says() -> impl Strategy<Value = Signal> {
    let begins = |id: u8| Signal::Begins { id: id.to_string(), activity: Activity::Tool, what: None };
    prop_oneof![
        Just(Signal::Beat),
        prop::option::of(0_i64..9).prop_map(|step| Signal::Advance(Advance { step, ..Advance::default() })),
        (0_u8..4).prop_map(begins),
        (0_u8..4, prop::option::of(0_u64..2)).prop_map(|(id, digest)| Signal::Ends { id: id.to_string(), digest }),
        Just(Signal::EmptyTurn),
        Just(Signal::Unclaims),
        "[a-c]".prop_map(Signal::Result),
        any::<bool>().prop_map(|succeeded| Signal::Claims(Claim { succeeded, message: None })),
        (0_u64..9).prop_map(|cost_microusd| Signal::Metrics(Metrics { cost_microusd, ..Metrics::default() })),
        (0_u64..20_000).prop_map(|ms| Signal::Expects(Span::from_ms(ms))),
    ]
}

pub(crate) fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = (prop_oneof![4 => 0_u64..400, 3 => 400_u64..4_000, 1 => 4_000_u64..40_000], what())
        .prop_map(|(after_ms, what)| Happening { after_ms, what });
    prop::collection::vec(one, 1..60)
}
