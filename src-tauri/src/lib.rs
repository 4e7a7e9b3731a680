//! What the resident tray is made of. Nothing in here knows the window or its toolkit: the window is another program,
//! started when somebody wants to look.

#![forbid(unsafe_code)]

pub mod autostart;
pub mod tray;
