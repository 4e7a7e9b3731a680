//! The part of a desktop that trays register with.

use futures_util::StreamExt as _;
use tokio::sync::watch;
use zbus::object_server::SignalEmitter;

use super::{Item, SessionBus};
use crate::in_time;

const NAME: &str = "org.kde.StatusNotifierWatcher";
const PATH: &str = "/StatusNotifierWatcher";

/// Records who registers.
#[derive(Debug)]
pub struct FakeWatcher {
    connection: zbus::Connection,
    registered: watch::Receiver<Vec<String>>,
}

impl FakeWatcher {
    /// Offers a place for trays on `bus`.
    ///
    /// # Errors
    /// The bus has ended, or has such a place already.
    pub async fn start(bus: &SessionBus) -> anyhow::Result<Self> {
        let (sender, registered) = watch::channel(Vec::new());
        let connection = zbus::connection::Builder::address(bus.address())?
            .serve_at(PATH, Watcher { registered: sender })?
            .name(NAME)?
            .build()
            .await?;
        Ok(Self { connection, registered })
    }

    /// Takes the place for trays away, as when a panel crashes.
    ///
    /// # Errors
    /// The bus has ended.
    pub async fn end(self) -> anyhow::Result<()> {
        Ok(self.connection.close().await?)
    }

    /// The bus names that have registered, in this order.
    #[must_use]
    pub fn registered(&self) -> Vec<String> {
        self.registered.borrow().clone()
    }

    /// Waits for the item that registers first.
    ///
    /// # Errors
    /// None did in time.
    pub async fn item(&self) -> anyhow::Result<Item> {
        let mut registered = self.registered.clone();
        let names = in_time("a tray to register", registered.wait_for(|names| !names.is_empty())).await??.clone();
        let first = names.into_iter().next().ok_or_else(|| anyhow::anyhow!("waited for one"))?;
        Item::follow(&self.connection, first).await
    }

    /// Waits until nobody has `name` any more.
    ///
    /// # Errors
    /// Somebody still had it at the deadline.
    pub async fn gone(&self, name: &str) -> anyhow::Result<()> {
        no_owner(&self.connection, name).await
    }
}

async fn no_owner(connection: &zbus::Connection, name: &str) -> anyhow::Result<()> {
    let dbus = zbus::fdo::DBusProxy::new(connection).await?;
    let mut changes = dbus.receive_name_owner_changed_with_args(&[(0, name)]).await?;
    while dbus.name_has_owner(name.try_into()?).await? {
        in_time("a name to leave the bus", changes.next()).await?;
    }
    Ok(())
}

struct Watcher {
    registered: watch::Sender<Vec<String>>,
}

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    async fn register_status_notifier_item(
        &mut self,
        service: String,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<()> {
        Self::status_notifier_item_registered(&emitter, &service).await?;
        // An item that registers again is no second one, as the desktops see it.
        self.registered.send_if_modified(|names| {
            let new = !names.contains(&service);
            names.extend(new.then_some(service));
            new
        });
        Ok(())
    }

    fn register_status_notifier_host(&mut self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.registered.borrow().clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(signal)]
    async fn status_notifier_item_registered(emitter: &SignalEmitter<'_>, service: &str) -> zbus::Result<()>;
}
