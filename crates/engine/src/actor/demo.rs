//! The demonstration: a sample agent that shows within a minute what is done about a run that gets stuck.

use super::fact::{Reply, Then};
use super::launch::Registered;
use super::task::Actor;
use crate::api::{ApiError, ErrorCode, JobSpec, LimitsSpec, StartReply};
use crate::rundir::{OsText, RunDir, Spec};

/// What its runs are called.
pub const DEMO_JOB: &str = "demo";
/// The hidden command that is the sample agent.
pub const DEMO_AGENT: &str = "demo-agent";

impl Actor {
    /// Starts the sample agent as any other run is started; it is no job of the configuration.
    pub(super) fn start_demo(&mut self, reply: Reply<StartReply>) {
        let is_taken = self.config.current().job(DEMO_JOB).is_some();
        let taken = || {
            ApiError::new(ErrorCode::Conflict, format!("a job of yours is called `{DEMO_JOB}`"))
                .with_hint("the demonstration would run under its name; rename the job first")
        };
        let is_free = if is_taken { Err(taken()) } else { self.check_idle(DEMO_JOB) };
        match is_free.and_then(|()| self.check_queue()).and_then(|()| self.spec_of_demo()) {
            Ok((spec, dir)) => {
                self.register_run(Registered::launched(&spec, dir), Then::Launch(Box::new(spec), reply));
            }
            Err(error) => {
                let _heard = reply.send(Err(error));
            }
        }
    }

    fn spec_of_demo(&self) -> Result<(Spec, RunDir), ApiError> {
        let (spec, dir) = self.spec_of(&demo_job())?;
        let command = vec![OsText::from(self.nightkeep.clone()), OsText(DEMO_AGENT.into())];
        // It counts for no circuit breaker and is never started again.
        Ok((Spec { command, by_job: None, ..spec }, dir))
    }
}

/// Limits that a person can watch, and the same ones whatever the types were set to.
fn demo_job() -> JobSpec {
    let limits = LimitsSpec {
        warn_after: Some("8s".to_owned()),
        stall_after: Some("20s".to_owned()),
        grace: Some("5s".to_owned()),
        start_allowance: Some("0s".to_owned()),
        max_runtime: Some("10m".to_owned()),
        ..LimitsSpec::default()
    };
    JobSpec { name: DEMO_JOB.to_owned(), limits, ..JobSpec::default() }
}
