//! The engine's log.

use std::fs;

use super::Night;

/// How many lines of the engine's log are shown with a failure.
const LOG_LINES: usize = 60;

impl Night {
    /// The lines of the engine's log that contain `what`.
    #[must_use]
    pub fn log_lines(&self, what: &str) -> Vec<String> {
        self.whole_log().lines().filter(|line| line.contains(what)).map(str::to_owned).collect()
    }

    fn whole_log(&self) -> String {
        let folder = fs::read_dir(self.home().join("log")).into_iter().flatten().flatten();
        let files = folder.map(|entry| entry.path()).chain([self.home().join("engine.out")]);
        files.filter_map(|path| fs::read_to_string(path).ok()).collect()
    }

    pub(super) fn log(&self) -> String {
        let text = self.whole_log();
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(LOG_LINES)).map(|line| format!("{line}\n")).collect()
    }
}
