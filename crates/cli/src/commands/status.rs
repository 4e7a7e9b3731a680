//! `status`: once, or again and again.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use nightkeep_engine::api::Live;
use nightkeep_engine::client::{Client, follow};

use super::{Here, faults};
use crate::args::Status;
use crate::console;
use crate::failure::Failure;
use crate::render::{self, View};

/// Numbers that grow by themselves are drawn again this often. What processes use is asked for, because no event tells.
const REDRAW_EVERY: Duration = Duration::from_secs(1);
/// An answer that takes longer is not waited for: the picture goes on without it.
const ASK_MAX: Duration = Duration::from_millis(300);
/// Cursor to the top left, and from there everything away; what scrolled out of sight stays.
const CLEAR: &str = "\x1b[H\x1b[2J";

pub(super) async fn status(here: &Here, wanted: &Status) -> Result<(), Failure> {
    let engine = here.engine().await?;
    if wanted.json {
        faults::tell_all_of(&engine).await;
        return console::print_json(&engine.status().await?);
    }
    if wanted.watch {
        return watch(here).await;
    }
    let live = engine.live().await?;
    faults::tell(&live.faults);
    console::print(&render::status(&live.status, &live.unseen, &live.leftovers, &View::of_this_terminal()))
}

/// Draws in place on a terminal; elsewhere each picture that differs follows the one before.
async fn watch(here: &Here) -> Result<(), Failure> {
    let in_place = std::io::stdout().is_terminal();
    let mut followed = follow(here.places.socket());
    let mut redraw = tokio::time::interval(REDRAW_EVERY);
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    let mut shown = Shown { live: None, heard: tokio::time::Instant::now(), in_place };
    loop {
        tokio::select! {
            _ended = &mut interrupt => return Ok(()),
            live = followed.next() => {
                shown = Shown { live: live.flatten(), heard: tokio::time::Instant::now(), in_place };
                shown.draw()?;
            }
            _tick = redraw.tick(), if in_place => {
                if let Some(live) = asked(&here.places.socket()).await {
                    shown = Shown { live: Some(live), heard: tokio::time::Instant::now(), in_place };
                }
                shown.draw()?;
            }
        }
    }
}

async fn asked(socket: &Path) -> Option<Live> {
    let asking = async { Client::connect(socket).await?.live().await };
    tokio::time::timeout(ASK_MAX, asking).await.ok()?.ok()
}

struct Shown {
    live: Option<Live>,
    heard: tokio::time::Instant,
    in_place: bool,
}

impl Shown {
    fn draw(&self) -> Result<(), Failure> {
        let view = View::of_this_terminal();
        let text = match &self.live {
            None => "not watching: the engine is away\n".to_owned(),
            Some(live) => {
                let faults: String = live.faults.iter().map(|fault| format!("warning: {}\n", fault.message)).collect();
                let status = grown(&live.status, self.heard.elapsed());
                format!("{faults}{}", render::status(&status, &live.unseen, &live.leftovers, &view))
            }
        };
        if self.in_place {
            console::print_after(CLEAR, &format!("{}{text}", title(&view)))
        } else {
            console::print(&format!("{text}\n"))
        }
    }
}

fn title(view: &View) -> String {
    format!("nightkeep status, {}. Ctrl-C ends it.\n\n", view.now.to_zoned(view.zone.clone()).strftime("%H:%M:%S"))
}

/// The same status `elapsed` later: clocks that run on have run on. The engine sends when anything else changes.
fn grown(status: &nightkeep_engine::api::Status, elapsed: Duration) -> nightkeep_engine::api::Status {
    use nightkeep_engine::api::{Activity, Progress};
    let mut status = status.clone();
    let is_paused = status.paused.is_some();
    for run in &mut status.runs {
        let stands_still = is_paused || run.progress == Progress::Waiting || run.activity == Activity::Asleep;
        if !stands_still {
            run.since_advance_s += elapsed.as_secs_f64();
        }
        for since in [&mut run.since_output_s, &mut run.since_beat_s].into_iter().flatten() {
            *since += elapsed.as_secs_f64();
        }
    }
    status
}
