//! The program that drives the webview, and everything that it starts.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use nightkeep_os::{Process, Signal};

use crate::eventually;
use crate::night::alive;

/// Carried by every process that comes from a driver, whoever its parent is by then.
const MARK: &str = "NIGHTKEEP_TEST_WINDOW";

/// A `WebKitWebDriver` that lives as long as this value, and with it what it starts: a driver that is killed leaves the
/// window behind without a parent.
#[derive(Debug)]
pub(super) struct Driver {
    port: u16,
    mark: String,
    process: Child,
}

impl Driver {
    /// Starts `command`, which is a driver on somebody's desktop, and waits until it takes connections.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let port = free_port()?;
        let mark = format!("{}-{port}", std::process::id());
        let process = command
            .arg(format!("--port={port}"))
            .env(MARK, &mark)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("failed to start `WebKitWebDriver`: install the Debian package `webkit2gtk-driver`")?;
        let driver = Self { port, mark, process };
        eventually("the driver of the window to take connections", || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        })?;
        Ok(driver)
    }

    /// Where it takes requests.
    pub(super) fn address(&self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        self.process.kill().and_then(|()| self.process.wait()).map(drop).unwrap_or_default();
        let left = nightkeep_os::tagged(MARK, &self.mark).unwrap_or_default();
        for identity in &left {
            if let Ok(Some(process)) = Process::open(identity) {
                // It fails when the process has ended, which is as good.
                drop(process.signal(Signal::Kill));
            }
        }
        let is_over = || left.iter().all(|identity| !alive(identity.pid)).then_some(());
        eventually("the window to end", is_over).unwrap_or_default();
    }
}

/// A port that nobody uses at the moment: the driver cannot choose one and say which.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port")?.local_addr()?.port())
}
