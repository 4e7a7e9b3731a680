//! The tray as a desktop sees it, over a bus of its own and an engine that says what the test wants.

mod stage;

use std::process::Stdio;

use nightkeep_app::tray::{TrayState, icon};
use nightkeep_engine::api::{IconStyle, Live, PauseView, Progress, RunView};
use nightkeep_tests::dbus::{FakeWatcher, Item, ItemView};
use nightkeep_tests::fake_engine::FakeEngine;
use rustix::process::Signal;

use self::stage::{Stage, Tray, live, run, stopped_unseen};

#[tokio::test]
async fn the_tray_shows_what_runs_and_what_was_stopped() {
    let stage = Stage::new(stopped_unseen(live(vec![run("refactor_parser")]), "nightly-fuzz"));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    let view = seen(&watcher.item().await.unwrap(), "Nightkeep – 1 running, 1 stopped").await;
    assert_eq!((view.title.as_str(), view.status.as_str()), ("Nightkeep", "NeedsAttention"));
    assert_eq!(
        view.menu.lines(),
        [
            "[1 running, 1 stopped]",
            "--",
            "refactor_parser – step 14/40, under a minute since last step",
            "--",
            "Stopped: nightly-fuzz – no progress for 45 min",
            "Mark all as seen",
            "--",
            "Last night’s report",
            "Open window",
            "--",
            "Stop a run",
            "Pause watching",
            "Settings…",
            "Quit…",
        ]
    );
}

