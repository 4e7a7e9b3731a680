//! Signals as they are sent: what a source has read in a process of its own goes to the engine over the API.

use nightkeep_core::{Activity, Claim, HumanWait, Metrics, Signal, Wait};

use crate::api::{HumanWaitKind, OpenActivity, SignalSpec};
use crate::clock::rfc3339;

/// A signal in the words of the API.
#[must_use]
pub fn said(signal: Signal) -> SignalSpec {
    match signal {
        // The API has no word for the other two: they come from what the engine reads itself.
        Signal::Beat | Signal::Unclaims | Signal::Result(_) => SignalSpec::Beat,
        Signal::Advance(advance) => {
            SignalSpec::Advance { step: advance.step, total: advance.total, note: advance.note, series: advance.series }
        }
        Signal::Begins { id, activity, what } => match open(activity) {
            Some(activity) => SignalSpec::Begins { id, activity, what },
            None => SignalSpec::Beat,
        },
        Signal::Ends { id, digest } => SignalSpec::Ends { id, digest },
        Signal::EmptyTurn => SignalSpec::EmptyTurn,
        Signal::Waits(wait) => waits(wait),
        Signal::Resumes => SignalSpec::Resumed,
        Signal::Claims(Claim { succeeded, message }) => SignalSpec::Claims { succeeded, message },
        Signal::Note(text) => SignalSpec::Note { text },
        Signal::Metrics(metrics) => took(&metrics),
        Signal::Expects(span) => SignalSpec::Expects { for_s: span.as_secs_f64() },
    }
}

/// What begins and ends; working and waiting are no such things.
pub(crate) const fn open(activity: Activity) -> Option<OpenActivity> {
    match activity {
        Activity::Tool => Some(OpenActivity::Tool),
        Activity::Subagent => Some(OpenActivity::Subagent),
        Activity::Compacting => Some(OpenActivity::Compacting),
        Activity::Working | Activity::WaitingHuman | Activity::WaitingLimit => None,
    }
}

fn waits(wait: Wait) -> SignalSpec {
    match wait {
        Wait::Human { kind, what } => {
            let kind = match kind {
                HumanWait::Permission => HumanWaitKind::Permission,
                HumanWait::Question => HumanWaitKind::Question,
                HumanWait::SignIn => HumanWaitKind::SignIn,
                HumanWait::Instructions => HumanWaitKind::Instructions,
            };
            SignalSpec::WaitingHuman { kind, what }
        }
        Wait::Limit { until, after } => {
            SignalSpec::WaitingLimit { for_s: after.map(|after| after.as_secs_f64()), until: until.map(rfc3339) }
        }
    }
}

/// The tokens are not sent: the API has no word for them.
fn took(metrics: &Metrics) -> SignalSpec {
    #[expect(clippy::cast_precision_loss, reason = "a cost below a billion dollars is exact to a millionth")]
    let cost_usd = metrics.cost_microusd as f64 / 1e6;
    SignalSpec::Metrics {
        succeeded: metrics.succeeded,
        failed: metrics.failed,
        latency_ms: metrics.latency.map(|latency| latency.as_ms()),
        cost_usd,
        turns: metrics.turns,
    }
}
