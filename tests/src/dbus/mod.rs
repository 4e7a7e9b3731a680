//! A desktop's side of D-Bus: a private session bus, a place for trays, and a notification service.

mod item;
mod logind;
mod menu;
mod notifications;
mod portal;
mod session;
mod upower;
mod watcher;

pub use item::{Item, ItemView, Pixmap};
pub use logind::{FakeLogind, Inhibitions};
pub use menu::MenuRow;
pub use notifications::{FakeNotifications, Notification};
pub use portal::DarkPortal;
pub use session::SessionBus;
pub use upower::FakeUpower;
pub use watcher::FakeWatcher;
