//! macOS: an agent of the user's `launchd`. Never run.

use std::io;
use std::path::{Path, PathBuf};

const LABEL: &str = "org.nightkeep.tray";

#[expect(clippy::unnecessary_wraps, reason = "on other systems it can fail")]
pub(super) fn entry(_config: &Path, home: &Path) -> io::Result<PathBuf> {
    Ok(home.join(format!("Library/LaunchAgents/{LABEL}.plist")))
}

/// Nobody puts one there for everybody.
pub(super) fn of_everybody() -> Vec<PathBuf> {
    Vec::new()
}

pub(super) const OFF: &str = "";

pub(super) fn is_on(text: &str) -> bool {
    text.contains(LABEL)
}

pub(super) fn text(program: &str, home: Option<&str>) -> String {
    let home = home.map(|home| {
        let home = escaped(home);
        format!("<key>EnvironmentVariables</key><dict><key>NIGHTKEEP_HOME</key><string>{home}</string></dict>\n")
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\"><dict>\n\
         <key>Label</key><string>{LABEL}</string>\n\
         <key>ProgramArguments</key><array><string>{}</string></array>\n{}<key>RunAtLoad</key><true/>\n</dict></plist>\n",
        escaped(program),
        home.unwrap_or_default()
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
