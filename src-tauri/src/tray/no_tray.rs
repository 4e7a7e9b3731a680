//! Why there is no tray.

use std::error::Error;
use std::fmt;
use std::io;

/// Why no tray can be shown, or no longer.
#[derive(Debug)]
pub enum NoTray {
    /// There is no desktop session to show it in.
    NoSession(String),
    /// The desktop session is over.
    SessionEnded,
    /// The system refused something that every program needs.
    System(io::Error),
}

impl fmt::Display for NoTray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSession(why) => write!(f, "no tray on this desktop: {why}"),
            Self::SessionEnded => f.write_str("the desktop session ended"),
            Self::System(_) => f.write_str("failed to start the tray"),
        }
    }
}

impl Error for NoTray {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoSession(_) | Self::SessionEnded => None,
            Self::System(error) => Some(error),
        }
    }
}
