//! Linux: its kernel, its distribution, and the desktop of whoever asks.

use std::{env, fs};

pub(super) fn lines() -> Vec<String> {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut lines = vec![format!("Linux {} on {}", kernel.trim(), env::consts::ARCH)];
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    lines.extend(name.map(|name| name.trim_matches('"').to_owned()));
    let said = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let desktop = [said("XDG_CURRENT_DESKTOP"), said("XDG_SESSION_TYPE")];
    let desktop: Vec<String> = desktop.into_iter().flatten().collect();
    lines.push(match desktop.as_slice() {
        [] => "No desktop is named here".to_owned(),
        words => format!("Desktop: {}", words.join(", ")),
    });
    lines
}
