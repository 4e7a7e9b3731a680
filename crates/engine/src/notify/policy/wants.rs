//! What its owner wants told, and where.

use super::Event;
use crate::api::{Show, ShowEnd, ShowSpec};

/// What its owner wants told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wants {
    /// Anything at all.
    pub is_on: bool,
    /// A report in the morning.
    pub has_report: bool,
    /// Where each event is told.
    pub show: ShowSpec,
}

/// Where an event is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At once; in quiet hours in the morning.
    Banner,
    /// In the morning.
    Morning,
    /// In the morning if it was in the night; by day nobody has asked for it.
    MorningOfNights,
    /// Nowhere.
    Nowhere,
}

impl Wants {
    /// Where an event is told of a job which wants its ends told, or does not.
    pub(super) const fn place(&self, event: Event, wants_ends: bool) -> Place {
        let ShowSpec { warning, stopped, breaker, recovered, needs_you, finished, failed } = self.show;
        match event {
            Event::Warning => place(warning),
            Event::Stopped => place(stopped),
            Event::Breaker => place(breaker),
            Event::Recovered => place(recovered),
            Event::NeedsYou => place(needs_you),
            Event::Finished => place_of_end(finished, wants_ends),
            Event::Failed => place_of_end(failed, wants_ends),
        }
    }

    /// Whether the report of the morning tells of an event of the night, or of the day before it.
    #[must_use]
    pub const fn report_tells(&self, event: Event, was_at_night: bool) -> bool {
        match self.place(event, false) {
            Place::Banner | Place::MorningOfNights => was_at_night,
            Place::Morning => true,
            Place::Nowhere => false,
        }
    }
}

const fn place(show: Show) -> Place {
    match show {
        Show::Banner => Place::Banner,
        Show::Digest => Place::Morning,
        Show::Off => Place::Nowhere,
    }
}

const fn place_of_end(show: ShowEnd, wants_ends: bool) -> Place {
    match show {
        ShowEnd::PerJob if wants_ends => Place::Banner,
        ShowEnd::PerJob => Place::MorningOfNights,
        ShowEnd::Banner => Place::Banner,
        ShowEnd::Digest => Place::Morning,
        ShowEnd::Off => Place::Nowhere,
    }
}
