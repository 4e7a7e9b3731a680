//! Linux: a window needs an X11 or a Wayland display.

use std::env::var_os;
use std::ffi::OsStr;

pub(super) fn missing() -> Option<&'static str> {
    judge(var_os("DISPLAY").as_deref(), var_os("WAYLAND_DISPLAY").as_deref())
}

fn judge(x11: Option<&OsStr>, wayland: Option<&OsStr>) -> Option<&'static str> {
    let is_set = |value: Option<&OsStr>| value.is_some_and(|value| !value.is_empty());
    (!is_set(x11) && !is_set(wayland)).then_some(
        "there is no display to show a window on (neither `DISPLAY` nor `WAYLAND_DISPLAY` is set)\n\
         hint: `nightkeep status` and `nightkeep history` show the same in a terminal",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_kind_of_display_will_do_and_an_empty_name_is_none() {
        assert_eq!(judge(Some(OsStr::new(":0")), None), None);
        assert_eq!(judge(None, Some(OsStr::new("wayland-0"))), None);
        assert!(judge(None, None).is_some());
        assert!(judge(Some(OsStr::new("")), Some(OsStr::new(""))).is_some());
    }
}
