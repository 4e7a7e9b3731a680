//! Keeps the port as the configuration wants it: opened, moved, closed, and tried again while it cannot be opened.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::address::Listen;
use super::listener::{Asked, Counted, Listening};
use crate::places::Places;

/// A port that is taken is tried again after this long: the engine before this one may still hold it.
const TRY_AGAIN: Duration = Duration::from_millis(250);
/// And after twice as long each time, up to this.
const TRY_AGAIN_MAX: Duration = Duration::from_secs(30);

/// How it is with the port.
#[derive(Debug, Clone, Default)]
pub(crate) enum Port {
    /// None is wanted.
    #[default]
    Closed,
    /// Pings are heard.
    Open {
        /// What stands before the path of a ping.
        url: String,
        /// What came through it.
        counted: Counted,
    },
    /// It cannot be opened.
    Failed {
        /// As a fragment.
        why: String,
    },
}

/// Who opens and closes the port.
#[derive(Debug)]
pub(crate) struct Porter {
    places: Places,
    asks: mpsc::Sender<Asked>,
    wanted: Option<Listen>,
    listening: Option<Listening>,
}

impl Porter {
    /// One that has opened nothing. What is heard goes to `asks`.
    pub(crate) fn new(places: Places, asks: mpsc::Sender<Asked>) -> Self {
        Self { places, asks, wanted: None, listening: None }
    }

    /// Makes the port as it is wanted. One that is as wanted already stays open.
    pub(crate) async fn fit(&mut self, wanted: Option<Listen>) -> Port {
        if wanted != self.wanted {
            self.close().await;
            self.wanted = wanted;
        }
        let Some(listen) = wanted else { return Port::Closed };
        if self.listening.is_none() {
            match Listening::open(&self.places, listen, self.asks.clone()).await {
                Ok(listening) => self.listening = Some(listening),
                Err(fault) => {
                    let why = format!("{} cannot be opened: {fault}", listen.shown());
                    tracing::warn!(%why, "pings are not heard");
                    return Port::Failed { why };
                }
            }
        }
        self.listening.as_ref().map_or(Port::Closed, |listening| Port::Open {
            url: listening.url().to_owned(),
            counted: listening.counted(),
        })
    }

    /// Keeps it so until nobody says any more what is wanted, and closes it then.
    pub(crate) async fn keep(mut self, mut wants: watch::Receiver<Option<Listen>>, ports: mpsc::Sender<Port>) {
        let mut pause = TRY_AGAIN;
        loop {
            let is_missing = self.wanted.is_some() && self.listening.is_none();
            tokio::select! {
                changed = wants.changed() => match changed {
                    Ok(()) => pause = TRY_AGAIN,
                    Err(_nobody) => break,
                },
                () = sleep(pause), if is_missing => pause = (pause * 2).min(TRY_AGAIN_MAX),
            }
            let wanted = *wants.borrow_and_update();
            let port = self.fit(wanted).await;
            if ports.send(port).await.is_err() {
                break;
            }
        }
        self.close().await;
    }

    async fn close(&mut self) {
        if let Some(listening) = self.listening.take() {
            tracing::info!(url = listening.url(), "pings are no longer heard here");
            listening.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn porter() -> (tempfile::TempDir, Porter) {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        places.create().unwrap();
        let (asks, _asked) = mpsc::channel(1);
        (home, Porter::new(places, asks))
    }

    fn url(port: &Port) -> &str {
        match port {
            Port::Open { url, .. } => url,
            Port::Closed => "closed",
            Port::Failed { why } => why,
        }
    }

    #[tokio::test]
    async fn the_port_is_opened_kept_moved_and_closed_as_it_is_wanted() {
        let (_home, mut porter) = porter();
        let any = Some(Listen::parse("127.0.0.1:0").unwrap());
        let first = porter.fit(any).await;
        assert!(url(&first).starts_with("http://127.0.0.1:"), "{first:?}");
        assert_eq!(url(&porter.fit(any).await), url(&first));
        assert_eq!(url(&porter.fit(None).await), "closed");
        assert_eq!(url(&porter.fit(any).await), url(&first), "it is where it was");
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_tried_again_until_it_is_free() {
        let (_home, mut porter) = porter();
        let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        let listen = Some(Listen::parse(&address.to_string()).unwrap());
        let failed = porter.fit(listen).await;
        assert!(url(&failed).starts_with(&format!("`{address}` cannot be opened: ")), "{failed:?}");
        let (wants, wanted) = watch::channel(listen);
        let (ports, mut told) = mpsc::channel(8);
        let keeping = tokio::spawn(porter.keep(wanted, ports));
        assert!(matches!(told.recv().await, Some(Port::Failed { .. })));
        drop(other);
        let opened = async { while !matches!(told.recv().await.unwrap(), Port::Open { .. }) {} };
        tokio::time::timeout(Duration::from_secs(20), opened).await.unwrap();
        drop(wants);
        keeping.await.unwrap();
        std::net::TcpListener::bind(address).unwrap();
    }
}
