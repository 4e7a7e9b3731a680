//! What every launched run is told through its environment.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use nightkeep_core::Limits;

use crate::api::Outcome;
use crate::places::Places;
use crate::rundir::{OsText, Spec};
use crate::sources::sd_notify::{SOCKET_VARIABLE, SOURCE, WATCHDOG_VARIABLE, place};
use crate::store::LastOfJob;

/// The tag of the run; also how its processes are found again.
pub const RUN: &str = "NIGHTKEEP_RUN";
/// Where its marker is.
pub const PROGRESS: &str = "NIGHTKEEP_PROGRESS";
/// The engine's socket.
pub const SOCKET: &str = "NIGHTKEEP_SOCKET";
/// How the job's last run ended.
pub const LAST_OUTCOME: &str = "NIGHTKEEP_LAST_OUTCOME";
/// Its best step.
pub const LAST_STEP: &str = "NIGHTKEEP_LAST_STEP";
/// Its last note; for an aborted run, the aborted note.
pub const LAST_NOTE: &str = "NIGHTKEEP_LAST_NOTE";

/// Where its job is pinged; a variable of our own, so that it takes the place of nothing.
pub const PING_URL: &str = "NIGHTKEEP_PING_URL";

/// Whether this process belongs to a launched run. What it starts belongs to that run as well, however it is detached,
/// and goes when the run is stopped: no place for an engine.
#[must_use]
pub fn inside_a_run() -> bool {
    env::var_os(RUN).is_some_and(|tag| !tag.is_empty())
}

/// The variables of a run.
#[must_use]
pub fn of_run(tag: &str, marker: &Path, socket: &Path) -> BTreeMap<String, OsText> {
    BTreeMap::from([
        (RUN.to_owned(), OsText(tag.into())),
        (PROGRESS.to_owned(), OsText(marker.into())),
        (SOCKET.to_owned(), OsText(socket.into())),
    ])
}

/// Where a run that notifies as for systemd sends to, and how often it is expected to, if it is.
#[must_use]
pub fn of_notify(places: &Places, tag: &str, sources: &[String], limits: &Limits) -> BTreeMap<String, OsText> {
    let places = places.notify_sockets(tag);
    let Some(path) = place(&places).filter(|_| sources.iter().any(|source| source.trim() == SOURCE)) else {
        return BTreeMap::new();
    };
    // Clients beat twice as often as this says.
    let usec = limits.reports.beats.map(|beats| beats.degraded_after.as_ms().saturating_mul(1_000).to_string());
    let watchdog = usec.map(|usec| (WATCHDOG_VARIABLE.to_owned(), OsText(usec.into())));
    [(SOCKET_VARIABLE.to_owned(), OsText(path.into()))].into_iter().chain(watchdog).collect()
}

/// Where the run of this plan sends to, if it notifies as for systemd.
#[must_use]
pub fn notify_socket(spec: &Spec) -> Option<PathBuf> {
    let path = spec.env.get(SOCKET_VARIABLE)?;
    spec.sources.iter().any(|source| source.trim() == SOURCE).then(|| path.as_path().to_owned())
}

/// The variables that tell of the run of the same job before it.
#[must_use]
pub fn of_last_run(last: &LastOfJob) -> BTreeMap<String, OsText> {
    let outcome = Some(outcome_word(last.outcome).to_owned());
    let step = last.step.map(|step| step.to_string());
    let note = last.aborted_note.clone().or_else(|| last.note.clone());
    [(LAST_OUTCOME, outcome), (LAST_STEP, step), (LAST_NOTE, note)]
        .into_iter()
        // A value that no environment can hold is left out.
        .filter_map(|(name, value)| Some((name.to_owned(), value.filter(|value| !value.contains('\0'))?)))
        .map(|(name, value)| (name, OsText(value.into())))
        .collect()
}

/// Where clients of Healthchecks look up where to ping: the whole URL of a check, or its server and its UUID. Only for
/// jobs that ask for it, because it takes the place of whatever the user monitors otherwise.
#[must_use]
pub fn of_pings(url: &str, check: &str) -> BTreeMap<String, OsText> {
    let check = check.to_ascii_lowercase();
    BTreeMap::from([
        ("HEALTHCHECK_URL".to_owned(), OsText(format!("{url}/{check}").into())),
        ("HC_API_URL".to_owned(), OsText(url.into())),
        ("CHECK_UUID".to_owned(), OsText(check.into())),
    ])
}

/// Whether a variable tells of the run before.
#[must_use]
pub fn is_of_last_run(name: &str) -> bool {
    [LAST_OUTCOME, LAST_STEP, LAST_NOTE].contains(&name)
}

/// The word for an outcome, as it stands in the history.
const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Aborted => "aborted",
        Outcome::Lost => "lost",
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Duration;

    use nightkeep_core::Span;
    use nightkeep_core::reports::{Beats, Reports};

    use super::*;

    const TAG: &str = "0193b6a0-7c1d-7b3e-9f00-0123456789ab";

    fn told(home: &Path, sources: &[&str], beat: Option<Duration>) -> Vec<(String, String)> {
        let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
        let beats = beat.map(|beat| Beats::every(Span::from_ms(u64::try_from(beat.as_millis()).unwrap_or(0))));
        let limits =
            Limits::built_in("generic").map(|limits| Limits { reports: Reports { beats, ..limits.reports }, ..limits });
        let told = of_notify(&Places::below(home), TAG, &sources, &limits.expect("it is built in"));
        told.into_iter().map(|(name, value)| (name, value.lossy())).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_run_is_told_where_to_notify_only_if_its_job_wants_that() {
        let socket = pair("NOTIFY_SOCKET", &format!("/n/runs/{TAG}/notify.sock"));
        assert_eq!(told(Path::new("/n"), &["output"], Some(Duration::from_secs(10))), []);
        assert_eq!(told(Path::new("/n"), &["output", " sd-notify"], None), std::slice::from_ref(&socket));
        let watchdog = pair("WATCHDOG_USEC", "30000000");
        assert_eq!(told(Path::new("/n"), &["sd-notify"], Some(Duration::from_secs(10))), [socket, watchdog]);
    }

    #[test]
    fn a_socket_whose_path_is_too_long_is_elsewhere_or_nowhere() {
        let long = Path::new("/").join("d".repeat(65));
        let socket = format!("{}/n-{}", long.display(), TAG.replace('-', ""));
        assert_eq!(told(&long, &["sd-notify"], None), [pair("NOTIFY_SOCKET", &socket)]);
        assert_eq!(told(&Path::new("/").join("d".repeat(80)), &["sd-notify"], None), []);
    }
}
