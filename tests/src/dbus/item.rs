//! A tray item, seen from the desktop.

use std::collections::HashMap;

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use tokio::sync::watch;
use zbus::proxy::CacheProperties;
use zbus::zvariant::{OwnedValue, Value};
use zbus::{MatchRule, MessageStream, Proxy, message};

use super::menu::{Layout, MenuRow};
use crate::in_time;

const ITEM_INTERFACE: &str = "org.kde.StatusNotifierItem";
const ITEM_PATH: &str = "/StatusNotifierItem";
const MENU_INTERFACE: &str = "com.canonical.dbusmenu";

/// Width, height, and pixels as alpha, red, green, blue.
pub type Pixmap = (i32, i32, Vec<u8>);

/// All that a desktop shows of an item, read at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemView {
    /// `Active`, `NeedsAttention` or `Passive`.
    pub status: String,
    /// Its name in lists.
    pub title: String,
    /// The first line of its tooltip.
    pub tooltip: String,
    /// Its icon in several sizes.
    pub icon: Vec<Pixmap>,
    /// Its menu; the root has no label.
    pub menu: MenuRow,
}

/// A registered item, whose signals are recorded.
pub struct Item {
    name: String,
    item: Proxy<'static>,
    menu: Proxy<'static>,
    signals: watch::Receiver<Vec<String>>,
}

impl Item {
    /// Follows the item that registered as `name`.
    pub(super) async fn follow(connection: &zbus::Connection, name: String) -> anyhow::Result<Self> {
        let item = proxy(connection, &name, ITEM_PATH, ITEM_INTERFACE).await?;
        let menu_path: zbus::zvariant::OwnedObjectPath = item.get_property("Menu").await?;
        let menu = proxy(connection, &name, menu_path.as_str(), MENU_INTERFACE).await?;
        let owner = zbus::fdo::DBusProxy::new(connection).await?.get_name_owner(name.as_str().try_into()?).await?;
        let rule = MatchRule::builder().msg_type(message::Type::Signal).sender(owner)?.build();
        let mut messages = MessageStream::for_match_rule(rule, connection, None).await?;
        let (sender, signals) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Some(Ok(message)) = messages.next().await {
                let member = message.header().member().map(ToString::to_string);
                sender.send_modify(|seen| seen.extend(member));
            }
        });
        Ok(Self { name, item, menu, signals })
    }

    /// The bus name it registered with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of all signals since it is followed.
    #[must_use]
    pub fn signals(&self) -> Vec<String> {
        self.signals.borrow().clone()
    }

    /// Reads everything.
    ///
    /// # Errors
    /// The item is gone or answers with something else.
    pub async fn view(&self) -> anyhow::Result<ItemView> {
        let (_icon, _pixmaps, tooltip, _more): (String, Vec<Pixmap>, String, String) =
            self.item.get_property("ToolTip").await?;
        let (_revision, layout): (u32, Layout) =
            self.menu.call("GetLayout", &(0_i32, -1_i32, Vec::<String>::new())).await?;
        Ok(ItemView {
            status: self.item.get_property("Status").await?,
            title: self.item.get_property("Title").await?,
            tooltip,
            icon: self.item.get_property("IconPixmap").await?,
            menu: MenuRow::read(layout)?,
        })
    }

    /// Waits until the item looks as `wanted`; it is looked at again after each of its signals.
    ///
    /// # Errors
    /// It did not in time; the error shows how it looked last.
    pub async fn wait_until(&self, what: &str, wanted: impl Fn(&ItemView) -> bool) -> anyhow::Result<ItemView> {
        let mut signals = self.signals.clone();
        loop {
            signals.mark_unchanged();
            let view = self.view().await?;
            if wanted(&view) {
                return Ok(view);
            }
            let lines = || format!("{} | {} | {:#?}", view.status, view.tooltip, view.menu.lines());
            in_time(what, signals.changed()).await.with_context(lines)?.context("the item is gone")?;
        }
    }

    /// Clicks the visible row with this label, wherever it is in the menu.
    ///
    /// # Errors
    /// There is no such row, or it cannot be clicked.
    pub async fn click(&self, label: &str) -> anyhow::Result<()> {
        let _needs_update: bool = self.menu.call("AboutToShow", &0_i32).await?;
        let menu = self.view().await?.menu;
        let row = menu.find(label);
        let row = row.with_context(|| format!("no row `{label}` among {:#?}", menu.lines()))?;
        ensure!(row.enabled, "the row `{label}` cannot be clicked");
        self.menu.call::<_, _, ()>("Event", &(row.id, "clicked", Value::I32(0), 0_u32)).await?;
        Ok(())
    }

    /// Clicks the icon itself.
    ///
    /// # Errors
    /// The item is gone.
    pub async fn activate(&self) -> anyhow::Result<()> {
        Ok(self.item.call("Activate", &(0_i32, 0_i32)).await?)
    }

    /// Hands over what a Wayland desktop gives with the next click.
    ///
    /// # Errors
    /// The item is gone.
    pub async fn provide_activation_token(&self, token: &str) -> anyhow::Result<()> {
        Ok(self.item.call("ProvideXdgActivationToken", &token).await?)
    }

    /// One property of the item, for what [`ItemView`] does not hold.
    ///
    /// # Errors
    /// The item is gone or has no such property.
    pub async fn properties(&self) -> anyhow::Result<HashMap<String, OwnedValue>> {
        let properties = zbus::fdo::PropertiesProxy::builder(self.item.connection())
            .destination(self.name.clone())?
            .path(ITEM_PATH)?
            .build()
            .await?;
        Ok(properties.get_all(ITEM_INTERFACE.try_into()?).await?)
    }
}

async fn proxy(
    connection: &zbus::Connection,
    name: &str,
    path: &str,
    interface: &'static str,
) -> zbus::Result<Proxy<'static>> {
    zbus::proxy::Builder::new(connection)
        .destination(name.to_owned())?
        .path(path.to_owned())?
        .interface(interface)?
        .cache_properties(CacheProperties::No)
        .build()
        .await
}
