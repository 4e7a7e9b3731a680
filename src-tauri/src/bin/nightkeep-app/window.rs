//! The one window: made when the program starts, and the program ends with it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use nightkeep_engine::places::{HOME_VARIABLE, Places};
use nightkeep_engine::surface::page_of;
use tauri::webview::{NewWindowResponse, PageLoadEvent};
use tauri::{
    App, AppHandle, Context, Emitter as _, Manager as _, Url, WebviewWindow, WebviewWindowBuilder, Window, WindowEvent,
    generate_context,
};

use crate::export::Exports;
use crate::files::Shown;
use crate::folder::DataFolder;
use crate::kept::{Kept, Size};
use crate::navigation::Pending;
use crate::{appearance, bridge, commands, link::Way};

/// The window's name inside Tauri; the capability is granted to it alone.
pub(crate) const LABEL: &str = "main";

/// The smallest window in which everything can be used; the same is in `tauri.conf.json`.
const LEAST: Size = Size { width: 720.0, height: 520.0 };

/// Shows the window until it is closed. A second start hands its page to the first one and ends.
pub(crate) fn run(places: &Places, page: Option<String>) -> anyhow::Result<()> {
    #[expect(clippy::exit, reason = "in the macro, for a page that was not embedded")]
    let mut context: Context = generate_context!();
    context.config_mut().identifier = identifier(&context.config().identifier);
    let kept = Kept::read(places.window());
    let data = places.database().parent().map(Path::to_path_buf).unwrap_or_default();
    let (socket, webview_data) = (places.socket(), places.log_dir().with_file_name("webview"));
    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _cwd| second_start(app, &arguments)))
        .manage(Way::default())
        .manage(Pending::of(page))
        .manage(kept)
        .on_window_event(remember)
        .manage(Exports::default())
        .manage(DataFolder::at(data))
        .manage(Shown::nothing(places.clone()))
        .invoke_handler(commands::handler())
        .setup(move |app| {
            let way = app.state::<Way>().inner().clone();
            tauri::async_runtime::spawn(bridge::forward(app.handle().clone(), way, socket));
            tauri::async_runtime::spawn(appearance::follow(app.handle().clone()));
            open(app, webview_data)?;
            Ok(())
        })
        .run(context)
        .context("failed to open the window")
}

/// A page that has nothing to show by then, because the engine takes its time, is shown as it is.
const EMPTY_MAX: Duration = Duration::from_secs(1);

/// The window is shown when its page says that there is something to see, so that nobody sees an empty one.
fn open(app: &App, webview_data: PathBuf) -> tauri::Result<()> {
    let windows = &app.config().app.windows;
    let config = windows.iter().find(|window| window.label == LABEL).expect("tauri.conf.json describes the window");
    let (size, maximized) = app.state::<Kept>().shape();
    let size = size.unwrap_or(Size { width: config.width, height: config.height }).within(LEAST, screen(app)?);
    WebviewWindowBuilder::from_config(app, config)?
        .inner_size(size.width, size.height)
        .maximized(maximized)
        // Of the page only its looks are kept, all other state is the engine's; what the webview writes stays with the rest.
        .data_directory(webview_data)
        .on_navigation(is_own)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished {
                tauri::async_runtime::spawn(async move {
                    tokio::time::sleep(EMPTY_MAX).await;
                    show(&window);
                });
            }
        })
        .build()?;
    Ok(())
}

/// What the screen has room for, in logical pixels; anything where that is not known.
fn screen(app: &App) -> tauri::Result<Size> {
    let monitor = app.primary_monitor()?;
    let size = monitor.map(|monitor| monitor.size().to_logical::<f64>(monitor.scale_factor()));
    Ok(size.map_or(Size { width: f64::MAX, height: f64::MAX }, |size| Size { width: size.width, height: size.height }))
}

/// Keeps the window's size for the next time.
fn remember(window: &Window, event: &WindowEvent) {
    let kept = window.state::<Kept>();
    if let WindowEvent::Resized(size) = event {
        let is = |state: tauri::Result<bool>| state.unwrap_or(false);
        let size = size.to_logical::<f64>(window.scale_factor().unwrap_or(1.0));
        if !is(window.is_minimized()) && !is(window.is_fullscreen()) && size.width >= 1.0 {
            kept.resized(Size { width: size.width, height: size.height }, is(window.is_maximized()));
        }
    } else if matches!(event, WindowEvent::Destroyed) {
        kept.write();
    }
}

/// Shows the window, unless it is shown.
pub(crate) fn show(window: &WebviewWindow) {
    let shown = window.is_visible().and_then(|is_visible| if is_visible { Ok(()) } else { window.show() });
    if let Err(error) = shown {
        tracing::warn!(%error, "the window could not be shown");
    }
}

/// Whether an address is a page of this program. Nothing else is ever shown in its window.
fn is_own(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

fn second_start(app: &AppHandle, arguments: &[String]) {
    let page = arguments.get(1).and_then(|argument| page_of(argument));
    if let Err(error) = bring_up(app, page) {
        tracing::warn!(%error, "the window could not be brought up");
    }
}

fn bring_up(app: &AppHandle, page: Option<String>) -> tauri::Result<()> {
    let Some(window) = app.get_webview_window(LABEL) else {
        if let Some(page) = page {
            app.state::<Pending>().set(page);
        }
        return Ok(());
    };
    if let Some(page) = page {
        app.emit_to(LABEL, "navigate", page)?;
    }
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

/// Each data directory has a window of its own, as it has an engine of its own.
fn identifier(base: &str) -> String {
    match std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
        None => base.to_owned(),
        Some(home) => {
            let mut hasher = DefaultHasher::new();
            std::path::absolute(&home).unwrap_or_else(|_| home.into()).hash(&mut hasher);
            format!("{base}.h{:016x}", hasher.finish())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_never_leaves_the_program() {
        let own = |address: &str| is_own(&address.parse().expect("a test writes addresses"));
        assert!(own("tauri://localhost/index.html"));
        assert!(own("http://tauri.localhost/"));
        assert!(!own("https://example.org/"));
        assert!(!own("file:///etc/passwd"));
        assert!(!own("https://tauri.localhost.example.org/"));
    }
}
