//! The commands that the page may call. The build script, the handler, the capability and the page's own code each
//! name all of them; a test compares the four.

/// Every command, in the order of the page's `Backend` interface.
pub(crate) const COMMANDS: &[&str] = &[
    "current",
    "reconnect",
    "take_pending_navigation",
    "show_window",
    "history",
    "history_page",
    "night",
    "export_history",
    "cancel_export",
    "open_data_folder",
    "run_detail",
    "mark_seen",
    "mark_unseen",
    "mark_all_seen",
    "stop_run",
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
