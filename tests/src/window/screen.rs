//! A screen without a monitor.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

/// Larger than the window, so that nothing of it is cut off.
const SIZE: &str = "1280x900x24";

/// An X server that lives as long as this value.
#[derive(Debug)]
pub(crate) struct Screen {
    display: String,
    server: Child,
}

impl Screen {
    /// Starts one on a number that nobody uses; the server chooses it.
    pub(crate) fn start() -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", SIZE, "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It tells of keys that its keyboard lacks.
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start `Xvfb`: install the Debian package `xvfb`")?;
        let stdout = server.stdout.take().context("its output is a pipe")?;
        let mut screen = Self { display: String::new(), server };
        let mut number = String::new();
        // The server writes the number once it takes connections, and closes the pipe when it cannot start.
        BufReader::new(stdout).read_line(&mut number).context("failed to read the number of the display")?;
        let number: u32 = number.trim().parse().context("`Xvfb` ended without a display")?;
        screen.display = format!(":{number}");
        Ok(screen)
    }

    /// What belongs into `DISPLAY`.
    pub(crate) fn display(&self) -> &str {
        &self.display
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        self.server.kill().and_then(|()| self.server.wait()).map(drop).unwrap_or_default();
    }
}
