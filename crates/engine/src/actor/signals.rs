//! What sources say of runs, on its way to the core.

use std::time::Duration;

use jiff::Timestamp;
use nightkeep_core::{Advance, Claim, HumanWait, Input, Metrics, Now, RunId, Signal, Source, Span, Wait, Wall};

use super::fact::{Fact, Reply};
use super::sources::Agent;
use super::task::Actor;
use crate::api::{ApiError, ErrorCode, HumanWaitKind, SIGNALS_MAX, SignalSpec, SignalsReply, SignalsRequest};

/// A step that came too fast goes in after this long.
const HELD_FOR: Duration = Duration::from_secs(1);
/// The longest text that is taken in, in characters.
const TEXT_MAX: usize = 1_000;
/// What Claude Code's hook calls itself.
const HOOK: &str = "claude-hook";
/// The longest name, in characters.
const NAME_MAX: usize = 200;

impl Actor {
    /// Somebody says something of a run, which may not be known yet.
    pub(super) fn signals_came(&mut self, request: SignalsRequest, reply: Reply<SignalsReply>) {
        if self.run_called(&request.run).is_ok() {
            self.signals_said(request, reply);
        } else if let Some((request, reply)) = self.hold_early(request, reply) {
            self.signals_said(request, reply);
        }
    }

    pub(super) fn signals_said(&mut self, request: SignalsRequest, reply: Reply<SignalsReply>) {
        let now = self.now();
        let answer = self.run_called(&request.run).and_then(|id| {
            let (source, signals) = read(request, now)?;
            let said = self.take_signals(id, &source, signals);
            self.give(Input::Settle(id));
            Ok(said)
        });
        let Ok(said) = answer else {
            let _heard = reply.send(answer);
            return;
        };
        // What was acknowledged is not forgotten in a crash: who waits for a person does not say so twice.
        let store = self.store.clone();
        let _task = tokio::spawn(async move {
            store.written(said.run).await;
            let _heard = reply.send(Ok(said));
        });
    }

    /// Takes in what a source says of a run, as fast as it may.
    pub(super) fn take_signals(&mut self, id: RunId, source: &Source, signals: Vec<Signal>) -> SignalsReply {
        let now = self.now();
        let mut said = SignalsReply { run: id.0, taken: 0, dropped: 0 };
        for signal in signals {
            let Some(run) = self.runs.get_mut(&id) else { break };
            let read = run.sources.as_ref().map_or(Agent::Unread, |sources| sources.agent);
            let signal = if source.as_str() == HOOK { uncounted(signal, read) } else { Some(signal) };
            let Some(signal) = signal else { continue };
            match run.inlet.let_in(now.awake, source, signal) {
                Some(signal) => {
                    said.taken += 1;
                    self.give(Input::Signal(id, source.clone(), signal));
                }
                None => said.dropped += 1,
            }
        }
        if self.runs.get_mut(&id).is_some_and(|run| run.inlet.begin_to_await()) {
            self.spawn_aside(async move {
                tokio::time::sleep(HELD_FOR).await;
                Fact::HeldDue(id)
            });
        }
        said
    }

    /// What came too fast goes in.
    pub(super) fn held_due(&mut self, id: RunId) {
        let now = self.now();
        let held = self.runs.get_mut(&id).map(|run| run.inlet.take_held(now.awake)).unwrap_or_default();
        for (source, advance) in held {
            self.give(Input::Signal(id, source, Signal::Advance(advance)));
        }
    }

    /// The run with this number or this tag.
    fn run_called(&self, name: &str) -> Result<RunId, ApiError> {
        let numbered = name.parse().ok().map(RunId).filter(|id| self.runs.contains_key(id));
        let tagged = || self.runs.values().find(|run| run.tag == name).map(|run| run.id);
        numbered.or_else(tagged).ok_or_else(|| {
            let message = format!("no run `{}` is being watched", crate::clean::clean_text(name, NAME_MAX));
            ApiError::new(ErrorCode::NotFound, message)
        })
    }
}

