//! What is said of notifications.

use super::*;

#[test]
fn it_is_quiet_from_eleven_to_seven_unless_something_else_is_said() {
    let hours = |text: &str| Config::parse(text).unwrap().notifications().quiet_hours.map(|hours| hours.to_string());
    assert_eq!(hours(""), Some("23:00-07:00".to_owned()));
    assert_eq!(hours("[notifications]\nquiet_hours = \"22:30-06:00\"\n"), Some("22:30-06:00".to_owned()));
    assert_eq!(hours("[notifications]\nquiet_hours = \"off\"\n"), None);
}

#[test]
fn warnings_and_ends_are_told_where_that_is_asked_for() {
    let config =
        Config::parse("[notifications]\nwarnings = true\n[jobs.a]\ncommand = 'x'\nnotify_end = true\n").unwrap();
    assert!(config.notifications().warnings && config.job("a").unwrap().notify_end);
    let config = Config::parse("[jobs.a]\ncommand = 'x'\n").unwrap();
    assert!(!config.notifications().warnings && !config.job("a").unwrap().notify_end);
}

#[test]
fn every_fault_about_notifications_is_named_with_its_place() {
    let texts = [
        "[notifications]\nquiet_hours = \"22\"\n",
        "[notifications]\nquiet_hours = \"07:00-07:00\"\n",
        "[notifications]\nquiet_hours = 22\n",
        "[notifications]\nwarnings = \"yes\"\n",
        "[notifications]\nquiet = true\n",
    ];
    let said: Vec<String> = texts.iter().map(|text| fault_of(text)).collect();
    insta::assert_snapshot!(said.join("\n"));
}
