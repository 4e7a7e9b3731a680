//! A notification that only says that it is there, for whoever wants to know whether notifications work.

use std::time::Duration;

use super::desktop::try_out;
use super::policy::Slot;
use super::{NotShown, Text, Urgency};
use crate::api::NotificationTest;

/// Some desktops take a notification away when its sender lets go of it.
const SHOWN_FOR: Duration = Duration::from_secs(20);

/// Shows it, with a sound or without, whatever else the settings say, and says what came of it.
pub(crate) async fn trial(sound: bool) -> NotificationTest {
    let text = Text {
        slot: Slot::Watch,
        title: "Nightkeep can reach you".to_owned(),
        body: "This is how a stopped run would be told.".to_owned(),
        urgency: Urgency::Normal,
        is_silent: !sound,
    };
    let (sent, message) = match try_out(&text, SHOWN_FOR).await {
        Ok(Some(server)) => (true, format!("Sent. Notification server: {server}.")),
        Ok(None) => (true, "Sent.".to_owned()),
        Err(NotShown::NoService) => {
            (false, "No notification service found. Stops still appear here and in the tray.".to_owned())
        }
        Err(NotShown::Refused(fault)) => {
            (false, format!("The notification service refused it: {fault}. Stops still appear here and in the tray."))
        }
    };
    NotificationTest { sent, message }
}
