//! What one datagram says.

use std::io;

use nightkeep_core::time::Span;
use nightkeep_core::{Advance, Claim, Signal};

use crate::clean::clean_text;
use crate::sources::NOTE_CHARS_MAX;

/// The longest datagram that is read. systemd itself takes half as much.
pub const DATAGRAM_MAX: usize = 8 * 1024;

/// The assignments of a datagram that say something here, each by its first occurrence.
#[derive(Default)]
struct Said<'a> {
    status: Option<&'a str>,
    progress: Option<&'a str>,
    extend_usec: Option<&'a str>,
    stopping: bool,
    triggered: bool,
    errno: Option<&'a str>,
    exit_status: Option<&'a str>,
}

/// The signals of one datagram, at least one: whoever sends anything at all is alive.
#[must_use]
pub fn signals(datagram: &[u8]) -> Vec<Signal> {
    if datagram.len() > DATAGRAM_MAX {
        return vec![Signal::Beat];
    }
    let text = String::from_utf8_lossy(datagram);
    let said = Said::of(&text);
    let mut out = Vec::new();
    let claim = said.claim();
    let status = said.status.map(|status| clean_text(status, NOTE_CHARS_MAX)).filter(|status| !status.is_empty());
    if let Some((step, total)) = said.progress.and_then(fraction) {
        out.push(Signal::Advance(Advance { step: Some(step), total, note: status, series: None }));
    } else if let Some(note) = status {
        out.push(Signal::Note(note));
    } else if said.stopping && claim.is_none() {
        out.push(Signal::Note("is stopping".to_owned()));
    }
    out.extend(said.extend_usec.and_then(microseconds).map(Signal::Expects));
    out.extend(claim.map(Signal::Claims));
    if out.is_empty() {
        out.push(Signal::Beat);
    }
    out
}

impl<'a> Said<'a> {
    fn of(text: &'a str) -> Self {
        let mut said = Self::default();
        for (key, value) in text.split('\n').filter_map(|line| line.split_once('=')) {
            match key {
                "STATUS" => said.status = said.status.or(Some(value)),
                "X_PROGRESS" => said.progress = said.progress.or(Some(value)),
                "EXTEND_TIMEOUT_USEC" => said.extend_usec = said.extend_usec.or(Some(value)),
                "STOPPING" => said.stopping |= value == "1",
                "WATCHDOG" => said.triggered |= value == "trigger",
                "ERRNO" => said.errno = said.errno.or(Some(value)),
                "EXIT_STATUS" => said.exit_status = said.exit_status.or(Some(value)),
                // `READY`, `WATCHDOG=1`, `RELOADING`, `MAINPID`, barriers, descriptors to keep, and what is not known.
                _ => {}
            }
        }
        said
    }

    /// `STOPPING` claims nothing: a failing service stops as well.
    fn claim(&self) -> Option<Claim> {
        let failure = self.failure();
        let code = self.exit_status.and_then(|text| text.trim().parse::<u8>().ok());
        if failure.is_none() && code != Some(0) {
            return None;
        }
        let status = self.status.map(|status| clean_text(status, NOTE_CHARS_MAX)).filter(|status| !status.is_empty());
        Some(Claim { succeeded: failure.is_none(), message: status.or(failure) })
    }

    fn failure(&self) -> Option<String> {
        if self.triggered {
            return Some("WATCHDOG=trigger".to_owned());
        }
        let errno = self.errno.and_then(|text| text.trim().parse::<i32>().ok()).filter(|errno| *errno > 0);
        let code = self.exit_status.and_then(|text| text.trim().parse::<u8>().ok()).filter(|code| *code > 0);
        let error = errno.map(|errno| io::Error::from_raw_os_error(errno).to_string());
        error.or_else(|| code.map(|code| format!("exit status {code}")))
    }
}

/// `3/10`, or `3`.
fn fraction(text: &str) -> Option<(i64, Option<i64>)> {
    let (step, total) = text.split_once('/').map_or((text, None), |(step, total)| (step, Some(total)));
    let step = step.trim().parse().ok().filter(|step| *step >= 0)?;
    Some((step, total.and_then(|total| total.trim().parse().ok()).filter(|total| *total > 0)))
}

