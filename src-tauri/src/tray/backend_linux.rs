//! The tray on Linux: a StatusNotifierItem over D-Bus.
//!
//! Rows without content are there and invisible, so that a change of texts is no change of layout: a desktop that is
//! told of another layout reads the menu again and shuts it in the face of whoever has it open.

use futures_util::StreamExt as _;
use ksni::menu::{StandardItem, SubMenu};
use ksni::{Category, Icon, MenuItem, OfflineReason, Status, ToolTip, Tray, TrayMethods as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use super::menu::{Row, Section};
use super::{Click, MenuAction, NoTray, TrayModel, escape_label, icon};

/// The part of a desktop that trays register with, by its name on the bus and of its interface.
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
/// What marks the access key in a label.
const ACCESS_KEY_MARK: char = '_';

/// Draws models.
pub struct Painter {
    item: ksni::Handle<Item>,
}

impl Painter {
    /// Shows `model` in place of what is shown.
    pub async fn show(&self, model: TrayModel) {
        self.item.update(|item| item.set(model)).await;
    }
}

/// Shows a tray until `drive` is done, and hands back what it gives. `drive` is told whether the desktop has a place for
/// the tray, at once and when that changes. Where the desktop has no place for trays yet, the
/// item registers as soon as one appears.
///
/// # Errors
/// There is no desktop session, or it ended.
pub fn run<T, D>(drive: D) -> Result<T, NoTray>
where
    D: AsyncFnOnce(Painter, UnboundedReceiver<Click>, watch::Receiver<bool>) -> T + Send + 'static,
    T: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(NoTray::System)?;
    runtime.block_on(async {
        // A connection of our own, because the item does not tell when its session is gone; without this, a tray
        // would outlive its desktop and keep the next one from starting.
        let session = zbus::Connection::session().await.map_err(|error| NoTray::NoSession(error.to_string()))?;
        let (sender, clicks) = unbounded_channel();
        let (place, has_place) = watch::channel(true);
        let item = Item::new(sender, place.clone()).assume_sni_available(true).spawn().await;
        let item = item.map_err(|error| NoTray::NoSession(error.to_string()))?;
        let is_placeless = !*has_place.borrow();
        if is_placeless && register_again(&session).await {
            place.send_replace(true);
        }
        tokio::select! {
            value = drive(Painter { item }, clicks, has_place) => Ok(value),
            () = end_of(session) => Err(NoTray::SessionEnded),
        }
    })
}

/// Registers the item once more, now that it hears of places for trays that appear.
///
/// `ksni` (0.3.7) tries to register before it listens: of a place that appears in between, as when panel and tray start
/// with the same login, it would never know. A place that has the item already takes no notice of the second call.
async fn register_again(session: &zbus::Connection) -> bool {
    let item = format!("org.kde.StatusNotifierItem-{}-1", std::process::id());
    let asked = session
        .call_method(Some(WATCHER), "/StatusNotifierWatcher", Some(WATCHER), "RegisterStatusNotifierItem", &item)
        .await;
    asked.inspect_err(|error| tracing::debug!(%error, "there is no place for trays yet")).is_ok()
}

async fn end_of(session: zbus::Connection) {
    let mut messages = zbus::MessageStream::from(session);
    while let Some(Ok(_)) = messages.next().await {}
}

struct Item {
    model: TrayModel,
    icons: Vec<Icon>,
    clicks: UnboundedSender<Click>,
    /// Whether the desktop has a place for trays, as far as it is known.
    place: watch::Sender<bool>,
}

impl Item {
    fn new(clicks: UnboundedSender<Click>, place: watch::Sender<bool>) -> Self {
        let model = TrayModel::connecting();
        Self { icons: icons(&model), model, clicks, place }
    }

    fn set(&mut self, model: TrayModel) {
        if (model.state, model.style) != (self.model.state, self.model.style) {
            self.icons = icons(&model);
        }
        self.model = model;
    }

    fn click(&self, action: MenuAction) {
        let click = Click { action, activation_token: ksni::current_xdg_activation_token() };
        if let Err(unheard) = self.clicks.send(click) {
            tracing::debug!(action = %unheard.0.action, "nobody listens to clicks: the tray is ending");
        }
    }
}

impl Tray for Item {
    fn id(&self) -> String {
        "nightkeep".to_owned()
    }

    fn title(&self) -> String {
        "Nightkeep".to_owned()
    }

    fn category(&self) -> Category {
        Category::ApplicationStatus
    }

    fn status(&self) -> Status {
        if self.model.state.needs_attention() { Status::NeedsAttention } else { Status::Active }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        self.icons.clone()
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        if self.model.state.needs_attention() { self.icons.clone() } else { Vec::new() }
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: self.model.tooltip.clone(), ..ToolTip::default() }
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let mut items = Vec::new();
        for section in self.model.menu.shown() {
            if !items.is_empty() {
                items.push(MenuItem::Separator);
            }
            items.extend(places(section));
        }
        items
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.click(MenuAction::OpenWindow);
    }

    fn watcher_online(&self) {
        self.place.send_replace(true);
        tracing::debug!("the desktop has a place for trays");
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        self.place.send_replace(false);
        tracing::info!(?reason, "the desktop has no place for trays; waiting for one");
        true
    }
}

/// The rows of `section` and an invisible item for each place that is free.
fn places(section: &Section) -> impl Iterator<Item = MenuItem<Item>> {
    let free = section.places.saturating_sub(section.rows.len());
    section.rows.iter().map(item).chain(std::iter::repeat_with(|| item(&Row::free())).take(free))
}

fn item(row: &Row) -> MenuItem<Item> {
    let label = escape_label(&row.label, ACCESS_KEY_MARK);
    let visible = !row.is_hidden;
    if !row.rows.is_empty() {
        let submenu = row.rows.iter().map(item).collect();
        return SubMenu { label, visible, submenu, ..SubMenu::default() }.into();
    }
    let action = row.action.clone();
    StandardItem {
        label,
        visible,
        enabled: action.is_some(),
        activate: Box::new(move |item: &mut Item| {
            if let Some(action) = &action {
                item.click(action.clone());
            }
        }),
        ..StandardItem::default()
    }
    .into()
}

fn icons(model: &TrayModel) -> Vec<Icon> {
    let icon = |pixels: icon::Pixels| {
        let side = i32::try_from(pixels.side).expect("embedded icons are small");
        Icon { width: side, height: side, data: pixels.into_argb() }
    };
    icon::pixels(model.state, model.style).into_iter().map(icon).collect()
}
