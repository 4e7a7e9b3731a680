//! One report of OSC 7501, the "program status protocol", revisions 0.2 to 0.4: `KEY=VALUE` pairs with `:` between them,
//! as in `state=blocked:kind=permission:app=claude-code:msg=…`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nightkeep_core::HumanWait;

use crate::clean::clean_text;
use crate::sources::NOTE_CHARS_MAX;

/// The longest name of a record, and how deep it may be.
const ID_BYTES_MAX: usize = 128;
const ID_LEVELS_MAX: usize = 8;

/// What a program says that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Works.
    Working,
    /// Cannot go on without a person.
    Blocked(HumanWait),
    /// Has nothing to do.
    Idle,
    /// Has done what it was to do.
    Done,
    /// Has failed.
    Error,
    /// Says nothing any more.
    Clear,
}

/// A report that is well formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    /// Which record it replaces; empty for the one that has no name.
    pub(super) id: String,
    pub(super) state: State,
    /// In hundredths; with [`State::Working`] and [`State::Blocked`] only.
    pub(super) progress: Option<i64>,
    /// In one clean line.
    pub(super) message: Option<String>,
}

impl Report {
    /// Reads the text behind `7501;`. `None`: it is a query, or not well formed, or says a state that nobody knows.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let (mut id, mut state, mut kind, mut progress, mut message) = ("", None, "", None, None);
        for pair in text.split(':') {
            let (key, value) = pair.split_once('=').filter(|(key, value)| is_key(key) && is_value(value))?;
            match key {
                "id" => id = value,
                "state" => state = Some(value),
                "kind" => kind = value,
                "progress" => progress = value.parse().ok().filter(|progress| (0..=100).contains(progress)),
                "msg" => message = decoded(value),
                _ => {}
            }
        }
        let state = state_of(state?, kind)?;
        let is_name = id.len() <= ID_BYTES_MAX && id.split('/').count() <= ID_LEVELS_MAX;
        let may_progress = matches!(state, State::Working | State::Blocked(_));
        is_name.then(|| Self { id: id.to_owned(), state, progress: progress.filter(|_| may_progress), message })
    }
}

fn state_of(state: &str, kind: &str) -> Option<State> {
    match state {
        "working" => Some(State::Working),
        "blocked" => Some(State::Blocked(match kind {
            "permission" => HumanWait::Permission,
            "auth" => HumanWait::SignIn,
            // Any other is an answer that a person has to give.
            _ => HumanWait::Question,
        })),
        "idle" => Some(State::Idle),
        "done" => Some(State::Done),
        "error" => Some(State::Error),
        "clear" => Some(State::Clear),
        _ => None,
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.,+/=-".contains(&byte))
}

/// A message with control characters in it is none.
fn decoded(value: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let is_plain = !text.chars().any(char::is_control);
    Some(clean_text(&text, NOTE_CHARS_MAX)).filter(|text| is_plain && !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> Option<Report> {
        Report::of(text.as_bytes())
    }

    fn with(state: State) -> Report {
        Report { id: String::new(), state, progress: None, message: None }
    }

    #[test]
    fn a_report_says_its_state_and_what_it_needs() {
        assert_eq!(report("state=working:app=claude-code"), Some(with(State::Working)));
        let permission =
            Report { message: Some("approve Bash: touch x".to_owned()), ..with(State::Blocked(HumanWait::Permission)) };
        let text = format!("state=blocked:app=x:kind=permission:msg={}", STANDARD.encode("approve Bash: touch x"));
        assert_eq!(report(&text), Some(permission));
        assert_eq!(report("kind=auth:state=blocked"), Some(with(State::Blocked(HumanWait::SignIn))));
        assert_eq!(report("state=blocked:kind=novel"), Some(with(State::Blocked(HumanWait::Question))));
        for (text, state) in
            [("idle", State::Idle), ("done", State::Done), ("error", State::Error), ("clear", State::Clear)]
        {
            assert_eq!(report(&format!("state={text}")), Some(with(state)));
        }
    }

    #[test]
    fn progress_belongs_to_work_and_is_at_most_a_hundred() {
        let progress = |text| report(text).unwrap().progress;
        assert_eq!(progress("state=working:progress=40"), Some(40));
        assert_eq!(progress("state=blocked:progress=40"), Some(40));
        for text in [
            "state=idle:progress=40",
            "state=working:progress=101",
            "state=working:progress=-1",
            "state=working:progress=",
        ] {
            assert_eq!(progress(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_no_report() {
        for text in [
            "",
            "?",
            "state",
            "state=",
            "state=novel",
            "app=x",
            "State=working",
            "state=working:",
            "=working",
            "state=working:app=a b",
        ] {
            assert_eq!(report(text), None, "{text:?}");
        }
        assert_eq!(Report::of(b"state=working:app=\xff"), None);
        assert_eq!(report(&format!("state=working:id={}", "a".repeat(129))), None);
        assert_eq!(report("state=working:id=a/b/c/d/e/f/g/h/i"), None);
        assert!(report("state=working:id=a/b/c/d/e/f/g/h:novel=1").is_some());
    }

    #[test]
    fn a_message_that_could_steer_a_terminal_is_left_out() {
        for bytes in [&b"\x1b[31mred"[..], b"two\nlines", b"\xff\xfe", b""] {
            let text = format!("state=working:msg={}", STANDARD.encode(bytes));
            assert_eq!(report(&text), Some(with(State::Working)), "{bytes:?}");
        }
        assert_eq!(report("state=working:msg=!"), None);
        assert_eq!(report("state=working:msg=abc").unwrap().message, None);
    }
}