fn microseconds(text: &str) -> Option<Span> {
    let usec: u64 = text.trim().parse().ok().filter(|usec| *usec > 0)?;
    Some(Span::from_ms(usec.div_ceil(1000)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn note(text: &str) -> Signal {
        Signal::Note(text.to_owned())
    }

    fn advance(step: i64, total: Option<i64>, note: Option<&str>) -> Signal {
        Signal::Advance(Advance { step: Some(step), total, note: note.map(str::to_owned), series: None })
    }

    fn claims(succeeded: bool, message: Option<&str>) -> Signal {
        Signal::Claims(Claim { succeeded, message: message.map(str::to_owned) })
    }

    #[test]
    fn whatever_is_sent_is_a_sign_of_life_and_nothing_more() {
        for text in [
            "READY=1",
            "WATCHDOG=1",
            "RELOADING=1\nMONOTONIC_USEC=5",
            "MAINPID=1",
            "BARRIER=1",
            "FDSTORE=1\nFDNAME=x",
            "WATCHDOG_USEC=20000000",
            "X_OTHER=3/10",
            "",
            "\n\n",
            "no assignment",
            "=",
            "STATUS=",
            "STOPPING=0",
            "ERRNO=0",
        ] {
            assert_eq!(signals(text.as_bytes()), [Signal::Beat], "{text:?}");
        }
    }

    #[test]
    fn a_status_is_a_note_even_when_it_looks_like_progress() {
        assert_eq!(signals(b"READY=1\nSTATUS=drafting 3/10"), [note("drafting 3/10")]);
        assert_eq!(signals(b"STATUS=\x1b[31mred\x1b[0m\tand \xff"), [note("red and \u{fffd}")]);
        assert_eq!(signals(b"STATUS=first\nSTATUS=second"), [note("first")]);
    }

    #[test]
    fn progress_has_a_key_of_its_own_and_the_status_beside_it_is_its_note() {
        assert_eq!(signals(b"X_PROGRESS=3/10"), [advance(3, Some(10), None)]);
        assert_eq!(signals(b"X_PROGRESS=4"), [advance(4, None, None)]);
        assert_eq!(signals(b"STATUS=drafted\nX_PROGRESS=5 / 0\n"), [advance(5, None, Some("drafted"))]);
        for wrong in ["", "x", "-1/3", "3.5", "99999999999999999999", "/3"] {
            assert_eq!(signals(format!("X_PROGRESS={wrong}").as_bytes()), [Signal::Beat], "{wrong:?}");
        }
    }

    #[test]
    fn more_time_can_be_asked_for() {
        assert_eq!(signals(b"EXTEND_TIMEOUT_USEC=1500001"), [Signal::Expects(Span::from_ms(1501))]);
        let both = [advance(1, None, None), Signal::Expects(Span::from_secs(60))];
        assert_eq!(signals(b"EXTEND_TIMEOUT_USEC=60000000\nX_PROGRESS=1"), both);
        for wrong in ["0", "-5", "soon", "99999999999999999999999"] {
            assert_eq!(signals(format!("EXTEND_TIMEOUT_USEC={wrong}").as_bytes()), [Signal::Beat], "{wrong:?}");
        }
    }

    #[test]
    fn a_failure_is_claimed_and_stopping_is_no_success() {
        assert_eq!(signals(b"STOPPING=1"), [note("is stopping")]);
        assert_eq!(signals(b"STOPPING=1\nSTATUS=cleaning up"), [note("cleaning up")]);
        assert_eq!(signals(b"WATCHDOG=trigger"), [claims(false, Some("WATCHDOG=trigger"))]);
        assert_eq!(signals(b"EXIT_STATUS=3"), [claims(false, Some("exit status 3"))]);
        assert_eq!(signals(b"EXIT_STATUS=0\nSTOPPING=1"), [claims(true, None)]);
        assert_eq!(signals(b"EXIT_STATUS=0\nERRNO=2").len(), 1);
        let failed = signals(b"ERRNO=5\nSTATUS=the disk is gone");
        assert_eq!(failed, [note("the disk is gone"), claims(false, Some("the disk is gone"))]);
    }

    #[test]
    fn a_datagram_that_is_too_long_is_only_a_sign_of_life() {
        let mut long = b"X_PROGRESS=3\n".to_vec();
        long.resize(DATAGRAM_MAX + 1, b'x');
        assert_eq!(signals(&long), [Signal::Beat]);
        long.truncate(DATAGRAM_MAX);
        assert_eq!(signals(&long), [advance(3, None, None)]);
    }

    proptest! {
        #[test]
        fn any_bytes_say_a_few_short_things(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let found = signals(&bytes);
            prop_assert!((1..=3).contains(&found.len()));
            for signal in found {
                if let Signal::Note(text) = signal {
                    prop_assert!(text.chars().count() <= NOTE_CHARS_MAX && !text.chars().any(char::is_control));
                }
            }
        }
    }
}
