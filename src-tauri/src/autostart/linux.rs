//! Linux: the folder `autostart` of the user's settings, as the desktops have agreed on.

use std::io;
use std::path::{Path, PathBuf};

#[expect(clippy::unnecessary_wraps, reason = "other systems offer no place")]
pub(super) fn entry(config: &Path, _home: &Path) -> io::Result<PathBuf> {
    Ok(config.join("autostart/nightkeep-tray.desktop"))
}

/// The entries for everybody, in the order in which they count: one of the same name that is the user's own counts instead.
pub(super) fn of_everybody() -> Vec<PathBuf> {
    let folders = std::env::var_os("XDG_CONFIG_DIRS").filter(|folders| !folders.is_empty());
    let folders = folders.unwrap_or_else(|| "/etc/xdg".into());
    std::env::split_paths(&folders).map(|folder| folder.join("autostart/nightkeep-tray.desktop")).collect()
}

/// Makes an entry one that is off.
pub(super) const OFF: &str = "Hidden=true\n";

/// Desktops switch an entry off by a line in it.
pub(super) fn is_on(text: &str) -> bool {
    let is_off = |line: &str| {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        matches!((key.trim(), value.trim()), ("Hidden", "true") | ("X-GNOME-Autostart-enabled", "false"))
    };
    !text.lines().any(is_off)
}

pub(super) fn text(program: &str, home: Option<&str>) -> String {
    let variable = home.map(|home| format!("env {} ", quoted(&format!("NIGHTKEEP_HOME={home}"))));
    format!(
        "[Desktop Entry]\nType=Application\nName=Nightkeep\nComment=Watches the agents that run overnight\n\
         Exec={}{}\nTryExec={}\nIcon=nightkeep\nTerminal=false\nStartupNotify=false\n",
        variable.unwrap_or_default(),
        quoted(program),
        // Without the program the entry is as if it were not there.
        program.replace('\\', "\\\\")
    )
}

/// An argument of a command, as it is written in such a file: quoted once for the command and once for the file.
fn quoted(argument: &str) -> String {
    let mut text = String::from("\"");
    for c in argument.chars() {
        match c {
            '"' | '`' | '$' => text.extend(["\\\\", &c.to_string()]),
            '\\' => text.push_str("\\\\\\\\"),
            '%' => text.push_str("%%"),
            _ => text.push(c),
        }
    }
    text + "\""
}
