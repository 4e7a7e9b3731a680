//! The tray on macOS and Windows, with the toolkit's own tray. Never run.
//!
//! The system wants its event loop on the first thread, so what drives the tray has a thread of its own. The menu is
//! made once; rows are changed in place, and those that come or go are put in or taken out at most every
//! [`LAYOUT_PAUSE`]: another menu in place of an open one shuts it.

#[cfg_attr(target_os = "macos", path = "backend_macos.rs")]
#[cfg_attr(windows, path = "backend_windows.rs")]
mod imp;

use std::time::{Duration, Instant};
use std::{io, panic, thread};

use tao::event::{Event, StartCause};
use tao::event_loop::{ControlFlow, EventLoopBuilder, EventLoopProxy};
use tao::platform::run_return::EventLoopExtRunReturn as _;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tray_icon::menu::{self, IsMenuItem, MenuEvent, MenuItem, PredefinedMenuItem, Submenu};
use tray_icon::{TrayIcon, TrayIconBuilder, TrayIconEvent};

use super::menu::{Line, Row, changed_part};
use super::{Click, MenuAction, NoTray, TrayModel, escape_label};

/// What marks the access key in a label.
const ACCESS_KEY_MARK: char = '&';
/// Between two changes of which rows there are.
const LAYOUT_PAUSE: Duration = Duration::from_secs(2);

/// Draws models.
pub struct Painter {
    thread_with_the_tray: EventLoopProxy<Order>,
}

impl Painter {
    /// Shows `model` in place of what is shown.
    #[expect(clippy::unused_async, reason = "the twin for Linux waits for the desktop")]
    pub async fn show(&self, model: TrayModel) {
        if self.thread_with_the_tray.send_event(Order::Show(Box::new(model))).is_err() {
            tracing::debug!("nobody draws: the tray is ending");
        }
    }
}

enum Order {
    Show(Box<TrayModel>),
    End,
}

/// Shows a tray until `drive` is done, and hands back what it gives. These desktops always have a place for it.
///
/// # Errors
/// The system refuses a thread or a runtime.
pub fn run<T, D>(drive: D) -> Result<T, NoTray>
where
    D: AsyncFnOnce(Painter, UnboundedReceiver<Click>, watch::Receiver<bool>) -> T + Send + 'static,
    T: Send + 'static,
{
    let mut event_loop = EventLoopBuilder::with_user_event().build();
    imp::prepare(&mut event_loop);
    let (sender, clicks) = unbounded_channel();
    listen(&sender);
    let painter = Painter { thread_with_the_tray: event_loop.create_proxy() };
    let end = event_loop.create_proxy();
    let driver = thread::Builder::new().name("drive".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let value = runtime.map(|runtime| runtime.block_on(drive(painter, clicks, watch::channel(true).1)));
        if end.send_event(Order::End).is_err() {
            tracing::debug!("the tray has ended already");
        }
        value
    });
    let driver = driver.map_err(NoTray::System)?;
    let mut drawn: Option<Drawn> = None;
    event_loop.run_return(|event, _target, flow| {
        *flow = ControlFlow::Wait;
        // Every other event only wakes up, such as the time for rows to come or go.
        if let Event::NewEvents(StartCause::Init) = event {
            drawn = Drawn::start().inspect_err(|error| log_failure(error)).ok();
        } else if let Event::UserEvent(order) = event {
            match order {
                Order::Show(model) => {
                    if let Some(drawn) = &mut drawn {
                        drawn.show(*model);
                    }
                }
                Order::End => {
                    *flow = ControlFlow::Exit;
                    return;
                }
            }
        }
        if let Some(due) = drawn.as_mut().and_then(Drawn::settle) {
            *flow = ControlFlow::WaitUntil(due);
        }
    });
    drop(drawn);
    let value: io::Result<T> = driver.join().unwrap_or_else(|cause| panic::resume_unwind(cause));
    value.map_err(NoTray::System)
}

fn listen(clicks: &UnboundedSender<Click>) {
    let send = |clicks: &UnboundedSender<Click>, action| {
        if let Err(unheard) = clicks.send(Click { action, activation_token: None }) {
            tracing::debug!(action = %unheard.0.action, "nobody listens to clicks: the tray is ending");
        }
    };
    let rows = clicks.clone();
    MenuEvent::set_event_handler(Some(move |event: MenuEvent| match event.id().as_ref().parse() {
        Ok(action) => send(&rows, action),
        Err(_) => tracing::debug!(id = event.id().as_ref(), "a row without an action was clicked"),
    }));
    let icon = clicks.clone();
    TrayIconEvent::set_event_handler(Some(move |event: TrayIconEvent| {
        if imp::opens_window(&event) {
            send(&icon, MenuAction::OpenWindow);
        }
    }));
}

/// What is on the screen.
struct Drawn {
    tray: TrayIcon,
    menu: menu::Menu,
    model: TrayModel,
    /// One for each line of the menu.
    items: Vec<(Line, Item)>,
    /// When rows came or went last.
    laid_out: Instant,
}

