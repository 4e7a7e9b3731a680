//! What a change of the settings does to the text.

use super::*;
use crate::api::{BannersSpec, KeepAwake, SettingsSpec, Show, ShowEnd};
use crate::config::edit::{Edit, apply};

/// The text after a change of its settings.
fn changed(text: &str, change: impl FnOnce(&mut SettingsSpec)) -> String {
    let config = Config::parse(text).unwrap();
    let mut spec = config.settings_spec();
    change(&mut spec);
    let edited = apply(text, &config, Edit::SetSettings(&spec)).unwrap();
    assert_eq!(Config::parse(&edited).unwrap().settings_spec(), spec);
    edited
}

/// The field that is at fault, and what is said of it.
fn refused(text: &str, change: impl FnOnce(&mut SettingsSpec)) -> (String, String) {
    let config = Config::parse(text).unwrap();
    let mut spec = config.settings_spec();
    change(&mut spec);
    let fault = crate::api::ApiError::from(apply(text, &config, Edit::SetSettings(&spec)).unwrap_err());
    (fault.field.unwrap_or_default(), fault.message)
}

fn banners(spec: &mut SettingsSpec) -> &mut BannersSpec {
    spec.banners.as_mut().unwrap()
}

/// The text after a change of where events are told.
fn told(text: &str, change: impl FnOnce(&mut BannersSpec)) -> String {
    changed(text, |spec| {
        change(banners(spec));
        spec.warnings = banners(spec).show.warning == Show::Banner;
    })
}

const COMMENTED: &str = "# mine\n[settings] # all of it\nkeep_days = 14 # two weeks\noutput_max = 20000000\n\
    \n# at night\n[notifications]\nquiet_hours = '22:00-6:00' # early bird\n\n[jobs.a]\ncommand = 'x'\n# the end\n";

#[test]
fn a_changed_setting_keeps_every_comment_and_whatever_else_is_written() {
    let text = changed(COMMENTED, |spec| spec.keep_days = 30);
    assert_eq!(text, COMMENTED.replace("keep_days = 14", "keep_days = 30"));
    let text = changed(COMMENTED, |spec| spec.quiet_hours = "off".into());
    assert_eq!(text, COMMENTED.replace("'22:00-6:00'", "\"off\""));
}

#[test]
fn settings_that_are_saved_unchanged_change_nothing() {
    assert_eq!(changed(COMMENTED, |_| ()), COMMENTED);
    assert_eq!(changed("", |_| ()), "");
}

#[test]
fn a_setting_is_written_wherever_its_table_is_or_into_a_table_of_its_own() {
    let text = changed("", |spec| banners(spec).sound = false);
    assert_eq!(text, "[notifications]\nsound = false\n");
    let text = changed("[jobs.a]\ncommand = 'x'\n# the end\n", |spec| spec.listen = Some("127.0.0.1:8765".into()));
    assert_eq!(text, "[jobs.a]\ncommand = 'x'\n# the end\n\n[pings]\nlisten = \"127.0.0.1:8765\"\n");
    let text = changed("settings = { keep_days = 3 } # short\n", |spec| spec.keep_days = 4);
    assert_eq!(text, "settings = { keep_days = 4 } # short\n");
}

#[test]
fn whoever_wrote_a_switch_for_keeping_awake_is_understood_and_keeps_it_until_it_changes() {
    for (written, wish) in [("false", KeepAwake::Never), ("true", KeepAwake::Always)] {
        let text = format!("[settings]\nkeep_awake = {written} # mine\n");
        assert_eq!(Config::parse(&text).unwrap().settings().keep_awake, wish);
        let other = changed(&text, |spec| spec.keep_days = 3);
        assert_eq!(other, format!("[settings]\nkeep_awake = {written} # mine\nkeep_days = 3\n"));
        let text = changed(&text, |spec| spec.keep_awake = KeepAwake::PluggedIn);
        assert_eq!(text, "[settings]\nkeep_awake = \"plugged-in\" # mine\n");
    }
}

#[test]
fn where_an_event_is_told_is_written_into_a_table_of_its_own_and_no_more_than_was_changed() {
    let stopped = |banners: &mut BannersSpec| banners.show.stopped = Show::Digest;
    assert_eq!(told("", stopped), "[notifications.show]\nstopped = \"digest\"\n");
    let text = told(COMMENTED, stopped);
    let wanted = "# early bird\n\n[notifications.show]\nstopped = \"digest\"\n\n[jobs.a]";
    assert_eq!(text, COMMENTED.replace("# early bird\n\n[jobs.a]", wanted));
    let text = told(&text, |banners| banners.show.failed = ShowEnd::Banner);
    assert!(text.contains("stopped = \"digest\"\nfailed = \"banner\"\n"), "{text}");
    let text = told("notifications = { sound = false }\n", stopped);
    assert_eq!(text, "notifications = { sound = false , show = { stopped = \"digest\" } }\n");
    let text = told("[notifications]\nshow.stopped = \"off\" # mine\n", stopped);
    assert_eq!(text, "[notifications]\nshow.stopped = \"digest\" # mine\n");
    let text = told("[jobs.a]\ncommand = 'x'\n# the end\n", stopped);
    assert_eq!(text, "[jobs.a]\ncommand = 'x'\n# the end\n\n[notifications.show]\nstopped = \"digest\"\n");
}

