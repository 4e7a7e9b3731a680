//! Tests that change what everybody on the computer shares are run once more where it is theirs alone.

use std::any::type_name;
use std::process::Command;

/// Set where mounts are the test's own.
pub(super) const OWN_MOUNTS: &str = "NIGHTKEEP_TEST_MOUNTS";
/// Set where process numbers are the test's own.
pub(super) const OWN_PIDS: &str = "NIGHTKEEP_TEST_PIDS";

/// Runs the test that calls this once more, where it may mount what it likes and nobody else sees it. A test that
/// cannot be run so fails.
///
/// # Panics
/// When the test fails, or when the system lets nobody mount.
pub fn with_own_mounts<T: FnOnce()>(test: T) {
    once_more(&["--mount", "--propagation", "private"], OWN_MOUNTS, test);
}

/// Runs the test that calls this once more, where it says which number the next process gets and where nobody but what it
/// starts can take one. It is the ancestor of all that is there, which ends with it. A test that cannot be run so fails.
///
/// # Panics
/// When the test fails, or when the system gives nobody numbers of his own.
pub fn with_own_pids<T: FnOnce()>(test: T) {
    once_more(&["--pid", "--fork", "--kill-child", "--mount-proc"], OWN_PIDS, test);
}

fn once_more<T: FnOnce()>(unshared: &[&str], inside: &str, test: T) {
    if std::env::var_os(inside).is_some() {
        return test();
    }
    // `it::the_file::the_test::{{closure}}`, and the harness knows it without what stands before and behind.
    let name = type_name::<T>().trim_end_matches("::{{closure}}");
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    let mut command = Command::new("unshare");
    command.args(unshared);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let this = std::env::current_exe().expect("the test that runs has a path");
    command.arg(this).args([name, "--exact", "--nocapture", "--test-threads=1"]).env(inside, "1");
    let output = command.output().expect("`unshare` of util-linux is needed for a namespace of the test's own");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let is_good = output.status.success() && text.contains("test result: ok. 1 passed");
    let what = unshared.join(" ");
    assert!(is_good, "failed in a namespace of its own (`unshare {what}`), with {}:\n{text}", output.status);
}
