//! The tray: a pure [`TrayModel`] made from what the engine sends, and one backend per system that draws it.

mod action;
pub mod icon;
mod menu;
mod model;
mod no_tray;
mod redraw;
mod words;

#[cfg_attr(target_os = "linux", path = "backend_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "backend_other.rs")]
pub mod backend;

pub use action::{Click, MenuAction, PauseLength, UnknownAction};
pub use menu::{Line, Menu, Row, Section, changed_part};
pub use model::{TrayModel, TrayState};
pub use no_tray::NoTray;
pub use redraw::{Link, News, redraw};
pub use words::escape_label;
