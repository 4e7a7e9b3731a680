//! What the page can ask for: each command hands its question to the engine and the answer back.

#![expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]

use nightkeep_engine::api::{
    ApiError, HistoryQuery, HistoryRow, JobCheck, JobSpec, JobView, ProbeReport, ProbeRequest, ResumeReply, RunDetail,
    StartReply, StopReply, StopRequest, TypeView, Validation,
};
use tauri::ipc::Invoke;
use tauri::{State, WebviewWindow, Wry, command, generate_handler};

use crate::link::{Link, Way};
use crate::navigation::Pending;
use crate::{settings, window};

type Reply<T> = Result<T, ApiError>;

/// The commands, as Tauri calls them. The names are those of [`crate::command_names::COMMANDS`].
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    generate_handler![
        current,
        reconnect,
        take_pending_navigation,
        show_window,
        history,
        run_detail,
        mark_seen,
        mark_all_seen,
        stop_run,
        jobs,
        types,
        start_job,
        resume_job,
        add_job,
        replace_job,
        delete_job,
        validate_job,
        preflight,
        probe,
        settings::settings,
        settings::set_settings,
        settings::test_notification,
        settings::storage,
        settings::clean_now,
        settings::cancel_clean,
        settings::starts_at_login,
        settings::set_starts_at_login,
        settings::open_data_folder,
        settings::export_jobs,
    ]
}

#[command]
fn current(way: State<'_, Way>) -> Link {
    way.link()
}

#[command]
fn reconnect(way: State<'_, Way>) {
    way.try_again();
}

#[command]
fn take_pending_navigation(pending: State<'_, Pending>) -> Option<String> {
    pending.take()
}

#[command]
fn show_window(window: WebviewWindow) {
    window::show(&window);
}

#[command]
async fn history(way: State<'_, Way>, query: HistoryQuery) -> Reply<Vec<HistoryRow>> {
    way.client()?.history(&query).await
}

#[command]
async fn run_detail(way: State<'_, Way>, run: u64) -> Reply<RunDetail> {
    way.client()?.run(run).await
}

#[command]
async fn mark_seen(way: State<'_, Way>, run: u64) -> Reply<()> {
    way.client()?.mark_seen(run).await
}

#[command]
async fn mark_all_seen(way: State<'_, Way>) -> Reply<()> {
    way.client()?.mark_all_seen().await
}

#[command]
async fn stop_run(way: State<'_, Way>, run: u64, force: bool) -> Reply<StopReply> {
    way.client()?.stop_run(run, StopRequest { force }).await
}

#[command]
async fn jobs(way: State<'_, Way>) -> Reply<Vec<JobView>> {
    way.client()?.jobs().await
}

#[command]
async fn types(way: State<'_, Way>) -> Reply<Vec<TypeView>> {
    way.client()?.types().await
}

#[command]
async fn start_job(way: State<'_, Way>, job: String) -> Reply<StartReply> {
    way.client()?.start_job(&job).await
}

#[command]
async fn resume_job(way: State<'_, Way>, job: String) -> Reply<ResumeReply> {
    way.client()?.resume_job(&job).await
}

#[command]
async fn add_job(way: State<'_, Way>, spec: JobSpec) -> Reply<()> {
    way.client()?.add_job(&spec).await
}

#[command]
async fn replace_job(way: State<'_, Way>, job: String, spec: JobSpec) -> Reply<()> {
    way.client()?.replace_job(&job, &spec).await
}

#[command]
async fn delete_job(way: State<'_, Way>, job: String) -> Reply<()> {
    way.client()?.remove_job(&job).await
}

#[command]
async fn validate_job(way: State<'_, Way>, spec: JobSpec, replacing: Option<String>) -> Reply<Validation> {
    way.client()?.validate_job(&spec, replacing.as_deref()).await
}

#[command]
async fn preflight(way: State<'_, Way>, spec: JobSpec, replacing: Option<String>) -> Reply<Vec<JobCheck>> {
    way.client()?.preflight(&spec, replacing.as_deref()).await
}

#[command]
async fn probe(way: State<'_, Way>, request: ProbeRequest) -> Reply<ProbeReport> {
    way.client()?.probe(&request).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use crate::command_names::COMMANDS;

    #[test]
    fn the_build_the_handler_the_capability_and_the_page_name_the_same_commands() {
        let declared: BTreeSet<String> = COMMANDS.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(handled(), declared, "the handler");
        assert_eq!(granted(), declared, "capabilities/main.json");
        assert_eq!(called(), declared, "ui/src/lib/backend/tauri.ts");
    }

    #[test]
    fn the_page_is_granted_nothing_of_tauri_but_events_and_closing_its_window() {
        let core: Vec<String> = permissions().into_iter().filter(|name| name.contains(':')).collect();
        let expected = [
            "core:event:allow-listen",
            "core:event:allow-unlisten",
            "core:window:allow-close",
            "core:window:allow-destroy",
        ];
        assert_eq!(core, expected);
    }

    fn handled() -> BTreeSet<String> {
        let source = include_str!("commands.rs");
        let (_, rest) = source.split_once("generate_handler![").expect("the handler is in this file");
        let (names, _) = rest.split_once(']').expect("the list of commands is closed");
        names
            .split(',')
            .map(|name| name.trim().trim_start_matches("settings::").to_owned())
            .filter(|name| !name.is_empty())
            .collect()
    }

    fn granted() -> BTreeSet<String> {
        let own = permissions().into_iter().filter(|name| !name.contains(':'));
        own.map(|name| name.strip_prefix("allow-").expect("only grants").replace('-', "_")).collect()
    }

    fn permissions() -> Vec<String> {
        let capability: serde_json::Value =
            serde_json::from_str(include_str!("../../../capabilities/main.json")).expect("the capability is JSON");
        let listed = capability["permissions"].as_array().expect("it lists permissions");
        listed.iter().map(|name| name.as_str().expect("each by its name").to_owned()).collect()
    }

    fn called() -> BTreeSet<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/lib/backend/tauri.ts");
        let source = fs::read_to_string(path).expect("the page's code is there");
        let calls = source.split("invoke('").skip(1);
        calls.map(|rest| rest.split('\'').next().expect("a split has a first part").to_owned()).collect()
    }
}
