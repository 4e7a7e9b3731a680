//! What the page can ask for: each command hands its question to the engine and the answer back.

#![expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use nightkeep_engine::api::{
    ApiError, ErrorCode, ExtendReply, ExtendRequest, GapsView, HistoryPage, HistoryPageQuery, HistoryQuery, HistoryRow,
    JobCheck, JobSpec, JobView, LimitsSpec, NightReport, PauseRequest, PauseView, ProbeReport, ProbeRequest,
    QuitChoice, ResumeReply, ResumedReply, RunDetail, SnoozeView, StartReply, StopReply, StopRequest, TypeDraft,
    TypeView, UnsnoozedReply, Validation,
};
use nightkeep_engine::export::Format;
use nightkeep_engine::{report, surface};
use tauri::ipc::Invoke;
use tauri::{AppHandle, Emitter as _, State, WebviewWindow, Wry, command, generate_handler};

use crate::export::{self, Exported, Exports};
use crate::folder::DataFolder;
use crate::kept::Kept;
use crate::link::{Link, Way};
use crate::navigation::Pending;
use crate::{files, settings, window};

type Reply<T> = Result<T, ApiError>;

/// The commands, as Tauri calls them. The names are those of [`crate::command_names::COMMANDS`].
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    generate_handler![
        current,
        reconnect,
        take_pending_navigation,
        show_window,
        history,
        history_page,
        night,
        export_history,
        cancel_export,
        open_data_folder,
        run_detail,
        mark_seen,
        mark_unseen,
        mark_all_seen,
        run_markdown,
        open_run_folder,
        open_run_log,
        stop_run,
        extend_run,
        start_demo,
        tell_once,
        jobs,
        types,
        type_gaps,
        job_gaps,
        set_type,
        set_capacity,
        delete_type,
        validate_type,
        start_job,
        stop_job,
        resume_job,
        snooze_job,
        unsnooze_job,
        add_job,
        replace_job,
        delete_job,
        validate_job,
        preflight,
        probe,
        settings::settings,
        settings::set_settings,
        settings::reset_settings,
        settings::test_notification,
        settings::has_notification_settings,
        settings::open_notification_settings,
        settings::storage,
        settings::clean_now,
        settings::cancel_clean,
        settings::starts_at_login,
        settings::set_starts_at_login,
        files::export_settings,
        files::diagnostics,
        files::save_diagnostics,
        pause,
        resume,
        quit,
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
async fn history_page(way: State<'_, Way>, query: HistoryPageQuery) -> Reply<HistoryPage> {
    way.client()?.history_page(&query).await
}

#[command]
async fn night(way: State<'_, Way>, date: Option<String>) -> Reply<NightReport> {
    way.client()?.night(date.as_deref()).await
}

#[command]
async fn export_history(
    app: AppHandle,
    way: State<'_, Way>,
    exports: State<'_, Exports>,
    query: HistoryPageQuery,
    format: Format,
) -> Reply<Option<Exported>> {
    let client = way.client()?;
    let folder = export::folder(&app)?;
    let told = |progress| drop(app.emit_to(window::LABEL, "export", progress));
    exports.run(&client, query, format, &folder, told).await
}

#[command]
fn cancel_export(exports: State<'_, Exports>) {
    exports.cancel();
}

#[command]
fn open_data_folder(folder: State<'_, DataFolder>) -> Reply<()> {
    folder.open()
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
async fn mark_unseen(way: State<'_, Way>, run: u64) -> Reply<()> {
    way.client()?.mark_unseen(run).await
}

#[command]
async fn run_markdown(way: State<'_, Way>, run: u64) -> Reply<String> {
    let run = way.client()?.run(run).await?;
    Ok(report::markdown(&run, &TimeZone::system()))
}

/// Which file is shown is said by the engine: the page knows numbers only.
#[command]
async fn open_run_folder(way: State<'_, Way>, run: u64) -> Reply<()> {
    let log = log_of(&way.client()?.run(run).await?)?;
    shown(log.parent().unwrap_or(&log))
}

#[command]
async fn open_run_log(way: State<'_, Way>, run: u64) -> Reply<()> {
    shown(&log_of(&way.client()?.run(run).await?)?)
}

fn log_of(run: &RunDetail) -> Reply<PathBuf> {
    let gone = || ApiError::new(ErrorCode::NotFound, format!("run {} has no files any longer", run.run));
    run.output.path.as_ref().map(PathBuf::from).ok_or_else(gone)
}

fn shown(path: &Path) -> Reply<()> {
    surface::show(path).map_err(|fault| {
        ApiError::new(ErrorCode::Internal, format!("`{}` cannot be opened: {fault}", path.display()))
            .with_hint("open it with a program of your own")
    })
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
async fn extend_run(way: State<'_, Way>, run: u64, by_s: f64) -> Reply<ExtendReply> {
    way.client()?.extend_run(run, ExtendRequest { by_s }).await
}

#[command]
async fn start_demo(way: State<'_, Way>) -> Reply<StartReply> {
    way.client()?.start_demo().await
}

#[command]
fn tell_once(kept: State<'_, Kept>, what: String) -> bool {
    kept.tell_once(&what)
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
async fn type_gaps(way: State<'_, Way>, name: String) -> Reply<GapsView> {
    way.client()?.type_gaps(&name).await
}

#[command]
async fn job_gaps(way: State<'_, Way>, job: String) -> Reply<GapsView> {
    way.client()?.job_gaps(&job).await
}

#[command]
async fn set_type(way: State<'_, Way>, name: String, limits: LimitsSpec) -> Reply<()> {
    way.client()?.set_type(&name, &limits).await
}

#[command]
async fn set_capacity(way: State<'_, Way>, name: String, max_running: Option<u32>) -> Reply<()> {
    way.client()?.set_capacity(&name, max_running).await
}

#[command]
async fn delete_type(way: State<'_, Way>, name: String) -> Reply<()> {
    way.client()?.remove_type(&name).await
}

#[command]
async fn validate_type(way: State<'_, Way>, draft: TypeDraft) -> Reply<Validation> {
    way.client()?.validate_type(&draft).await
}

#[command]
async fn start_job(way: State<'_, Way>, job: String) -> Reply<StartReply> {
    way.client()?.start_job(&job).await
}

#[command]
async fn stop_job(way: State<'_, Way>, job: String) -> Reply<StopReply> {
    way.client()?.stop_job(&job, StopRequest { force: false }).await
}

#[command]
async fn resume_job(way: State<'_, Way>, job: String) -> Reply<ResumeReply> {
    way.client()?.resume_job(&job).await
}

#[command]
async fn snooze_job(way: State<'_, Way>, job: String) -> Reply<SnoozeView> {
    way.client()?.snooze_job(&job).await
}

#[command]
async fn unsnooze_job(way: State<'_, Way>, job: String) -> Reply<UnsnoozedReply> {
    way.client()?.unsnooze_job(&job).await
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

#[command]
async fn pause(way: State<'_, Way>, request: PauseRequest) -> Reply<PauseView> {
    way.client()?.pause(request).await
}

#[command]
async fn resume(way: State<'_, Way>) -> Reply<ResumedReply> {
    way.client()?.resume().await
}

#[command]
async fn quit(way: State<'_, Way>, choice: QuitChoice) -> Reply<StopReply> {
    way.client()?.quit(choice).await
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
            .map(|name| name.trim().rsplit("::").next().unwrap_or_default().to_owned())
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
