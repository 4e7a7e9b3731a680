//! A logind that keeps a computer awake which is not there.

use std::io::Read as _;

use tokio::sync::watch;
use zbus::zvariant::OwnedFd;

use super::SessionBus;
use crate::in_time;

/// Who is granted to keep the computer awake, and who has let go of that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inhibitions {
    /// What was asked for: what, who, why and how.
    pub granted: Vec<(String, String, String, String)>,
    /// How many of them are over.
    pub released: usize,
}

/// A logind. Dropping it takes it away.
#[derive(Debug)]
pub struct FakeLogind {
    _connection: zbus::Connection,
    inhibitions: watch::Receiver<Inhibitions>,
}

impl FakeLogind {
    /// Offers the service on `bus`.
    ///
    /// # Errors
    /// The bus has ended, or has such a service already.
    pub async fn start(bus: &SessionBus) -> anyhow::Result<Self> {
        let (sender, inhibitions) = watch::channel(Inhibitions::default());
        let connection = zbus::connection::Builder::address(bus.address())?
            .serve_at("/org/freedesktop/login1", Manager { inhibitions: sender })?
            .name("org.freedesktop.login1")?
            .build()
            .await?;
        Ok(Self { _connection: connection, inhibitions })
    }

    /// What was asked for so far.
    #[must_use]
    pub fn inhibitions(&self) -> Inhibitions {
        self.inhibitions.borrow().clone()
    }

    /// Waits until it is as `wanted`.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn wait_for(&self, what: &str, wanted: impl Fn(&Inhibitions) -> bool) -> anyhow::Result<Inhibitions> {
        let mut inhibitions = self.inhibitions.clone();
        Ok(in_time(what, inhibitions.wait_for(|all| wanted(all))).await??.clone())
    }
}

struct Manager {
    inhibitions: watch::Sender<Inhibitions>,
}

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn inhibit(&self, what: String, who: String, why: String, mode: String) -> zbus::fdo::Result<OwnedFd> {
        let failed = |cause: std::io::Error| zbus::fdo::Error::Failed(cause.to_string());
        let (mut kept, given) = std::io::pipe().map_err(failed)?;
        self.inhibitions.send_modify(|all| all.granted.push((what, who, why, mode)));
        let inhibitions = self.inhibitions.clone();
        // Its end is the end of the last copy that somebody holds.
        let _waits = std::thread::spawn(move || {
            let _nothing = kept.read(&mut [0]);
            inhibitions.send_modify(|all| all.released += 1);
        });
        Ok(std::os::fd::OwnedFd::from(given).into())
    }
}
