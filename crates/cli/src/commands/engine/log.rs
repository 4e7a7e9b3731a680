//! The engine's log: JSON lines in `log/engine.log`, and for people on a terminal.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::failure::Failure;

/// A log that is larger than this when the engine starts becomes `engine.log.1`.
const LOG_BYTES_MAX: u64 = 5 * 1024 * 1024;
/// Says how much is logged, as in `nightkeep_engine=debug`.
const FILTER_VARIABLE: &str = "NIGHTKEEP_LOG";

/// From here on, what is traced is logged.
pub(super) fn start(directory: &Path) -> Result<(), Failure> {
    let path = directory.join("engine.log");
    let file = open(&path).map_err(|cause| Failure::new(format!("`{}` cannot be written: {cause}", path.display())))?;
    let lines = tracing_subscriber::fmt::layer().json().with_writer(Mutex::new(file)).with_filter(filter());
    let terminal = io::stderr().is_terminal().then(|| tracing_subscriber::fmt::layer().with_writer(io::stderr));
    tracing_subscriber::registry()
        .with(lines)
        .with(terminal.map(|layer| layer.with_filter(filter())))
        .try_init()
        .map_err(|cause| Failure::new(format!("the log cannot be started: {cause}")))
}

fn filter() -> EnvFilter {
    EnvFilter::try_from_env(FILTER_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"))
}

fn open(path: &Path) -> io::Result<File> {
    if path.metadata().is_ok_and(|found| found.len() > LOG_BYTES_MAX) {
        std::fs::rename(path, path.with_extension("log.1"))?;
    }
    nightkeep_os::append_private(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_log_is_set_aside_and_a_small_one_is_continued() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("engine.log");
        std::fs::write(&path, "small\n").unwrap();
        assert_eq!(open(&path).unwrap().metadata().unwrap().len(), 6);
        File::options().write(true).open(&path).unwrap().set_len(LOG_BYTES_MAX + 1).unwrap();
        assert_eq!(open(&path).unwrap().metadata().unwrap().len(), 0);
        assert!(directory.path().join("engine.log.1").exists());
    }
}
