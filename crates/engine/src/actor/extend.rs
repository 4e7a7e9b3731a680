//! More time for the present step of a run, given by a person.

use nightkeep_core::{Input, RunId, Span};

use super::fact::Reply;
use super::task::Actor;
use crate::api::{ApiError, ErrorCode, ExtendReply};

/// The longest time that is given at once, in seconds.
const GIVEN_MAX_S: f64 = 24.0 * 3_600.0;

impl Actor {
    pub(super) fn extend_run(&mut self, id: RunId, by_s: f64, reply: Reply<ExtendReply>) {
        let answer = length(by_s).and_then(|by| {
            let before = self.limit_of(id)?;
            self.give(Input::Extend { run: id, by });
            let after = self.limit_of(id)?;
            Ok(ExtendReply { stall_after_s: after.as_secs_f64(), given_s: after.minus(before).as_secs_f64() })
        });
        let Ok(given) = answer else {
            let _heard = reply.send(answer);
            return;
        };
        // What a person was told holds after a crash.
        let store = self.store.clone();
        let _task = tokio::spawn(async move {
            store.written(id.0).await;
            let _heard = reply.send(Ok(given));
        });
    }

    /// The limit of the present step of a run that is judged.
    fn limit_of(&self, id: RunId) -> Result<Span, ApiError> {
        let now = self.now();
        self.core
            .snapshot(now.awake)
            .into_iter()
            .find(|run| run.run == id)
            .map(|run| run.limits.stall_after)
            .ok_or_else(|| {
                ApiError::new(ErrorCode::NotFound, format!("run {id} is not being watched"))
                    .with_hint("`nightkeep status` lists what runs, `nightkeep history` what has ended")
            })
    }
}

fn length(by_s: f64) -> Result<Span, ApiError> {
    if !(1.0..=GIVEN_MAX_S).contains(&by_s) {
        return Err(ApiError::new(ErrorCode::Invalid, "`by_s` is between a second and a day").at_field("by_s"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between a second and a day")]
    Ok(Span::from_ms((by_s * 1_000.0) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_that_is_none_or_never_ends_is_given() {
        for odd in [0.0, -5.0, f64::NAN, f64::INFINITY, 90_000.0] {
            assert!(length(odd).is_err(), "{odd}");
        }
        assert_eq!(length(1_800.0), Ok(Span::from_mins(30)));
    }
}