#[tokio::test]
async fn each_state_has_its_own_icon_and_only_bad_news_ask_for_attention() {
    let stage = Stage::new(live(vec![]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    let item = watcher.item().await.unwrap();
    let mut warned = live(vec![run("a")]);
    warned.status.summary.warning = 1;
    let waiting = RunView { progress: Progress::Waiting, ..run("a") };
    for (document, tooltip, state, status) in [
        (live(vec![]), "Nightkeep – nothing is running", TrayState::Idle, "Active"),
        (live(vec![waiting]), "Nightkeep – 1 running, waiting", TrayState::Paused, "Active"),
        (live(vec![run("a")]), "Nightkeep – 1 running", TrayState::Working, "Active"),
        (warned, "Nightkeep – 1 running, 1 warning", TrayState::Warning, "Active"),
        (stopped_unseen(live(vec![]), "b"), "Nightkeep – 1 stopped", TrayState::Stopped, "NeedsAttention"),
    ] {
        stage.engine.say(document);
        let view = seen(&item, tooltip).await;
        assert_eq!(view.status, status, "{tooltip}");
        let sent: Vec<Vec<u8>> = view.icon.into_iter().map(|(_, _, argb)| argb).collect();
        assert!(sent == drawn(state, IconStyle::Colour), "{tooltip}: another icon than that of {state:?}");
    }
}

fn drawn(state: TrayState, style: IconStyle) -> Vec<Vec<u8>> {
    icon::pixels(state, style).into_iter().map(icon::Pixels::into_argb).collect()
}

#[tokio::test]
async fn the_icon_is_drawn_in_the_colour_that_the_settings_name_as_soon_as_they_do() {
    let stage = Stage::new(live(vec![]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    let item = watcher.item().await.unwrap();
    seen(&item, "Nightkeep – nothing is running").await;
    for icon_style in [IconStyle::White, IconStyle::Black] {
        stage.engine.say(Live { icon_style, ..live(vec![]) });
        let is_it = |view: &ItemView| view.icon.iter().map(|(_, _, argb)| argb).eq(&drawn(TrayState::Idle, icon_style));
        item.wait_until("the icon in one colour", is_it).await.unwrap();
    }
}

#[tokio::test]
async fn an_open_menu_survives_every_change_of_its_texts() {
    let stage = Stage::new(live(vec![run("first")]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    let item = watcher.item().await.unwrap();
    seen(&item, "Nightkeep – 1 running").await;
    let before = item.signals().len();
    // Another step, another name, and two more runs: all of it fits the places that are there.
    stage.engine.say(live(vec![RunView { step: Some(15), ..run("first") }]));
    item.wait_until("another step", |view| view.menu.lines()[2].contains("step 15/40")).await.unwrap();
    stage.engine.say(live(vec![run("other"), run("second"), run("third")]));
    seen(&item, "Nightkeep – 3 running").await;
    let signals = item.signals().split_off(before);
    assert!(signals.iter().any(|signal| signal == "ItemsPropertiesUpdated"), "{signals:?}");
    assert!(!signals.iter().any(|signal| signal == "LayoutUpdated"), "{signals:?}");
    // That the check above can fail: a section that comes is another layout.
    stage.engine.say(stopped_unseen(live(vec![run("other")]), "b"));
    seen(&item, "Nightkeep – 1 running, 1 stopped").await;
    assert!(item.signals().iter().any(|signal| signal == "LayoutUpdated"), "{:?}", item.signals());
}

#[tokio::test]
async fn clicks_open_the_window_where_they_point() {
    let stage = Stage::new(stopped_unseen(live(vec![run("docs")]), "fuzz"));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    let item = watcher.item().await.unwrap();
    seen(&item, "Nightkeep – 1 running, 1 stopped").await;
    let mut window = stage.window();
    item.click("docs – step 14/40, under a minute since last step").await.unwrap();
    assert_eq!(window.opened().await, "run/41 token=");
    item.click("Stopped: fuzz – no progress for 45 min").await.unwrap();
    assert_eq!(window.opened().await, "run/40 token=");
    for (row, page) in [
        ("Last night’s report", "history"),
        ("Open window", "overview"),
        ("docs…", "run/41/stop"),
        ("Settings…", "settings"),
        ("Quit…", "quit"),
    ] {
        item.click(row).await.unwrap();
        assert_eq!(window.opened().await, format!("{page} token="));
    }
    let asked = stage.engine.requests();
    assert!(asked.iter().all(|request| !request.contains("/stop")), "the window asks first: {asked:?}");
    item.provide_activation_token("wayland-7").await.unwrap();
    item.activate().await.unwrap();
    assert_eq!(window.opened().await, "overview token=wayland-7");
}

#[tokio::test]
async fn a_window_that_cannot_be_opened_is_told_in_the_menu() {
    let stage = Stage::new(live(vec![]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = Tray::of(stage.command().env("NIGHTKEEP_APP_BIN", "/nowhere/nightkeep-app"));
    let item = watcher.item().await.unwrap();
    seen(&item, "Nightkeep – nothing is running").await;
    item.click("Open window").await.unwrap();
    let told =
        |view: &ItemView| view.menu.lines().iter().any(|row| row.starts_with("Problem: failed to open the window"));
    item.wait_until("a row with the problem", told).await.unwrap();
}

#[tokio::test]
async fn marking_all_as_seen_is_asked_of_the_engine() {
    let stage = Stage::new(stopped_unseen(live(vec![]), "fuzz"));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    let item = watcher.item().await.unwrap();
    seen(&item, "Nightkeep – 1 stopped").await;
    item.click("Mark all as seen").await.unwrap();
    stage.engine.wait_for_request("POST /v1/history/seen").await.unwrap();
}

#[tokio::test]
async fn pausing_and_resuming_is_asked_of_the_engine_and_closes_no_open_menu() {
    let stage = Stage::new(live(vec![run("docs")]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    let item = watcher.item().await.unwrap();
    seen(&item, "Nightkeep – 1 running").await;
    item.click("For 1 hour").await.unwrap();
    stage.engine.wait_for_request("POST /v1/pause").await.unwrap();
    let before = item.signals().len();
    let mut paused = live(vec![run("docs")]);
    paused.status.paused = Some(PauseView { since: "2026-11-18T10:26:40Z".to_owned(), until: None });
    stage.engine.say(paused);
    let view = seen(&item, "Nightkeep – paused, 1 running").await;
    assert!(view.menu.lines().iter().any(|row| row == "Resume watching"), "{:#?}", view.menu.lines());
    assert!(!view.menu.lines().iter().any(|row| row == "Pause watching"), "{:#?}", view.menu.lines());
    assert!(!item.signals()[before..].iter().any(|signal| signal == "LayoutUpdated"), "{:?}", item.signals());
    item.click("Resume watching").await.unwrap();
    stage.engine.wait_for_request("POST /v1/resume").await.unwrap();
}

#[tokio::test]
async fn quitting_ends_the_tray_and_only_the_tray() {
    let stage = Stage::new(live(vec![]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let mut tray = stage.tray();
    let item = watcher.item().await.unwrap();
    seen(&item, "Nightkeep – nothing is running").await;
    item.click("Quit").await.unwrap();
    assert_eq!(tray.ended().await.code(), Some(0));
    watcher.gone(item.name()).await.unwrap();
    let asked = stage.engine.requests();
    let harmless = |request: &String| request.starts_with("GET ") || request == "POST /v1/tray";
    assert!(asked.iter().all(harmless), "{asked:?}");
}

#[tokio::test]
async fn a_tray_ends_when_the_engine_says_that_a_person_wants_it() {
    let stage = Stage::new(live(vec![run("docs")]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let mut tray = stage.tray();
    let item = watcher.item().await.unwrap();
    seen(&item, "Nightkeep – 1 running").await;
    let mut last = live(vec![run("docs")]);
    last.quitting.tray = 1;
    stage.engine.say(last);
    assert_eq!(tray.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_place_for_trays_that_appears_late_gets_the_tray() {
    let stage = Stage::new(live(vec![]));
    let mut tray = Tray::of(stage.command().env("NIGHTKEEP_LOG", "info").stderr(Stdio::piped()));
    tray.said("waiting for one").await;
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    seen(&watcher.item().await.unwrap(), "Nightkeep – nothing is running").await;
}

#[tokio::test]
async fn a_place_for_trays_that_appears_while_the_tray_asks_for_one_gets_the_tray() {
    let stage = Stage::new(live(vec![]));
    let mut tray = Tray::of(stage.command().env("NIGHTKEEP_LOG", "info").stderr(Stdio::piped()));
    // It asks first and listens for places that come afterwards: stopped between the two, it hears of none.
    tray.said("waiting for one").await;
    tray.signal(Signal::STOP);
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    tray.signal(Signal::CONT);
    seen(&watcher.item().await.unwrap(), "Nightkeep – nothing is running").await;
}

#[tokio::test]
async fn a_panel_that_is_restarted_gets_the_tray_again() {
    let stage = Stage::new(live(vec![]));
    let first = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    seen(&first.item().await.unwrap(), "Nightkeep – nothing is running").await;
    first.end().await.unwrap();
    let second = FakeWatcher::start(&stage.bus).await.unwrap();
    seen(&second.item().await.unwrap(), "Nightkeep – nothing is running").await;
}

#[tokio::test]
async fn without_its_engine_the_tray_says_so_until_the_engine_is_back() {
    let mut stage = Stage::new(live(vec![run("docs")]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    let item = watcher.item().await.unwrap();
    seen(&item, "Nightkeep – 1 running").await;
    stage.engine.end().await;
    let view = seen(&item, "Nightkeep – not watching").await;
    assert_eq!(view.status, "NeedsAttention");
    assert_eq!(view.menu.lines()[0], "[Not watching]");
    stage.engine = FakeEngine::start(&stage.socket(), live(vec![run("docs"), run("fuzz")])).unwrap();
    seen(&item, "Nightkeep – 2 running").await;
}

#[tokio::test]
async fn a_second_tray_says_that_there_is_one_and_leaves() {
    let stage = Stage::new(live(vec![]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let _tray = stage.tray();
    let item = watcher.item().await.unwrap();
    let mut second = Tray::of(stage.command().stderr(Stdio::piped()));
    second.said("is running already").await;
    assert_eq!(second.ended().await.code(), Some(0));
    seen(&item, "Nightkeep – nothing is running").await;
    assert_eq!(watcher.registered(), [item.name()]);
}

#[tokio::test]
async fn without_a_desktop_session_the_tray_says_so_and_ends() {
    let stage = Stage::new(live(vec![]));
    let nowhere = "unix:path=/nowhere/bus";
    let mut tray = Tray::of(stage.command().env("DBUS_SESSION_BUS_ADDRESS", nowhere).stderr(Stdio::piped()));
    tray.said("error: no tray on this desktop").await;
    tray.said("hint: `nightkeep open` opens the window").await;
    assert_eq!(tray.ended().await.code(), Some(3));
}

#[tokio::test]
async fn the_tray_ends_with_its_desktop_session() {
    let mut stage = Stage::new(live(vec![]));
    let watcher = FakeWatcher::start(&stage.bus).await.unwrap();
    let mut tray = stage.tray();
    seen(&watcher.item().await.unwrap(), "Nightkeep – nothing is running").await;
    stage.bus.end();
    assert_eq!(tray.ended().await.code(), Some(0));
}

async fn seen(item: &Item, tooltip: &str) -> ItemView {
    item.wait_until(tooltip, |view| view.tooltip == tooltip).await.unwrap()
}
