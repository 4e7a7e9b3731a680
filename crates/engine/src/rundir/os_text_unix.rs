//! Unix: text is bytes.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
};

pub(super) type Unit = u8;

pub(super) fn units(text: &OsStr) -> Vec<Unit> {
    text.as_bytes().to_vec()
}

pub(super) fn text(units: Vec<Unit>) -> OsString {
    OsString::from_vec(units)
}
