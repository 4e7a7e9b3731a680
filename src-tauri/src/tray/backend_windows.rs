//! What is particular to Windows. Never run.

use tao::event_loop::EventLoop;
use tray_icon::{BadIcon, Icon, MouseButton, MouseButtonState, TrayIcon, TrayIconEvent};

use crate::tray::{TrayModel, icon};

/// As people are used to there.
pub(super) const MENU_ON_LEFT_CLICK: bool = false;

/// The side of the icon that is handed over; the system makes others from it.
const ICON_SIDE: u32 = 32;

/// There is nothing to prepare.
pub(super) fn prepare<T>(_event_loop: &mut EventLoop<T>) {}

/// A left click opens the window, a right click shows the menu.
pub(super) fn opens_window(event: &TrayIconEvent) -> bool {
    matches!(event, TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. })
}

/// In colour for taskbars of any colour, unless another style is wished for.
pub(super) fn icon(model: &TrayModel) -> Result<Icon, BadIcon> {
    let sizes = icon::pixels(model.state, model.style);
    let pixels = sizes.into_iter().find(|pixels| pixels.side == ICON_SIDE).expect("the size is embedded");
    Icon::from_rgba(pixels.rgba, pixels.side, pixels.side)
}

pub(super) fn set_icon(tray: &TrayIcon, icon: Icon) -> tray_icon::Result<()> {
    tray.set_icon(Some(icon))
}
