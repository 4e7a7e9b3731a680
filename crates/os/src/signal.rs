//! The signals Nightkeep knows, by name.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::imp;

/// A signal that can be sent to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Signal {
    /// Asks a process to end.
    Term,
    /// What Ctrl-C sends.
    Int,
    /// The terminal went away.
    Hup,
    /// What Ctrl-\ sends: ends with a core dump by default.
    Quit,
    /// For the program's own use.
    Usr1,
    /// For the program's own use.
    Usr2,
    /// Ends a process without asking it.
    Kill,
    /// Lets a stopped process go on.
    Cont,
    /// Stops a process without asking it.
    Stop,
}

impl Signal {
    /// All signals, in the order in which they are declared.
    pub const ALL: [Self; 9] =
        [Self::Term, Self::Int, Self::Hup, Self::Quit, Self::Usr1, Self::Usr2, Self::Kill, Self::Cont, Self::Stop];

    /// Finds a signal by its name, with or without `SIG`, in upper or lower case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let upper = name.trim().to_ascii_uppercase();
        let short = upper.strip_prefix("SIG").unwrap_or(&upper);
        Self::ALL.into_iter().find(|signal| signal.name() == short)
    }

    /// Returns the name without `SIG`, in upper case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Int => "INT",
            Self::Hup => "HUP",
            Self::Quit => "QUIT",
            Self::Usr1 => "USR1",
            Self::Usr2 => "USR2",
            Self::Kill => "KILL",
            Self::Cont => "CONT",
            Self::Stop => "STOP",
        }
    }

    /// Returns the number this system gives the signal.
    #[must_use]
    pub const fn number(self) -> i32 {
        imp::signal_number(self)
    }
}

/// A name that is none of the known signals.
#[derive(Debug, Error)]
#[error("find a signal named `{name}`")]
pub struct UnknownSignal {
    /// The name as it was given.
    pub name: String,
}

impl TryFrom<String> for Signal {
    type Error = UnknownSignal;

    fn try_from(name: String) -> Result<Self, UnknownSignal> {
        Self::from_name(&name).ok_or(UnknownSignal { name })
    }
}

impl From<Signal> for &'static str {
    fn from(signal: Signal) -> Self {
        signal.name()
    }
}

impl std::fmt::Display for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_found_with_and_without_its_prefix() {
        for signal in Signal::ALL {
            assert_eq!(Signal::from_name(signal.name()), Some(signal));
            assert_eq!(Signal::from_name(&format!("sig{}", signal.name().to_lowercase())), Some(signal));
        }
        assert_eq!(Signal::from_name("SIGSEGV"), None);
        assert_eq!(Signal::from_name(""), None);
    }
}
