//! Telling the owner: texts, and the desktop's notifications. A notification is a hint; the history is the truth.

mod desktop;
mod recovery;
mod text;

pub use desktop::{NotShown, Notifier};
pub use recovery::{Recovery, RecoveryKind};
pub use text::{Text, Urgency};
