//! From paths as they are written to paths that can be opened.

use std::ffi::OsString;
use std::path::{Path, PathBuf, is_separator};

use nightkeep_os::Signal;

use crate::api::{FieldFault, JobSpec};

/// What a job's texts are resolved against.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// What `~` stands for.
    pub home: PathBuf,
    /// Where programs are looked for: the value of `PATH`.
    pub search: OsString,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            home: std::env::home_dir().unwrap_or_else(|| PathBuf::from(std::path::MAIN_SEPARATOR_STR)),
            search: std::env::var_os("PATH").unwrap_or_default(),
        }
    }
}

/// The path that `written` means: `~` at its start is `home`, a relative one is below `base`.
#[must_use]
pub fn expand(written: &str, base: &Path, home: &Path) -> PathBuf {
    match written.strip_prefix('~') {
        Some("") => home.to_owned(),
        Some(rest) if rest.starts_with(is_separator) => home.join(rest.trim_start_matches(is_separator)),
        Some(_) | None => base.join(written),
    }
}

/// The directory a job runs in: its `cwd`, relative to the home directory, or the home directory itself.
#[must_use]
pub fn cwd_of(job: &JobSpec, home: &Path) -> PathBuf {
    job.cwd.as_deref().map_or_else(|| home.to_owned(), |cwd| expand(cwd, home, home))
}

/// The signal with which a job is asked to end.
///
/// # Errors
/// When it names none. Never for a job of a configuration.
pub fn stop_signal_of(job: &JobSpec) -> Result<Signal, FieldFault> {
    job.stop_signal.as_deref().map_or(Ok(Signal::Term), super::checks::stop_signal)
}

/// The marker that a job names, relative to the directory it runs in.
#[must_use]
pub fn progress_of(job: &JobSpec, home: &Path) -> Option<PathBuf> {
    job.progress.as_deref().map(|progress| expand(progress, &cwd_of(job, home), home))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_directory_and_everything_else_is_below_the_base() {
        let expanded = |written| expand(written, Path::new("/base"), Path::new("/home/u"));
        assert_eq!(expanded("~"), Path::new("/home/u"));
        assert_eq!(expanded("~/a/b"), Path::new("/home/u/a/b"));
        assert_eq!(expanded("a/b"), Path::new("/base/a/b"));
        assert_eq!(expanded("/a"), Path::new("/a"));
        assert_eq!(expanded("~other/a"), Path::new("/base/~other/a"));
    }

    #[test]
    fn a_marker_is_relative_to_the_directory_the_job_runs_in() {
        let job = JobSpec { cwd: Some("~/articles".into()), progress: Some("p.json".into()), ..JobSpec::default() };
        assert_eq!(progress_of(&job, Path::new("/home/u")).unwrap(), Path::new("/home/u/articles/p.json"));
        assert_eq!(cwd_of(&JobSpec::default(), Path::new("/home/u")), Path::new("/home/u"));
    }
}
