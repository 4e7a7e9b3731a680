//! Settings that are changed while a real engine runs.

use nightkeep_engine::api::{ErrorCode, Phase};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, fake_agent};

#[test]
fn a_changed_setting_is_in_force_at_once_and_leaves_the_comments_of_the_file() {
    let night = Night::watched("# mine\n[settings] # all\nmax_running = 1 # one by one\n").unwrap();
    let agent = fake_agent().unwrap();
    let first = night.begin(&["run", "--detach", "--", &agent, "hang"]).unwrap();
    night.until_run("the first one to run", first.run, |view| view.phase == Phase::Running).unwrap();
    let second = night.begin(&["run", "--detach", "--", &agent, "hang"]).unwrap();
    night.until_run("the second one to wait", second.run, |view| view.phase == Phase::Queued).unwrap();

    assert_eq!(night.told(&["config", "set", "max_running", "2"]).unwrap(), "changed max_running\n");
    night.until_run("the second one to run", second.run, |view| view.phase == Phase::Running).unwrap();
    assert_eq!(night.config().unwrap(), "# mine\n[settings] # all\nmax_running = 2 # one by one\n");
    assert_eq!(night.told(&["config", "get", "max_running"]).unwrap(), "2\n");

    night.told(&["config", "set", "listen", "127.0.0.1:0"]).unwrap();
    let port = || night.ask(async |engine| engine.pings().await).unwrap().url;
    eventually("the port to be open", port).unwrap();
    night.told(&["config", "set", "listen", "none"]).unwrap();
    eventually("the port to be closed", || port().is_none().then_some(())).unwrap();
}

#[test]
fn a_setting_that_cannot_be_meant_is_refused_at_its_field_and_changes_nothing() {
    let night = Night::watched("[settings]\nkeep_days = 14\n").unwrap();
    let mut spec = night.ask(async |engine| engine.settings().await).unwrap().spec;
    spec.quiet_hours = "from dusk till dawn".to_owned();
    let fault = night.ask(async |engine| engine.set_settings(&spec).await).unwrap_err();
    assert_eq!((fault.code, fault.field.as_deref()), (ErrorCode::Invalid, Some("quiet_hours")), "{fault:?}");
    assert_eq!(night.config().unwrap(), "[settings]\nkeep_days = 14\n");
    assert_eq!(night.ask(async |engine| engine.settings().await).unwrap().spec.keep_days, 14);
}

#[test]
fn where_events_are_told_is_set_from_the_command_line() {
    let night = Night::watched("[notifications]\nwarnings = true # mine\n").unwrap();
    let get = |name: &str| night.told(&["config", "get", name]).unwrap();
    assert_eq!((get("show.warning").as_str(), get("warnings").as_str()), ("banner\n", "true\n"));
    for (name, value) in [("quiet_days", "Sunday,mon-thu"), ("morning_report", "8:00"), ("sound", "false")] {
        night.told(&["config", "set", name, value]).unwrap();
    }
    assert_eq!((get("quiet_days").as_str(), get("morning_report").as_str()), ("Sun-Thu\n", "08:00\n"));
    night.told(&["config", "set", "show.finished", "digest"]).unwrap();
    night.told(&["config", "set", "warnings", "false"]).unwrap();
    let text = night.config().unwrap();
    assert!(text.ends_with("\n\n[notifications.show]\nfinished = \"digest\"\nwarning = \"off\"\n"), "{text}");
    assert!(!text.contains("warnings"), "{text}");
    let said = night.nightkeep(&["config", "set", "show.stopped", "per-job"]).unwrap();
    assert!(
        said.code == Some(2) && said.err.contains("`per-job` is nothing that `show.stopped` could be"),
        "{}",
        said.err
    );
    let said = night.nightkeep(&["config", "set", "quiet_days", "weekdays"]).unwrap();
    assert!(said.code != Some(0) && said.err.contains("has to be days such as `Sun-Thu`"), "{}", said.err);
    let list = night.told(&["config", "list"]).unwrap();
    let names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let events = ["breaker", "failed", "finished", "needs_you", "recovered", "stopped", "warning"];
    for name in events.map(|event| format!("show.{event}")).iter().map(String::as_str).chain(["sound", "quiet_days"]) {
        assert!(names.contains(&name), "{name}: {list}");
    }
}

#[test]
fn a_test_notification_says_who_showed_it_or_that_nobody_can() {
    let night = Night::on_a_desktop("").unwrap();
    let said = night.ask(async |engine| engine.test_notification().await).unwrap();
    assert!(said.sent && said.message.starts_with("Sent. Notification server: "), "{said:?}");
    night.notification("Nightkeep can reach you").unwrap();
    let bare = Night::on_a_bare_desktop("").unwrap();
    let said = bare.ask(async |engine| engine.test_notification().await).unwrap();
    let wanted = "No notification service found. Stops still appear here and in the tray.";
    assert_eq!((said.sent, said.message.as_str()), (false, wanted));
}

#[test]
fn what_is_too_much_is_removed_when_somebody_wants_it_and_is_counted() {
    let night = Night::watched("").unwrap();
    let print = "yes 0123456789012345678901234567890123456789 | head -c 300000";
    for _ in 0..2 {
        let begun = night.begin(&["run", "--detach", "--", "sh", "-c", print]).unwrap();
        night.ended(begun.run).unwrap();
        let dir = night.run_dir(&begun.tag);
        let is_free = || matches!(nightkeep_os::lock_is_held(&dir.lock()), Ok(false)).then_some(());
        eventually("its keeper to be gone", is_free).unwrap();
    }
    let before = night.ask(async |engine| engine.storage().await).unwrap();
    assert_eq!((before.runs, before.output_bytes, before.cleaning), (2, 600_000, None));
    assert!(before.database_bytes > 0);
    night.told(&["config", "set", "output_total_max", "400KB"]).unwrap();
    let cleaned = night.ask(async |engine| engine.clean().await).unwrap();
    assert_eq!((cleaned.runs, cleaned.outputs, cleaned.bytes, cleaned.failures), (0, 1, 300_000, 0), "{cleaned:?}");
    assert!(!cleaned.is_cancelled && cleaned.is_clock_doubted, "{cleaned:?}");
    let after = night.ask(async |engine| engine.storage().await).unwrap();
    assert_eq!((after.runs, after.output_bytes), (2, 300_000));
}

#[test]
fn a_reset_shows_what_it_would_change_and_leaves_jobs_and_comments() {
    let text =
        "# mine\n[settings] # all\n# not for ever\nkeep_days = 14\n[jobs.docs] # nightly\ncommand = [\"true\"]\n";
    let night = Night::watched(text).unwrap();
    assert_eq!(night.told(&["config", "reset"]).unwrap(), "keep_days  14 → 30\n");
    assert_eq!(night.config().unwrap(), text, "it only says what it would do");
    assert_eq!(night.told(&["config", "reset", "--yes"]).unwrap(), "keep_days  14 → 30\n");
    let left = "# mine\n[settings] # all\n# not for ever\n[jobs.docs] # nightly\ncommand = [\"true\"]\n";
    assert_eq!(night.config().unwrap(), left);
    assert_eq!(night.told(&["config", "get", "keep_days"]).unwrap(), "30\n");
    let view = night.ask(async |engine| engine.settings().await).unwrap();
    assert_eq!(view.spec, view.defaults);
    assert_eq!(night.told(&["config", "reset", "--yes"]).unwrap(), "all settings are as they come\n");
    assert_eq!(night.json(&["job", "list"]).unwrap().as_array().unwrap().len(), 1);
}
