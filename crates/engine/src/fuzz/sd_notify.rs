//! Datagrams of programs that were written for systemd.

use nightkeep_core::Signal;

use crate::sources::sd_notify::signals;

pub(super) fn read(bytes: &[u8]) {
    let said = signals(bytes);
    assert!((1..=3).contains(&said.len()), "{said:?}");
    assert!(said.len() == 1 || !said.contains(&Signal::Beat), "a beat beside something else: {said:?}");
    said.iter().for_each(super::check_texts);
}
