//! The desktop around the real engine: its tray and its notifications.

use std::process::{Child, Stdio};

use nightkeep_engine::api::FaultKind;
use nightkeep_tests::binary;
use nightkeep_tests::dbus::{FakeWatcher, Item, ItemView};
use nightkeep_tests::night::{Night, fake_agent};

/// A job that is stopped a second and a half after its second step.
fn config() -> String {
    let command = [&fake_agent().unwrap(), "mark 1 sources collected", "mark 2 outline made", "hang"];
    format!(
        "[jobs.articles]\ncommand = {command:?}\nwarn_after = \"1400ms\"\nstall_after = \"1500ms\"\ngrace = \"1s\"\n\
         [notifications]\nquiet_hours = \"off\"\n"
    )
}

/// The real tray. Ends with this value.
struct Tray(Child);

impl Tray {
    fn start(night: &Night) -> Self {
        let mut command = night.program(binary("nightkeep-tray").unwrap());
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Tray {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        self.0.kill().and_then(|()| self.0.wait()).map(drop).unwrap_or_default();
    }
}

fn seen(night: &Night, item: &Item, what: &str, wanted: impl Fn(&ItemView) -> bool) -> ItemView {
    night.see(async |_| item.wait_until(what, wanted).await).unwrap()
}

#[test]
fn the_tray_goes_with_a_run_from_its_start_to_the_moment_its_stop_was_seen() {
    let night = Night::on_a_desktop(&config()).unwrap();
    let watcher = night.see(async |desktop| FakeWatcher::start(desktop.bus()).await).unwrap();
    let _tray = Tray::start(&night);
    let item = night.see(async |_| watcher.item().await).unwrap();
    let idle = seen(&night, &item, "an idle tray", |view| view.tooltip == "Nightkeep – nothing is running");
    assert_eq!(idle.status, "Active");

    let begun = night.begin(&["start", "articles"]).unwrap();
    let working = seen(&night, &item, "the run with its step", |view| {
        view.menu.lines().iter().any(|row| row.starts_with("articles – step 2"))
    });
    assert_eq!((working.status.as_str(), working.tooltip.as_str()), ("Active", "Nightkeep – 1 running"));

    let stop = |row: &String| row.starts_with("Stopped: articles – ");
    let stopped = seen(&night, &item, "the stop", |view| {
        view.tooltip == "Nightkeep – 1 stopped" && view.menu.lines().iter().any(stop)
    });
    assert_eq!(stopped.status, "NeedsAttention");
    assert_eq!(night.ended(begun.run).unwrap().last_step, Some(2));
    let told = night.notification("articles was stopped").unwrap();
    assert!(told.body.contains("step 2"), "{}", told.body);

    night.see(async |_| item.click("Mark all as seen").await).unwrap();
    night.until("no stop to be unseen", |live| (live.status.summary.stopped_unseen == 0).then_some(())).unwrap();
    let calm = seen(&night, &item, "an idle tray again", |view| view.tooltip == "Nightkeep – nothing is running");
    assert_eq!(calm.status, "Active");
    assert!(!calm.menu.lines().iter().any(stop), "{:#?}", calm.menu.lines());
}

fn check_that_a_stop_without_a_notification_is_told_plainly(night: &Night) {
    let begun = night.begin(&["start", "articles"]).unwrap();
    let fault = night.fault(FaultKind::Notifications).unwrap();
    assert_eq!(fault.message, "No notification service was found. Stops still appear here and in the tray.");
    night.ended(begun.run).unwrap();
}

#[test]
fn without_a_session_bus_the_missing_notification_is_told_plainly() {
    check_that_a_stop_without_a_notification_is_told_plainly(&Night::watched(&config()).unwrap());
}

#[test]
fn without_a_notification_service_the_missing_notification_is_told_plainly() {
    check_that_a_stop_without_a_notification_is_told_plainly(&Night::on_a_bare_desktop(&config()).unwrap());
}