#[test]
fn a_warning_that_was_wanted_in_the_short_way_is_written_in_one_place() {
    let short = "[notifications]\nwarnings = true\nsound = false\n";
    assert_eq!(told(short, |_| ()), short);
    let text = told(short, |banners| banners.show.warning = Show::Digest);
    assert_eq!(text, "[notifications]\nsound = false\n\n[notifications.show]\nwarning = \"digest\"\n");
    let text = told(short, |banners| banners.show.stopped = Show::Off);
    assert!(text.starts_with(short) && !text.contains("warning ="), "{text}");
}

#[test]
fn whoever_knows_nothing_of_the_banners_changes_nothing_of_them_but_whether_warnings_are_told() {
    let text = "[notifications]\nsound = false\n\n[notifications.show]\nwarning = \"digest\"\nstopped = \"off\"\n";
    let config = Config::parse(text).unwrap();
    let after = |change: fn(&mut SettingsSpec)| {
        let mut spec = SettingsSpec { banners: None, ..config.settings_spec() };
        change(&mut spec);
        apply(text, &config, Edit::SetSettings(&spec)).unwrap()
    };
    assert_eq!(after(|_| ()), text);
    assert_eq!(after(|spec| spec.warnings = true), text.replace("\"digest\"", "\"banner\""));
    // As the command line sends it, which has both.
    let mut spec = config.settings_spec();
    spec.warnings = true;
    let edited = apply(text, &config, Edit::SetSettings(&spec)).unwrap();
    assert_eq!(edited, text.replace("\"digest\"", "\"banner\""));
}

#[test]
fn what_can_be_left_out_is_taken_away() {
    let text = "[settings]\nmax_running = 4 # side by side\nmax_runtime = '8h'\n[pings]\nlisten = 8765\nkey = 'a-key-of-128-bits-or-more'\n";
    let left = changed(text, |spec| {
        spec.max_running = None;
        spec.max_runtime = None;
        spec.listen = None;
    });
    assert_eq!(left, "[settings]\n[pings]\nkey = 'a-key-of-128-bits-or-more'\n");
}

#[test]
fn what_cannot_be_meant_is_refused_at_its_field() {
    let field = |change: fn(&mut SettingsSpec)| refused(COMMENTED, change).0;
    assert_eq!(field(|spec| spec.keep_days = 0), "keep_days");
    assert_eq!(field(|spec| spec.keep_output_days = 4_000), "keep_output_days");
    assert_eq!(field(|spec| spec.output_max = "much".into()), "output_max");
    assert_eq!(field(|spec| spec.output_total_max = "1B".into()), "output_total_max");
    assert_eq!(field(|spec| spec.max_runtime = Some("soon".into())), "max_runtime");
    assert_eq!(field(|spec| spec.max_running = Some(0)), "max_running");
    assert_eq!(field(|spec| spec.quiet_hours = "22-7".into()), "quiet_hours");
    assert_eq!(field(|spec| banners(spec).quiet_days = String::new()), "quiet_days");
    assert_eq!(field(|spec| banners(spec).morning_report = "soon".into()), "morning_report");
    assert_eq!(field(|spec| spec.listen = Some("0.0.0.0:80".into())), "listen");
}

/// The text after its settings were reset.
fn reset(text: &str) -> String {
    let config = Config::parse(text).unwrap();
    let edited = apply(text, &config, Edit::ResetSettings).unwrap();
    let after = Config::parse(&edited).unwrap();
    assert_eq!(after.settings_spec(), SettingsSpec::default());
    assert_eq!((after.jobs(), after.types()), (config.jobs(), config.types()));
    edited
}

#[test]
fn a_reset_takes_the_settings_out_and_leaves_what_a_person_wrote_beside_them() {
    let left = "# mine\n[settings] # all of it\n# two weeks\n\n# at night\n[notifications]\n# early bird\n\n\
        [jobs.a]\ncommand = 'x'\n# the end\n";
    assert_eq!(reset(COMMENTED), left);
    assert_eq!(reset(left), left);
    assert_eq!(reset(""), "");
}

#[test]
fn a_reset_takes_out_what_stands_in_a_table_of_a_table_however_it_is_written() {
    let text = "[notifications]\nwarnings = true\nsound = false # hush\n\n# each\n[notifications.show]\n# loud\n\
        stopped = 'off' # ever\n\n[jobs.a]\ncommand = 'x'\n";
    let left = "[notifications]\n# hush\n\n# each\n[notifications.show]\n# loud\n# ever\n\n[jobs.a]\ncommand = 'x'\n";
    assert_eq!(reset(text), left);
    assert_eq!(
        reset("[notifications]\nshow.stopped = 'off' # mine\n[jobs.a]\ncommand = 'x'\n"),
        "[notifications]\n# mine\n[jobs.a]\ncommand = 'x'\n"
    );
    let inline = "notifications = { sound = false, show = { stopped = 'off' } }\n";
    assert!(!reset(inline).contains("stopped"));
}

#[test]
fn a_reset_leaves_what_is_no_setting_of_the_page() {
    let text = "pings = { listen = 8765, key = 'a-key-of-128-bits-or-more' }\n[types.mine]\nstall_after = '5m'\n";
    assert_eq!(reset(text), text.replace(" listen = 8765,", ""));
    let text = "[pings]\n# the port\nlisten = 8765\nkey = 'a-key-of-128-bits-or-more' # mine\n";
    assert_eq!(reset(text), text.replace("listen = 8765\n", ""));
    assert_eq!(reset("settings.keep_days = 3\n[jobs.a]\ncommand = 'x'\n"), "[jobs.a]\ncommand = 'x'\n");
    assert_eq!(reset("[settings]\nkeep_days = 3\n# last\n"), "[settings]\n# last\n");
}
