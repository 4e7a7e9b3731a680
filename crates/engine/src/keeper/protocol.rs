//! What is said on a keeper's socket: one JSON object a line, in both directions.
//!
//! A keeper greets every connection with [`Event::Hello`] and tells each of them when the command ends and when nothing
//! is left. Requests are answered in their order, to the one who asked. A keeper that is gone says nothing: the
//! connection ends.

use nightkeep_os::Signal;
use serde::{Deserialize, Serialize};

use crate::rundir::RunEnd;

/// The version of the protocol. Fields and events are added without a change of it; a reader skips what it does not know.
pub const PROTOCOL: u32 = 1;

/// The longest request, its newline included.
pub const REQUEST_BYTES_MAX: usize = 1024;

/// The longest event, its newline included: enough for 100,000 members.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// What a keeper can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Request {
    /// Send a signal to the command, and let it go on if it is stopped.
    SignalRoot {
        /// The signal.
        signal: Signal,
    },
    /// Send a signal to everything that is left but the command, and let it go on if it is stopped.
    SignalRest {
        /// The signal.
        signal: Signal,
    },
    /// Kill everything, again and again, until the kernel says that nothing is left; then end.
    KillAll,
    /// List what is alive.
    Members,
    /// Pass on a person's interrupt to the command's process group, and remember it.
    Interrupt {
        /// The signal.
        signal: Signal,
    },
}

/// What a keeper says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Event {
    /// The first line on every connection.
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
        /// The run's tag.
        tag: String,
        /// The keeper's process.
        keeper: u32,
        /// The command's process, or what it was.
        root: u32,
    },
    /// The command has ended. Told once, and at once to whoever connects later.
    RootEnded {
        /// How.
        #[serde(flatten)]
        end: RunEnd,
        /// What was alive at that moment.
        #[serde(default)]
        leftovers: Vec<u32>,
    },
    /// The kernel says that nothing of the run is left. The keeper is about to end.
    Empty,
    /// The answer to every request that sends signals.
    Signalled {
        /// How many processes were reached.
        count: usize,
    },
    /// The answer to [`Request::Members`].
    Members {
        /// The processes that can be seen. An empty list is no proof: see [`Event::Empty`].
        pids: Vec<u32>,
    },
    /// The request was not understood, or could not be done.
    Error {
        /// One lowercase fragment that reads after "failed to".
        message: String,
    },
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

/// A request or an event as a line.
///
/// # Panics
/// Never: the types of this module have only keys that JSON can hold.
#[must_use]
pub fn line(message: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(message).expect("requests and events are plain JSON");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use nightkeep_os::ExecError;

    use super::*;

    #[test]
    fn requests_are_written_as_the_contract_says() {
        let written = |request: Request| serde_json::to_string(&request).expect("requests are JSON");
        assert_eq!(written(Request::SignalRoot { signal: Signal::Term }), r#"{"do":"signal-root","signal":"TERM"}"#);
        assert_eq!(written(Request::KillAll), r#"{"do":"kill-all"}"#);
        assert_eq!(written(Request::Interrupt { signal: Signal::Int }), r#"{"do":"interrupt","signal":"INT"}"#);
    }

    #[test]
    fn every_event_is_read_as_it_was_written() {
        let exec_error = ExecError { errno: Some(2), message: "no such file".to_owned() };
        let events = [
            Event::Hello { protocol: PROTOCOL, tag: "t".to_owned(), keeper: 1, root: 2 },
            Event::RootEnded { end: RunEnd::Code(3), leftovers: vec![7] },
            Event::RootEnded { end: RunEnd::Signal(9), leftovers: Vec::new() },
            Event::RootEnded { end: RunEnd::ExecError(exec_error), leftovers: Vec::new() },
            Event::RootEnded { end: RunEnd::Unknown, leftovers: Vec::new() },
            Event::Empty,
            Event::Signalled { count: 4 },
            Event::Members { pids: vec![1, 2] },
            Event::Error { message: "understand the request".to_owned() },
        ];
        for event in events {
            let line = line(&event);
            assert_eq!(serde_json::from_slice::<Event>(&line).expect("what was written can be read"), event);
        }
    }

    #[test]
    fn the_end_of_the_command_stands_flat_in_its_event() {
        let event = Event::RootEnded { end: RunEnd::Code(3), leftovers: Vec::new() };
        let written = serde_json::to_string(&event).expect("events are JSON");
        assert_eq!(written, r#"{"is":"root-ended","code":3,"leftovers":[]}"#);
    }

    #[test]
    fn an_event_of_a_later_version_is_no_error() {
        let event: Event = serde_json::from_str(r#"{"is":"something-else","n":1}"#).expect("unknown events are read");
        assert_eq!(event, Event::Other);
    }
}
