//! A notification service that records what it is asked to show.

use std::collections::HashMap;

use tokio::sync::watch;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedValue;

use super::SessionBus;
use crate::{LOOK_EVERY, in_time};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// One call of `Notify`.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// The number that was answered.
    pub id: u32,
    /// The number of the notification that it replaces, or 0.
    pub replaces: u32,
    /// Who asks.
    pub app_name: String,
    /// The title.
    pub summary: String,
    /// The text.
    pub body: String,
    /// Pairs of key and label.
    pub actions: Vec<(String, String)>,
    /// `urgency`, `desktop-entry` and the like.
    pub hints: HashMap<String, OwnedValue>,
    /// Milliseconds; 0 never, -1 as the service likes.
    pub expire_timeout: i32,
}

impl Notification {
    /// The urgency: 0 low, 1 normal, 2 critical.
    #[must_use]
    pub fn urgency(&self) -> Option<u8> {
        self.hints.get("urgency").and_then(|urgency| u8::try_from(urgency).ok())
    }
}

/// A notification service. Dropping it takes it away.
#[derive(Debug)]
pub struct FakeNotifications {
    connection: zbus::Connection,
    shown: watch::Receiver<Vec<Notification>>,
    closed: watch::Receiver<Vec<u32>>,
}

impl FakeNotifications {
    /// Offers the service on `bus`.
    ///
    /// # Errors
    /// The bus has ended, or has such a service already.
    pub async fn start(bus: &SessionBus) -> anyhow::Result<Self> {
        let (sender, shown) = watch::channel(Vec::new());
        let (closing, closed) = watch::channel(Vec::new());
        let connection = zbus::connection::Builder::address(bus.address())?
            .serve_at(PATH, Service { shown: sender, closed: closing })?
            .name(NAME)?
            .build()
            .await?;
        Ok(Self { connection, shown, closed })
    }

    /// All that was asked for, replaced ones included.
    #[must_use]
    pub fn shown(&self) -> Vec<Notification> {
        self.shown.borrow().clone()
    }

    /// Waits for a notification that is as `wanted`, or takes the first one that came already.
    ///
    /// # Errors
    /// None came in time; the error tells which did.
    pub async fn wait_for(&self, what: &str, wanted: impl Fn(&Notification) -> bool) -> anyhow::Result<Notification> {
        let mut shown = self.shown.clone();
        let found = in_time(what, shown.wait_for(|all| all.iter().any(&wanted))).await;
        let all = found.map_err(|error| error.context(format!("shown were {:#?}", self.shown())))??.clone();
        all.into_iter().find(|one| wanted(one)).ok_or_else(|| anyhow::anyhow!("waited for one"))
    }

    /// Waits until so many were taken away by whoever showed them, and says which.
    ///
    /// # Errors
    /// When they were not in time.
    pub async fn wait_for_closed(&self, count: usize) -> anyhow::Result<Vec<u32>> {
        let mut closed = self.closed.clone();
        let all = in_time("notifications to be taken away", closed.wait_for(|all| all.len() >= count)).await??;
        Ok(all.clone())
    }

    /// Answers a notification as if a person had chosen one of its actions, and did so until it is taken away: whoever
    /// shows one begins to listen when it is on the screen.
    ///
    /// # Errors
    /// The bus has ended, or whoever showed it did not take it away in time.
    pub async fn choose(&self, id: u32, action: &str) -> anyhow::Result<()> {
        let service = self.connection.object_server().interface::<_, Service>(PATH).await?;
        let mut closed = self.closed.clone();
        let count = |all: &Vec<u32>| all.iter().filter(|one| **one == id).count();
        let before = count(&closed.borrow());
        let pressed = async {
            loop {
                Service::action_invoked(service.signal_emitter(), id, action).await?;
                let gone = closed.wait_for(|all| count(all) > before);
                if let Ok(gone) = tokio::time::timeout(LOOK_EVERY, gone).await {
                    return gone.map(drop).map_err(anyhow::Error::from);
                }
            }
        };
        in_time(&format!("`{action}` of notification {id} to be heard"), pressed).await?
    }
}

struct Service {
    shown: watch::Sender<Vec<Notification>>,
    closed: watch::Sender<Vec<u32>>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "the interface has them")]
    fn notify(
        &mut self,
        app_name: String,
        replaces: u32,
        _app_icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expire_timeout: i32,
    ) -> u32 {
        let next = u32::try_from(self.shown.borrow().len()).unwrap_or(u32::MAX).saturating_add(1);
        let id = if replaces == 0 { next } else { replaces };
        let mut words = actions.into_iter();
        let actions = std::iter::from_fn(|| words.next().zip(words.next())).collect();
        let notification = Notification { id, replaces, app_name, summary, body, actions, hints, expire_timeout };
        self.shown.send_modify(|all| all.push(notification));
        id
    }

    async fn close_notification(
        &self,
        id: u32,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<()> {
        const CLOSED_BY_A_CALL: u32 = 3;
        self.closed.send_modify(|all| all.push(id));
        Ok(Self::notification_closed(&emitter, id, CLOSED_BY_A_CALL).await?)
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body", "persistence"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("fake".to_owned(), "nightkeep".to_owned(), "1".to_owned(), "1.2".to_owned())
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action_key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}
