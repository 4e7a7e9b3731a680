//! `mcp`: a server of the Model Context Protocol on the standard streams, with which an agent says for itself how far it is.
//! Standard output is the protocol. Whatever goes wrong with a report is told to the agent in words; nothing ends for it.

use std::time::Duration;

use nightkeep_engine::api::{ApiError, HumanWaitKind, RunView, SignalSpec};
use nightkeep_engine::config::duration;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::schemars::JsonSchema;
use rmcp::{ServerHandler, ServiceExt as _, tool, tool_handler, tool_router};
use serde::Deserialize;

use super::say::{Known, Teller, Told};
use crate::failure::{Failure, chain};
use crate::render::length;

/// Who says it.
const SOURCE: &str = "mcp";

/// A report takes this long at most.
const WITHIN: Duration = Duration::from_secs(5);
/// What an agent is told when a report failed.
const GO_ON: &str = "Go on with the work all the same.";
/// And of the tools as a whole.
const INSTRUCTIONS: &str = "You run under Nightkeep, which stops a run whose work does not move forward for too long. Call \
    `mark_progress` with a higher step whenever a part of the work is done, never just because time passes. Before a part \
    that takes long, say so with `expect`. Call `waiting` when you cannot go on without a person.";

pub(super) async fn mcp(run: Option<&str>) -> Result<(), Failure> {
    let reporter = Reporter { teller: Teller::new(SOURCE, run) };
    let server = reporter.serve(rmcp::transport::stdio()).await;
    let server = server.map_err(|error| Failure::new(format!("the conversation did not begin: {}", chain(&error))))?;
    drop(server.waiting().await);
    Ok(())
}

/// The tools, for one run.
#[derive(Debug, Clone)]
struct Reporter {
    /// Or why there is nobody to tell.
    teller: Result<Teller, String>,
}

/// What `mark_progress` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct MarkProgress {
    /// How many steps of the work are done. Only a higher number than before counts as progress.
    step: u32,
    /// How many steps there are in all, if you know.
    total: Option<u32>,
    /// What was done, in a few words for a person.
    note: Option<String>,
    /// How long the next step may take, such as `25m` or `1h30m`, when it takes longer than usual.
    expect: Option<String>,
}

/// What `waiting` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Waiting {
    /// What you wait for: the question or the permission that a person has to give, or the limit that has to pass.
    reason: String,
    /// When a usage limit is over, as a time such as `2026-01-31T07:00:00Z`. Leave it out when you wait for a person.
    until: Option<String>,
}

#[tool_router]
impl Reporter {
    #[tool(
        description = "Report that a part of the work is done. Call it when the work moved forward, with a higher step \
                          each time."
    )]
    async fn mark_progress(&self, Parameters(wanted): Parameters<MarkProgress>) -> CallToolResult {
        answered(self.progress(wanted).await)
    }

    #[tool(
        description = "Report that you cannot go on until a person answers or a usage limit passes. The time spent \
                          waiting does not count against you. Your next mark_progress ends it."
    )]
    async fn waiting(&self, Parameters(wanted): Parameters<Waiting>) -> CallToolResult {
        answered(self.waits(wanted).await)
    }

    #[tool(description = "How Nightkeep sees this run: its step, and after how long without progress it is stopped.")]
    async fn status(&self) -> CallToolResult {
        answered(self.seen().await)
    }
}

#[tool_handler]
impl ServerHandler for Reporter {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("nightkeep", nightkeep_engine::VERSION))
            .with_instructions(INSTRUCTIONS)
    }
}

impl Reporter {
    async fn progress(&self, wanted: MarkProgress) -> Result<String, String> {
        let MarkProgress { step, total, note, expect } = wanted;
        let expect = expect.as_deref().map(duration::parse).transpose();
        let expect = expect.map_err(|fault| format!("Nothing was recorded: `expect`: {fault}."))?;
        let (step, total) = (step.into(), total.map(Into::into));
        // Whoever gets on with the work no longer waits, whether the step counts or not.
        let mut signals =
            vec![SignalSpec::Resumed, SignalSpec::Advance { step: Some(step), total, note, series: None }];
        signals.extend(expect.map(|span| SignalSpec::Expects { for_s: span.as_secs_f64() }));
        let before = self.recorded(vec![SignalSpec::Beat]).await?;
        let after = self.recorded(signals).await?;
        let of = total.map_or_else(String::new, |total| format!(" of {total}"));
        let is_mine =
            after.last.as_ref().is_some_and(|last| last.step == step && last.source.as_deref() == Some(SOURCE));
        let counted = if is_mine && after.last != before.last {
            format!("step {step}{of} counts as progress")
        } else {
            format!("step {step}{of}, which is no progress: only a higher step than before is")
        };
        Ok(format!("Recorded for run {}: {counted}. {}", after.view.run, limit(&after.view)))
    }

    async fn waits(&self, wanted: Waiting) -> Result<String, String> {
        let Waiting { reason, until } = wanted;
        let (signals, what) = match until {
            Some(until) => {
                let what = format!("it waits for a usage limit to pass, until {until}");
                (
                    vec![
                        SignalSpec::Note { text: reason },
                        SignalSpec::WaitingLimit { for_s: None, until: Some(until) },
                    ],
                    what,
                )
            }
            None => {
                let kind = HumanWaitKind::Question;
                (vec![SignalSpec::WaitingHuman { kind, what: Some(reason) }], "it waits for a person".to_owned())
            }
        };
        let after = self.recorded(signals).await?;
        let rest = "The time that it waits is not on the limit; the next `mark_progress` ends it.";
        Ok(format!("Recorded for run {}: {what}. {rest}", after.view.run))
    }

    /// Asking is a sign of life.
    async fn seen(&self) -> Result<String, String> {
        let Known { view, message, last: _ } = self.recorded(vec![SignalSpec::Beat]).await?;
        Ok(format!("Run {} (`{}`): {message} {}", view.run, view.job, limit(&view)))
    }

    /// Says something, and looks at what is known of the run then.
    async fn recorded(&self, signals: Vec<SignalSpec>) -> Result<Known, String> {
        let teller = self.teller.as_ref().map_err(|why| format!("Nothing was recorded: {why}. {GO_ON}"))?;
        match teller.say(signals, WITHIN).await {
            Told::Taken(reply) => teller.look(reply.run, WITHIN).await.map_err(|error| not_recorded(&error)),
            Told::Away(error) | Told::NotTaken(error) => Err(not_recorded(&error)),
        }
    }
}

fn not_recorded(error: &ApiError) -> String {
    format!("Nothing was recorded: {}. {GO_ON}", error.message)
}

fn limit(view: &RunView) -> String {
    if view.observe {
        "It is only observed, never stopped.".to_owned()
    } else {
        format!("It is stopped after {} without progress.", length(view.stall_after_s))
    }
}

/// A report that failed is for the agent to read; the protocol worked.
fn answered(said: Result<String, String>) -> CallToolResult {
    match said {
        Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
        Err(text) => CallToolResult::error(vec![ContentBlock::text(text)]),
    }
}
