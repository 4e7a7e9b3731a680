//! `nightkeep-tray`: the resident icon. It shows what the engine says and starts the window; it decides nothing.
//!
//! It links no GUI library. The desktop's menu is a value that is sent over; the window is another program.

#![forbid(unsafe_code)]

mod clicks;
mod engine;
mod orders;
mod place;

use std::io::{IsTerminal as _, stderr, stdout};
use std::process::ExitCode;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use nightkeep_app::tray::{Click, Link, News, NoTray, backend, redraw};
use nightkeep_engine::client::Client;
use nightkeep_engine::places::Places;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use nightkeep_engine::VERSION;
use nightkeep_engine::surface::Alone;

use self::orders::Orders;

/// Names what is logged, as `warn,zbus=error` does; that is the default, because we tell of an ended session ourselves.
const LOG_VARIABLE: &str = "NIGHTKEEP_LOG";
/// The desktop has no place where a tray could ever appear.
const EXIT_NO_TRAY: u8 = 3;
/// The program was called with what it does not take.
const EXIT_USAGE: u8 = 2;

const USAGE: &str = "Usage: nightkeep-tray [--version]

Shows Nightkeep in the tray: what runs, what was stopped, and the way to the window.
Starts the engine when it is not running. `nightkeep status` shows the same in a terminal.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {}
        ["--version" | "-V"] => {
            tell(stdout(), &format!("nightkeep-tray {VERSION}"));
            return ExitCode::SUCCESS;
        }
        ["--help" | "-h"] => {
            tell(stdout(), USAGE);
            return ExitCode::SUCCESS;
        }
        [unknown, ..] => {
            tell(stderr(), &format!("error: unexpected argument `{unknown}`\n\n{USAGE}"));
            return ExitCode::from(EXIT_USAGE);
        }
    }
    log();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(stderr(), &format!("error: {error:#}"));
            match error.downcast_ref::<NoTray>() {
                Some(NoTray::NoSession(_)) => {
                    tell(stderr(), "hint: `nightkeep open` opens the window, `nightkeep status` shows the runs");
                    ExitCode::from(EXIT_NO_TRAY)
                }
                Some(NoTray::SessionEnded | NoTray::System(_)) | None => ExitCode::FAILURE,
            }
        }
    }
}

fn log() {
    let wanted = std::env::var(LOG_VARIABLE).ok().and_then(|wanted| wanted.parse::<Targets>().ok());
    let filter = wanted.unwrap_or_else(|| Targets::new().with_default(Level::WARN).with_target("zbus", Level::ERROR));
    let lines = tracing_subscriber::fmt::layer().with_ansi(stderr().is_terminal()).with_writer(stderr);
    tracing_subscriber::registry().with(lines).with(filter).init();
}

fn run() -> anyhow::Result<()> {
    let places = Places::from_env().context("failed to find the places of Nightkeep's files")?;
    places.create().context("failed to prepare the places of Nightkeep's files")?;
    let lock = places.engine_lock().with_file_name("tray.lock");
    let Some(_alone) = Alone::in_place(&lock).context("failed to see whether a tray runs already")? else {
        tell(stderr(), "a tray of this data directory is running already");
        return Ok(());
    };
    match backend::run(async move |painter, clicks, has_place| {
        Box::pin(drive(&places, &painter, clicks, has_place)).await
    }) {
        Ok(()) => Ok(()),
        // Logging out is no failure.
        Err(NoTray::SessionEnded) => {
            tracing::info!("{}", NoTray::SessionEnded);
            Ok(())
        }
        Err(error @ (NoTray::NoSession(_) | NoTray::System(_))) => Err(error.into()),
    }
}

/// Redraws and answers clicks until somebody quits.
async fn drive(
    places: &Places,
    painter: &backend::Painter,
    clicks: UnboundedReceiver<Click>,
    has_place: watch::Receiver<bool>,
) {
    let socket = places.socket();
    let orders = Orders::new();
    let (problems, mut problem) = unbounded_channel();
    let problem = stream::poll_fn(move |context| problem.poll_recv(context)).map(News::Problem);
    let links = engine::links(socket.clone()).inspect(|link| {
        if let Link::Live(live) = link {
            orders.hear(live);
        }
    });
    let news = stream::select(links.map(News::Link), problem);
    let drawn = redraw(news, jiff::Timestamp::now, async |model| painter.show(model).await);
    let reported = place::report(has_place, orders.engine(), async |has_place| {
        let told = async { Client::connect(&socket).await?.tray_reports(has_place).await };
        if let Err(error) = told.await {
            tracing::warn!(%error, "the engine could not be told whether there is a place for the tray");
        }
    });
    tokio::select! {
        () = drawn => {}
        () = clicks::answer(clicks, &socket, &problems) => {}
        () = orders.ended() => tracing::info!("a person wants the tray to end"),
        () = reported => {}
    }
}

/// One line to a person. When nobody reads it there is nobody to tell.
fn tell(mut to: impl std::io::Write, line: &str) {
    writeln!(to, "{line}").unwrap_or_default();
}
