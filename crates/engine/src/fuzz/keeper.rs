//! The lines between keeper and engine.

use crate::keeper::protocol::{Event, Request, line};

pub(super) fn read(bytes: &[u8]) {
    for text in bytes.split(|byte| *byte == b'\n') {
        if let Ok(request) = serde_json::from_slice::<Request>(text) {
            assert_eq!(serde_json::from_slice::<Request>(&line(&request)).ok(), Some(request));
        }
        match serde_json::from_slice::<Event>(text) {
            Ok(Event::Other) | Err(_) => {}
            Ok(event) => {
                let written = line(&event);
                assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), 1, "{event:?}");
                assert_eq!(serde_json::from_slice::<Event>(&written).ok(), Some(event));
            }
        }
    }
}
