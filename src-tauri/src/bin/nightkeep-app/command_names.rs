//! The commands that the page may call. The build script, the handler, the capability and the page's own code each
//! name all of them; a test compares the four.

/// Every command, in the order of the page's `Backend` interface.
pub(crate) const COMMANDS: &[&str] = &[
    "current",
    "reconnect",
    "take_pending_navigation",
    "show_window",
    "history",
    "run_detail",
    "mark_seen",
    "mark_unseen",
    "mark_all_seen",
    "run_markdown",
    "open_run_folder",
    "open_run_log",
    "stop_run",
    "extend_run",
    "start_demo",
    "tell_once",
    "jobs",
    "types",
    "start_job",
    "resume_job",
    "add_job",
    "replace_job",
    "delete_job",
    "validate_job",
    "preflight",
    "probe",
];