enum Item {
    Separator(PredefinedMenuItem),
    Row(MenuItem),
    /// A row with those beside it.
    Opening(Submenu, Vec<MenuItem>),
}

impl Item {
    fn of(line: &Line) -> Self {
        match line {
            Line::Separator => Self::Separator(PredefinedMenuItem::separator()),
            Line::Row(row) if row.rows.is_empty() => Self::Row(plain(row)),
            Line::Row(row) => {
                let opening = Submenu::new(escape_label(&row.label, ACCESS_KEY_MARK), true);
                let items: Vec<MenuItem> = row.shown_rows().map(plain).collect();
                for item in &items {
                    opening.append(item).unwrap_or_else(|error| log_failure(&error));
                }
                Self::Opening(opening, items)
            }
        }
    }

    /// Takes over the texts of a row that has the same place.
    fn set_texts(&self, row: &Row) {
        let text = |row: &Row| escape_label(&row.label, ACCESS_KEY_MARK);
        match self {
            Self::Separator(_) => {}
            Self::Row(item) => item.set_text(text(row)),
            Self::Opening(opening, items) => {
                opening.set_text(text(row));
                items.iter().zip(row.shown_rows()).for_each(|(item, row)| item.set_text(text(row)));
            }
        }
    }

    fn as_menu_item(&self) -> &dyn IsMenuItem {
        match self {
            Self::Separator(item) => item,
            Self::Row(item) => item,
            Self::Opening(item, _) => item,
        }
    }
}

fn plain(row: &Row) -> MenuItem {
    let text = escape_label(&row.label, ACCESS_KEY_MARK);
    match &row.action {
        Some(action) => MenuItem::with_id(action.to_string(), text, true, None),
        None => MenuItem::new(text, false, None),
    }
}

impl Drawn {
    fn start() -> Result<Self, tray_icon::Error> {
        let model = TrayModel::connecting();
        let menu = menu::Menu::new();
        let tray = TrayIconBuilder::new()
            .with_menu(Box::new(menu.clone()))
            .with_menu_on_left_click(imp::MENU_ON_LEFT_CLICK)
            .with_tooltip(&model.tooltip)
            .build()?;
        let mut drawn = Self { tray, menu, model, items: Vec::new(), laid_out: Instant::now() };
        drawn.draw_icon();
        drawn.lay_out();
        Ok(drawn)
    }

    fn show(&mut self, model: TrayModel) {
        let before = std::mem::replace(&mut self.model, model);
        if (before.state, before.style) != (self.model.state, self.model.style) {
            self.draw_icon();
        }
        if before.tooltip != self.model.tooltip {
            self.tray.set_tooltip(Some(&self.model.tooltip)).unwrap_or_else(|error| log_failure(&error));
        }
    }

    /// Makes the menu that of the model; when rows would come or go too soon after the last time, says when they may.
    fn settle(&mut self) -> Option<Instant> {
        let wanted = self.model.menu.lines();
        let same_layout = wanted.len() == self.items.len()
            && wanted.iter().zip(&self.items).all(|(wanted, (shown, _))| wanted.has_same_place(shown));
        let due = self.laid_out + LAYOUT_PAUSE;
        if same_layout {
            for (wanted, (shown, item)) in wanted.into_iter().zip(&mut self.items) {
                if let Line::Row(row) = &wanted
                    && wanted != *shown
                {
                    item.set_texts(row);
                }
                *shown = wanted;
            }
        } else if Instant::now() >= due {
            self.lay_out();
        } else {
            return Some(due);
        }
        None
    }

    /// Takes out and puts in what differs between the ends that stay.
    fn lay_out(&mut self) {
        let wanted = self.model.menu.lines();
        let shown: Vec<Line> = self.items.iter().map(|(line, _)| line.clone()).collect();
        let (start, stale, fresh) = changed_part(&shown, &wanted);
        let items: Vec<(Line, Item)> = fresh.iter().map(|line| (line.clone(), Item::of(line))).collect();
        for (_, item) in self.items.drain(start..start + stale) {
            self.menu.remove(item.as_menu_item()).unwrap_or_else(|error| log_failure(&error));
        }
        for (place, (_, item)) in items.iter().enumerate() {
            self.menu.insert(item.as_menu_item(), start + place).unwrap_or_else(|error| log_failure(&error));
        }
        self.items.splice(start..start, items);
        self.laid_out = Instant::now();
    }

    fn draw_icon(&self) {
        let drawn = imp::icon(&self.model).map(|icon| imp::set_icon(&self.tray, icon));
        match drawn {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log_failure(&error),
            Err(error) => log_failure(&error),
        }
    }
}

/// A tray that cannot be drawn harms no run.
fn log_failure(error: &dyn std::error::Error) {
    tracing::error!(%error, "failed to draw the tray");
}
