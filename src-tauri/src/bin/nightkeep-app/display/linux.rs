//! Linux: a window needs an X11 or a Wayland display that answers.

use std::env::var_os;
use std::ffi::OsStr;

/// What to do instead.
const HINT: &str = "hint: `nightkeep status` and `nightkeep history` show the same in a terminal";

pub(super) fn missing() -> Option<String> {
    let (x11, wayland) = (var_os("DISPLAY"), var_os("WAYLAND_DISPLAY"));
    named(x11.as_deref(), wayland.as_deref()).map_or_else(
        || {
            Some(format!(
                "there is no display to show a window on (neither `DISPLAY` nor `WAYLAND_DISPLAY` is set)\n{HINT}"
            ))
        },
        // The toolkit knows best what it can reach. It begins once, and Tauri goes on with that.
        |named| gtk::init().err().map(|_| format!("the display {named} cannot be reached\n{HINT}")),
    )
}

/// The displays that the environment names, as they are said in a sentence.
fn named(x11: Option<&OsStr>, wayland: Option<&OsStr>) -> Option<String> {
    let said = |name: &str, value: Option<&OsStr>| {
        let value = value.filter(|value| !value.is_empty())?;
        Some(format!("`{name}={}`", value.display()))
    };
    match (said("WAYLAND_DISPLAY", wayland), said("DISPLAY", x11)) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(one), Some(other)) => Some(format!("{one} or {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_kind_of_display_will_do_and_an_empty_name_is_none() {
        let said = |x11: Option<&str>, wayland: Option<&str>| named(x11.map(OsStr::new), wayland.map(OsStr::new));
        assert_eq!(said(Some(":0"), None).as_deref(), Some("`DISPLAY=:0`"));
        assert_eq!(said(None, Some("wayland-0")).as_deref(), Some("`WAYLAND_DISPLAY=wayland-0`"));
        assert_eq!(said(Some(":0"), Some("w")).as_deref(), Some("`WAYLAND_DISPLAY=w` or `DISPLAY=:0`"));
        assert_eq!(said(None, None), None);
        assert_eq!(said(Some(""), Some("")), None);
    }
}
