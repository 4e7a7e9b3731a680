//! Buttons of notifications: what a person asks for by pressing one. What does not work is told where it was asked for.

use std::ffi::OsString;
use std::path::Path;

use nightkeep_core::RunId;
use tokio::sync::{mpsc, oneshot};

use super::decisions::DECISIONS;
use super::fact::Fact;
use super::task::Actor;
use crate::api::ApiError;
use crate::notify::{Banner, MORE_TIME_S, Notifier, Press, Text, Urgency};
use crate::store::StoreHandle;
use crate::surface;

/// Shows notifications; what comes of them, and what somebody presses, become facts.
pub(super) fn notifier(store: &StoreHandle, facts: &mpsc::Sender<Fact>) -> Notifier {
    let (results, presses) = (facts.clone(), facts.clone());
    let on_result = move |result| drop(results.try_send(Fact::Notified(result)));
    Notifier::start(store.clone(), on_result, move |press| drop(presses.try_send(Fact::Pressed(press))))
}

impl Actor {
    /// Somebody has pressed a button.
    pub(super) fn pressed(&mut self, press: &Press) {
        tracing::info!(target: DECISIONS, asked = ?press, "a button of a notification was pressed");
        self.somebody_is_here();
        match press {
            Press::Open(page) => self.open_window(page.clone()),
            Press::RunAgain(job) => {
                let (reply, answer) = oneshot::channel();
                self.start_job(job, reply);
                self.tell_refusal(press, format!("{job} was not started"), answer);
            }
            Press::MoreTime(run) => {
                let (reply, answer) = oneshot::channel();
                self.extend_run(RunId(*run), MORE_TIME_S, reply);
                self.tell_refusal(press, format!("Run {run} has no more time"), answer);
            }
            Press::Resume(job) => {
                let (reply, answer) = oneshot::channel();
                self.resume_job(job, reply);
                self.tell_refusal(press, format!("{job} was not resumed"), answer);
            }
            Press::Snooze(job) => {
                let (reply, answer) = oneshot::channel();
                self.snooze_job(job, reply);
                self.tell_refusal(press, format!("{job} was not snoozed"), answer);
            }
        }
    }

    /// Nothing depends on the window: when it cannot be opened, that is logged.
    fn open_window(&self, page: String) {
        let program = surface::window_beside(&self.nightkeep);
        let _task = tokio::spawn(async move {
            let display = surface::display().await;
            if let Err(fault) = open(&program, &page, &display) {
                tracing::error!(%fault, %page, "the window could not be opened");
            }
        });
    }

    fn tell_refusal<T: Send + 'static>(
        &self,
        press: &Press,
        title: String,
        answer: oneshot::Receiver<Result<T, ApiError>>,
    ) {
        let (notifier, slot) = (self.notifier.clone(), press.slot());
        let _task = tokio::spawn(async move {
            if let (Ok(Err(error)), Some(notifier)) = (answer.await, notifier) {
                let text = Text { slot, title, body: sentences(&error), urgency: Urgency::Normal, is_silent: false };
                notifier.show(Banner { text, closes: Vec::new(), note: None, buttons: Vec::new() });
            }
        });
    }
}

fn open(program: &Path, page: &str, display: &[(OsString, OsString)]) -> std::io::Result<()> {
    surface::start(program, page.as_ref(), display)
}

/// What went wrong and what could be done about it.
fn sentences(error: &ApiError) -> String {
    let parts = [Some(error.message.as_str()), error.hint.as_deref()];
    let sentence = |part: &str| {
        let mut rest = part.chars();
        let first = rest.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}.", rest.as_str().trim_end_matches('.'))
    };
    parts.into_iter().flatten().map(sentence).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ErrorCode;

    #[test]
    fn a_refusal_is_told_in_sentences() {
        let error = ApiError::new(ErrorCode::Conflict, "run 4 of `a` goes on").with_hint("stop it first");
        assert_eq!(sentences(&error), "Run 4 of `a` goes on. Stop it first.");
        assert_eq!(sentences(&ApiError::new(ErrorCode::NotFound, "`a` is gone")), "`a` is gone.");
    }
}
