//! What an agent, a script or a helper of either says of a run.

use serde::{Deserialize, Serialize};

/// So many signals come in one request at most.
pub const SIGNALS_MAX: usize = 1_000;

/// `POST /v1/signals`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalsRequest {
    /// The run: its number, or its tag as it stands in `NIGHTKEEP_RUN`.
    pub run: String,
    /// Who says it: a short word such as `beat`, `hook` or `mcp`. Steps of different sources are never compared.
    pub source: String,
    /// What is said, in order.
    pub signals: Vec<SignalSpec>,
}

/// The reply to [`SignalsRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignalsReply {
    /// The run's number.
    pub run: u64,
    /// How many were taken in.
    pub taken: u64,
    /// How many were left out because they came too fast. Of steps the last one always counts.
    pub dropped: u64,
}

/// Something that a source says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SignalSpec {
    /// It is alive, and nothing more.
    Beat,
    /// It moved forward, if the step says so.
    Advance {
        /// The step: it counts when it is larger than the best one of the same source. Without one it counts by itself.
        #[serde(default)]
        step: Option<i64>,
        /// How many steps there are.
        #[serde(default)]
        total: Option<i64>,
        /// For people.
        #[serde(default)]
        note: Option<String>,
        /// Which series of steps this is; a different one starts again.
        #[serde(default)]
        series: Option<String>,
    },
    /// Something began that takes its time.
    Begins {
        /// Names it until its end.
        id: String,
        /// What kind of thing it is.
        activity: OpenActivity,
        /// What it is, for people.
        #[serde(default)]
        what: Option<String>,
    },
    /// It is over.
    Ends {
        /// The name under which it began.
        id: String,
        /// Stands for the call with its result: the same number again and again is going round in circles.
        #[serde(default)]
        digest: Option<u64>,
    },
    /// A turn is over of which nothing came but words.
    EmptyTurn,
    /// It waits for a person.
    WaitingHuman {
        /// What the person is asked for; an answer when left out.
        #[serde(default)]
        kind: HumanWaitKind,
        /// The question.
        #[serde(default)]
        what: Option<String>,
    },
    /// It waits for a usage limit to pass.
    WaitingLimit {
        /// In so many seconds, as far as is known.
        #[serde(default)]
        for_s: Option<f64>,
        /// Or at this time (RFC 3339).
        #[serde(default)]
        until: Option<String>,
    },
    /// It no longer waits.
    Resumed,
    /// It says how it ends; the end of its process decides.
    Claims {
        /// Whether it calls itself a success.
        succeeded: bool,
        /// In its own words.
        #[serde(default)]
        message: Option<String>,
    },
    /// Something for people to read.
    Note {
        /// The text.
        text: String,
    },
    /// What its work took, since the last time that the same source said so.
    Metrics {
        /// How many calls went well.
        #[serde(default)]
        succeeded: u32,
        /// How many did not.
        #[serde(default)]
        failed: u32,
        /// How long they took.
        #[serde(default)]
        latency_ms: Option<u64>,
        /// What they cost.
        #[serde(default)]
        cost_usd: f64,
        /// How many turns the agent took.
        #[serde(default)]
        turns: u32,
    },
    /// The present step may take so many seconds from this moment before it counts as a stall. Held to a cap.
    Expects {
        /// Seconds.
        for_s: f64,
    },
}

/// What kind of thing takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OpenActivity {
    /// A tool.
    Tool,
    /// A sub-agent.
    Subagent,
    /// The context is being compacted.
    Compacting,
}

/// What a person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HumanWaitKind {
    /// To allow something.
    Permission,
    /// An answer.
    #[default]
    Question,
    /// To sign in.
    SignIn,
    /// The next thing to do.
    Instructions,
}

/// What a run says of its own end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ClaimView {
    /// Whether it calls itself a success.
    pub succeeded: bool,
    /// In its own words, cleaned for display.
    pub message: Option<String>,
}

/// What the work of a run took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct TotalsView {
    /// How many calls went well.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub succeeded: u64,
    /// How many did not.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub failed: u64,
    /// The share of those that went well, from 0 to 1; `null` when there were none.
    pub success_rate: Option<f64>,
    /// How long a call takes on average.
    pub mean_latency_s: Option<f64>,
    /// How long the last one took.
    pub last_latency_s: Option<f64>,
    /// The last one took 20 times as long as usual, or longer.
    pub slow: bool,
    /// What all of it cost.
    pub cost_usd: f64,
    /// How many turns the agent took.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub turns: u64,
}
