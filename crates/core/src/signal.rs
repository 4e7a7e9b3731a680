//! What the sources of a run say of it: one vocabulary for every way in which an agent reports.
//!
//! A source (a marker, a stream of events, a socket, a folder of sentinel files, …) turns something outside into signals
//! and decides nothing. What a signal means for the run is decided here, once for all of them.

use std::borrow::Cow;

use crate::input::Activity;
use crate::time::{Span, Wall};

/// The name of a source, such as `beat` or `claude-stream`. Steps of different sources are never compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(Cow<'static, str>);

impl Source {
    /// A source that is known by its kind alone.
    #[must_use]
    pub const fn of(kind: &'static str) -> Self {
        Self(Cow::Borrowed(kind))
    }

    /// A source of which a run may have several, or one that is read from a record.
    #[must_use]
    pub const fn named(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Something that a source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// The run is alive, and nothing more. Every other signal is a beat as well.
    Beat,
    /// The work moved forward, if the step says so.
    Advance(Advance),
    /// Something began that takes its time and explains silence: a tool, a sub-agent, a compaction.
    Begins {
        /// Names it until its end; unique among what is open in the same source.
        id: String,
        /// What kind of thing it is.
        activity: Activity,
        /// What it is, for people.
        what: Option<String>,
    },
    /// It is over, or whatever else bears that name.
    Ends {
        /// The name under which it began.
        id: String,
        /// Stands for the call with its result: the same number again and again is an agent that goes round in circles.
        digest: Option<u64>,
    },
    /// A turn of the agent is over that used no tool: nothing came of it but words.
    EmptyTurn,
    /// The run waits, so that its stall clock stands still. Ended by [`Signal::Resumes`], by an advance, or by something
    /// that begins or ends, of the same source.
    Waits(Wait),
    /// It no longer waits.
    Resumes,
    /// It says that it is done. The end of its process decides; this is kept as its own word.
    Claims(Claim),
    /// It goes on: what it said of its end no longer holds.
    Unclaims,
    /// What it hands back to whoever waits for it, as JSON.
    Result(String),
    /// Something for people to read.
    Note(String),
    /// What its work took.
    Metrics(Metrics),
    /// The present step may take this long, from this moment, before it counts as a stall. Held to a cap.
    Expects(Span),
}

/// A claim to have moved forward.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advance {
    /// The step: it counts when it is larger than the best one of the same source and series. `None` counts by itself, as
    /// the next step of its source.
    pub step: Option<i64>,
    /// How many steps there are.
    pub total: Option<i64>,
    /// For people.
    pub note: Option<String>,
    /// Which series of steps this is; a different one starts again.
    pub series: Option<String>,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// A person.
    Human {
        /// What the person is asked for.
        kind: HumanWait,
        /// The question, for people.
        what: Option<String>,
    },
    /// A usage limit to pass.
    Limit {
        /// When it is said to pass.
        until: Option<Wall>,
        /// How long it is said to take from this moment, where nothing says when: a source knows no time of its own.
        after: Option<Span>,
    },
}

impl Wait {
    /// The same wait, with the time at which it is over where a source only said how long it takes.
    #[must_use]
    pub fn dated(self, now: Wall) -> Self {
        match self {
            Self::Limit { until, after } => {
                let over = |after: Span| Wall::from_ms(now.as_ms().saturating_add_unsigned(after.as_ms()));
                Self::Limit { until: until.or_else(|| after.map(over)), after: None }
            }
            Self::Human { .. } => self,
        }
    }
}

/// What a person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HumanWait {
    /// To allow something.
    Permission,
    /// An answer.
    Question,
    /// To sign in.
    SignIn,
    /// The next thing to do.
    Instructions,
}

/// What a run says of its own end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whether it calls itself a success.
    pub succeeded: bool,
    /// In its own words.
    pub message: Option<String>,
}

/// What some work took, since the last time that the same source said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metrics {
    /// How many calls went well.
    pub succeeded: u32,
    /// How many did not.
    pub failed: u32,
    /// How long they took together; each of them is one more in the mean.
    pub latency: Option<Span>,
    /// What they cost, in millionths of a dollar.
    pub cost_microusd: u64,
    /// How many turns the agent took.
    pub turns: u32,
    /// How many tokens the model read anew and wrote. Those that came out of its cache are left out: they say how long a
    /// session is, not what it does.
    pub tokens: u64,
}

impl Metrics {
    /// The cost of so many dollars; nothing for a number that is none.
    #[must_use]
    pub fn dollars(usd: f64) -> u64 {
        // Saturates by itself, and turns what is no number into 0.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates as intended")]
        let micro = (usd * 1e6).round() as u64;
        micro
    }
}
