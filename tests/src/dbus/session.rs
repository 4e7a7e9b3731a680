//! A session bus of one's own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

/// Without `servicedir`, so that nothing is started because somebody asks for its name.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=DIRECTORY</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A `dbus-daemon` that lives as long as this value.
#[derive(Debug)]
pub struct SessionBus {
    address: String,
    daemon: Child,
    _directory: TempDir,
}

impl SessionBus {
    /// Starts one.
    ///
    /// # Errors
    /// `dbus-daemon` is missing or does not start.
    pub fn start() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let config = directory.path().join("session.conf");
        std::fs::write(&config, CONFIG.replace("DIRECTORY", &directory.path().to_string_lossy()))?;
        let mut daemon = Command::new("dbus-daemon")
            .arg("--config-file")
            .arg(&config)
            .args(["--print-address", "--nofork", "--nopidfile"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It complains of limits that an ordinary user may not raise.
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start `dbus-daemon`: install the Debian package `dbus-daemon`")?;
        let mut address = String::new();
        let stdout = daemon.stdout.take().context("its output is a pipe")?;
        BufReader::new(stdout).read_line(&mut address).context("failed to read the address of the bus")?;
        let bus = Self { address: address.trim().to_owned(), daemon, _directory: directory };
        ensure!(!bus.address.is_empty(), "`dbus-daemon` ended without an address");
        Ok(bus)
    }

    /// What belongs into `DBUS_SESSION_BUS_ADDRESS`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A connection to it.
    ///
    /// # Errors
    /// The bus has ended.
    pub async fn connect(&self) -> anyhow::Result<zbus::Connection> {
        Ok(zbus::connection::Builder::address(self.address.as_str())?.build().await?)
    }

    /// Ends it, as when somebody logs out.
    pub fn end(&mut self) {
        // It may have ended by itself, which is as good.
        self.daemon.kill().and_then(|()| self.daemon.wait()).map(drop).unwrap_or_default();
    }
}

impl Drop for SessionBus {
    fn drop(&mut self) {
        self.end();
    }
}
