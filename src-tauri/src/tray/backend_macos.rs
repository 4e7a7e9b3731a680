//! What is particular to macOS. Never run.

use tao::event_loop::EventLoop;
use tao::platform::macos::{ActivationPolicy, EventLoopExtMacOS as _};
use tray_icon::{BadIcon, Icon, TrayIcon, TrayIconEvent};

use crate::tray::{TrayModel, icon};

/// As people are used to there.
pub(super) const MENU_ON_LEFT_CLICK: bool = true;

/// Keeps the tray out of the Dock.
pub(super) fn prepare<T>(event_loop: &mut EventLoop<T>) {
    event_loop.set_activation_policy(ActivationPolicy::Accessory);
}

/// A click on the icon shows the menu.
pub(super) fn opens_window(_event: &TrayIconEvent) -> bool {
    false
}

/// Black, for the menu bar to colour.
pub(super) fn icon(model: &TrayModel) -> Result<Icon, BadIcon> {
    let pixels = icon::template(model.state);
    Icon::from_rgba(pixels.rgba, pixels.side, pixels.side)
}

pub(super) fn set_icon(tray: &TrayIcon, icon: Icon) -> tray_icon::Result<()> {
    tray.set_icon_with_as_template(Some(icon), true)
}
