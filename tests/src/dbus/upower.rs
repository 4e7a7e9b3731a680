//! A UPower of a laptop that is not there.

use super::SessionBus;

const PATH: &str = "/org/freedesktop/UPower";

/// What says whether a laptop runs on its battery. Dropping it takes it away.
#[derive(Debug)]
pub struct FakeUpower {
    connection: zbus::Connection,
}

impl FakeUpower {
    /// Offers the service on `bus`.
    ///
    /// # Errors
    /// The bus has ended, or has such a service already.
    pub async fn start(bus: &SessionBus, is_on_battery: bool) -> anyhow::Result<Self> {
        let connection = zbus::connection::Builder::address(bus.address())?
            .serve_at(PATH, Laptop { is_on_battery })?
            .name("org.freedesktop.UPower")?
            .build()
            .await?;
        Ok(Self { connection })
    }

    /// Somebody pulls the plug, or plugs it in.
    ///
    /// # Errors
    /// The bus has ended.
    pub async fn set_on_battery(&self, is_on_battery: bool) -> anyhow::Result<()> {
        let laptop = self.connection.object_server().interface::<_, Laptop>(PATH).await?;
        laptop.get_mut().await.is_on_battery = is_on_battery;
        Ok(laptop.get().await.on_battery_changed(laptop.signal_emitter()).await?)
    }
}

struct Laptop {
    is_on_battery: bool,
}

#[zbus::interface(name = "org.freedesktop.UPower")]
impl Laptop {
    #[zbus(property)]
    fn on_battery(&self) -> bool {
        self.is_on_battery
    }
}
