//! Telling the owner: texts, and the desktop's notifications. A notification is a hint; the history is the truth.

mod buttons;
mod desktop;
mod many;
pub mod policy;
mod recovery;
mod text;
mod trial;

pub use buttons::{About, Button, Capabilities, Dressed, MORE_TIME_S, Press, buttons, dressed, report_button};
pub use desktop::{Banner, NotShown, Note, Notifier, Seen};
pub use many::{Need, of_report, waits_for_the_morning};
pub use recovery::{Recovery, RecoveryKind};
pub use text::{Around, Text, Urgency};
pub(crate) use trial::trial;
