//! Windows: text is 16-bit units. Never run.

use std::{
    ffi::{OsStr, OsString},
    os::windows::ffi::{OsStrExt, OsStringExt},
};

pub(super) type Unit = u16;

pub(super) fn units(text: &OsStr) -> Vec<Unit> {
    text.encode_wide().collect()
}

#[expect(clippy::needless_pass_by_value, reason = "the other systems take it over")]
pub(super) fn text(units: Vec<Unit>) -> OsString {
    OsString::from_wide(&units)
}