/// What an agent tells its hook, without what is read of the agent as well.
fn uncounted(signal: Signal, read: Agent) -> Option<Signal> {
    if read == Agent::Unread {
        return Some(signal);
    }
    let is_streamed = read == Agent::Streamed;
    match signal {
        Signal::Metrics(_) | Signal::EmptyTurn => None,
        // Its calls are told by whoever reads them. That it makes one still ends what the hook said of waiting.
        Signal::Advance(_) | Signal::Begins { .. } | Signal::Ends { .. } if is_streamed => Some(Signal::Resumes),
        Signal::Ends { id, digest: _ } => Some(Signal::Ends { id, digest: None }),
        Signal::Beat
        | Signal::Advance(_)
        | Signal::Begins { .. }
        | Signal::Waits(_)
        | Signal::Resumes
        | Signal::Claims(_)
        | Signal::Unclaims
        | Signal::Result(_)
        | Signal::Note(_)
        | Signal::Expects(_) => Some(signal),
    }
}

fn read(request: SignalsRequest, now: Now) -> Result<(Source, Vec<Signal>), ApiError> {
    let is_word = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_:.".contains(&byte);
        !name.is_empty() && name.len() <= 60 && name.bytes().all(plain)
    };
    if !is_word(&request.source) {
        return Err(invalid("`source` is a short word of small letters, digits and `-`"));
    }
    if request.signals.len() > SIGNALS_MAX {
        return Err(invalid(format!("{} signals at once; at most {SIGNALS_MAX}", request.signals.len())));
    }
    let signals = request.signals.into_iter().map(|said| signal(said, now)).collect::<Result<_, _>>()?;
    Ok((Source::named(request.source), signals))
}

fn signal(said: SignalSpec, now: Now) -> Result<Signal, ApiError> {
    Ok(match said {
        SignalSpec::Beat => Signal::Beat,
        SignalSpec::Advance { step, total, note, series } => {
            Signal::Advance(Advance { step, total, note: note.map(text), series: series.map(name) })
        }
        SignalSpec::Begins { id, activity, what } => {
            Signal::Begins { id: name(id), activity: super::record::activity(activity), what: what.map(text) }
        }
        SignalSpec::Ends { id, digest } => Signal::Ends { id: name(id), digest },
        SignalSpec::EmptyTurn => Signal::EmptyTurn,
        SignalSpec::WaitingHuman { kind, what } => Signal::Waits(Wait::Human {
            kind: match kind {
                HumanWaitKind::Permission => HumanWait::Permission,
                HumanWaitKind::Question => HumanWait::Question,
                HumanWaitKind::SignIn => HumanWait::SignIn,
                HumanWaitKind::Instructions => HumanWait::Instructions,
            },
            what: what.map(text),
        }),
        SignalSpec::WaitingLimit { for_s, until } => {
            Signal::Waits(Wait::Limit { until: limit_until(for_s, until, now)?, after: None })
        }
        SignalSpec::Resumed => Signal::Resumes,
        SignalSpec::Claims { succeeded, message } => Signal::Claims(Claim { succeeded, message: message.map(text) }),
        SignalSpec::Note { text: note } => Signal::Note(text(note)),
        SignalSpec::Metrics { succeeded, failed, latency_ms, cost_usd, turns } => Signal::Metrics(Metrics {
            succeeded,
            failed,
            latency: latency_ms.map(Span::from_ms),
            cost_microusd: Metrics::dollars(cost_usd),
            turns,
            ..Metrics::default()
        }),
        SignalSpec::Expects { for_s } => Signal::Expects(span(for_s)?),
    })
}

fn limit_until(for_s: Option<f64>, until: Option<String>, now: Now) -> Result<Option<Wall>, ApiError> {
    if let Some(text) = until {
        let at: Timestamp = text.parse().map_err(|_| invalid("`until` is a time such as `2026-01-31T07:00:00Z`"))?;
        return Ok(Some(Wall::from_ms(at.as_millisecond())));
    }
    let Some(secs) = for_s else { return Ok(None) };
    Ok(Some(Wall::from_ms(now.wall.as_ms().saturating_add_unsigned(span(secs)?.as_ms()))))
}

/// Seconds as somebody says them, who may say anything.
fn span(secs: f64) -> Result<Span, ApiError> {
    let length = Duration::try_from_secs_f64(secs).map_err(|_| invalid("a length of time is a number of seconds"))?;
    Ok(Span::from_ms(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)))
}

fn text(said: String) -> String {
    cut(said, TEXT_MAX)
}

fn name(said: String) -> String {
    cut(said, NAME_MAX)
}

fn cut(mut said: String, chars: usize) -> String {
    if let Some((end, _)) = said.char_indices().nth(chars) {
        said.truncate(end);
    }
    said
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Invalid, message.into())
}
