//! What clicks do: start the window, tell the engine, quit.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;

use nightkeep_app::tray::{Click, MenuAction, PauseLength};
use nightkeep_engine::api::{ApiError, PauseRequest};
use nightkeep_engine::client::Client;
use nightkeep_engine::surface;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// By this variable a Wayland desktop knows that the window may come to the front.
const ACTIVATION_VARIABLE: &str = "XDG_ACTIVATION_TOKEN";

/// Answers clicks until one asks to quit. What goes wrong is told to `problems`, and that it went well too.
pub(crate) async fn answer(
    mut clicks: UnboundedReceiver<Click>,
    socket: &Path,
    problems: &UnboundedSender<Option<String>>,
) {
    while let Some(click) = clicks.recv().await {
        let page = click.action.page();
        let answered = match (click.action, page) {
            (MenuAction::Quit, _) => return,
            (MenuAction::ResumeJob(job), _) => {
                resume(socket, &job).await.map_err(|error| format!("failed to resume `{job}`: {error}"))
            }
            (MenuAction::Pause(length), _) => {
                pause(socket, length).await.map_err(|error| format!("failed to pause the watch: {error}"))
            }
            (MenuAction::ResumeWatch, _) => {
                resume_watch(socket).await.map_err(|error| format!("failed to resume the watch: {error}"))
            }
            (MenuAction::MarkAllSeen, _) => {
                mark_all_seen(socket).await.map_err(|error| format!("failed to mark all as seen: {error}"))
            }
            (_, Some(page)) => open_window(&page, click.activation_token)
                .map_err(|error| format!("failed to open the window: {error}")),
            (_, None) => Ok(()),
        };
        let problem = answered.inspect_err(|problem| tracing::error!("{problem}")).err();
        if problems.send(problem).is_err() {
            return;
        }
    }
}

async fn mark_all_seen(socket: &Path) -> Result<(), ApiError> {
    Client::connect(socket).await?.mark_all_seen().await
}

async fn resume(socket: &Path, job: &str) -> Result<(), ApiError> {
    Client::connect(socket).await?.resume_job(job).await.map(drop)
}

async fn pause(socket: &Path, length: PauseLength) -> Result<(), ApiError> {
    let request = match length {
        PauseLength::Hour => PauseRequest { for_s: Some(3600), morning: false },
        PauseLength::Morning => PauseRequest { for_s: None, morning: true },
        PauseLength::Endless => PauseRequest::default(),
    };
    Client::connect(socket).await?.pause(request).await.map(drop)
}

async fn resume_watch(socket: &Path) -> Result<(), ApiError> {
    Client::connect(socket).await?.resume().await.map(drop)
}

/// Starts the window at `page`; the window that is open already takes the page over.
fn open_window(page: &str, activation_token: Option<String>) -> io::Result<()> {
    let program = surface::window_beside(&env::current_exe()?);
    let token = activation_token.map(|token| (OsString::from(ACTIVATION_VARIABLE), OsString::from(token)));
    let env: Vec<(OsString, OsString)> = token.into_iter().collect();
    surface::start(&program, page.as_ref(), &env)
}
