use super::*;
use crate::api::{Show, ShowEnd, ShowSpec};

const MIN: i64 = 60_000;

fn alert(kind: Kind, run: u64, job: &str) -> Alert {
    Alert { kind, run: Some(run), job: job.to_owned(), is_wanted: false, is_asked_for: false }
}

fn by_day(at_ms: i64) -> Moment {
    Moment { at_ms, is_quiet: false, is_snoozed: false }
}

/// What is wanted where nothing is said.
fn usual() -> Wants {
    Wants { is_on: true, has_report: true, show: ShowSpec::default() }
}

/// Everything in a banner.
fn all() -> Wants {
    let banner = (Show::Banner, ShowEnd::Banner);
    Wants { show: all_in(banner), ..usual() }
}

fn all_in((show, end): (Show, ShowEnd)) -> ShowSpec {
    ShowSpec {
        warning: show,
        stopped: show,
        breaker: show,
        recovered: show,
        needs_you: show,
        finished: end,
        failed: end,
    }
}

const AT_NIGHT: Moment = Moment { at_ms: 0, is_quiet: true, is_snoozed: false };

fn word(decision: &Decision) -> String {
    match decision {
        Decision::Show { slot, is_silent } => {
            format!("{slot:?}{}", if *is_silent { ", silent" } else { "" })
        }
        Decision::Merge { members, closes } => {
            let jobs: Vec<&str> = members.iter().map(|member| member.job.as_str()).collect();
            format!("{} in one for {closes:?}", jobs.join(" "))
        }
        Decision::Hold => "held".to_owned(),
        Decision::Drop(why) => why.why().to_owned(),
    }
}

/// Every kind with all that can be wanted of it: by day and in quiet hours, where there is a report in the morning; and in
/// quiet hours where there is none.
#[test]
fn each_kind_is_told_as_its_event_is_wanted() {
    let wanted = [
        ("as usual", usual(), false),
        ("as usual, by its job too", usual(), true),
        ("banner", all(), false),
        ("digest", Wants { show: all_in((Show::Digest, ShowEnd::Digest)), ..usual() }, true),
        ("off", Wants { show: all_in((Show::Off, ShowEnd::Off)), ..usual() }, true),
    ];
    let table: Vec<String> = wanted
        .into_iter()
        .flat_map(|(what, wants, is_wanted)| {
            Kind::ALL.into_iter().map(move |kind| {
                let alert = Alert { is_wanted, ..alert(kind, 1, "a") };
                let moments = [(by_day(0), wants), (AT_NIGHT, wants), (AT_NIGHT, Wants { has_report: false, ..wants })];
                let said = moments.map(|(now, wants)| word(&Policy::default().decide(&alert, now, wants)));
                format!("{what}: {}: {}", kind.word(), said.join(" | "))
            })
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn what_is_critical_is_told_whatever_is_wanted_of_the_rest() {
    let nothing = Wants { is_on: true, has_report: false, show: all_in((Show::Off, ShowEnd::Off)) };
    for kind in Kind::ALL {
        let decision = Policy::default().decide(&alert(kind, 1, "a"), by_day(0), nothing);
        assert_eq!(matches!(decision, Decision::Show { .. }), kind.is_critical(), "{kind:?}: {decision:?}");
    }
}

#[test]
fn the_report_of_the_morning_has_what_is_wanted_in_it_and_nothing_that_was_told_by_day() {
    let tells = |wants: Wants, event| (wants.report_tells(event, true), wants.report_tells(event, false));
    assert_eq!(tells(usual(), Event::Stopped), (true, false));
    assert_eq!(tells(usual(), Event::Finished), (true, false));
    assert_eq!(tells(usual(), Event::Warning), (false, false));
    let digest = Wants { show: all_in((Show::Digest, ShowEnd::Digest)), ..usual() };
    assert_eq!(tells(digest, Event::Stopped), (true, true));
    assert_eq!(tells(digest, Event::Failed), (true, true));
    let off = Wants { show: all_in((Show::Off, ShowEnd::Off)), ..usual() };
    assert_eq!(tells(off, Event::Stopped), (false, false));
    assert_eq!(tells(off, Event::Finished), (false, false));
}

#[test]
fn of_a_job_that_is_snoozed_only_what_is_critical_is_told_and_without_a_sound() {
    for (kind, is_quiet) in Kind::ALL.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        let snoozed = Moment { at_ms: 0, is_quiet, is_snoozed: true };
        let alert = Alert { is_wanted: true, ..alert(kind, 1, "a") };
        let decision = Policy::default().decide(&alert, snoozed, all());
        if kind.is_critical() {
            assert!(matches!(decision, Decision::Show { is_silent: true, .. }), "{kind:?}: {decision:?}");
        } else {
            assert_eq!(decision, Decision::Drop(Dropped::Snoozed), "{kind:?}");
        }
    }
}

#[test]
fn nothing_is_told_where_notifications_are_switched_off() {
    for kind in Kind::ALL {
        let decision = Policy::default().decide(&alert(kind, 1, "a"), by_day(0), Wants { is_on: false, ..all() });
        assert_eq!(decision, Decision::Drop(Dropped::SwitchedOff));
    }
}

#[test]
fn what_somebody_asked_for_alarms_nobody_at_any_time_and_no_banner_stands_for_it() {
    let asked_for = |kind| Alert { is_asked_for: true, ..alert(kind, 7, "a") };
    let why = Decision::Drop(Dropped::AskedFor);
    for (kind, now, is_on) in
        [(Kind::Stopped, by_day(0), true), (Kind::Stopped, AT_NIGHT, true), (Kind::Stopped, AT_NIGHT, false)]
    {
        assert_eq!(Policy::default().decide(&asked_for(kind), now, Wants { is_on, ..usual() }), why);
    }
    let mut policy = Policy::default();
    let warning = Alert { is_wanted: true, ..alert(Kind::Warning, 7, "a") };
    policy.decide(&warning, by_day(0), all());
    assert_eq!(policy.decide(&asked_for(Kind::Stopped), by_day(MIN), all()), why);
    assert!(policy.is_news(&alert(Kind::Stopped, 7, "a"), MIN), "it was not told");
    // Its banner is gone: it is neither one of the three nor one of those in one.
    for (run, job) in [(8, "b"), (9, "c"), (10, "d")] {
        let decision = policy.decide(&alert(Kind::Stopped, run, job), by_day(MIN), all());
        assert_eq!(decision, Decision::Show { slot: Slot::Run(run), is_silent: false });
    }
    let merged = word(&policy.decide(&alert(Kind::Stopped, 11, "e"), by_day(MIN), all()));
    assert_eq!(merged, "b c d e in one for [Run(8), Run(9), Run(10)]");
    // That it could not be stopped is news to whoever asked for it.
    let left = policy.decide(&alert(Kind::CouldNotStop, 7, "a"), by_day(MIN), all());
    assert_eq!(left, Decision::Show { slot: Slot::Run(7), is_silent: false });
}

#[test]
fn a_warning_its_stop_and_its_survivors_are_one_banner() {
    let mut policy = Policy::default();
    let warning = Alert { is_wanted: true, ..alert(Kind::Warning, 7, "a") };
    for alert in [warning, alert(Kind::Stopped, 7, "a"), alert(Kind::CouldNotStop, 7, "a")] {
        let decision = policy.decide(&alert, by_day(0), all());
        assert_eq!(decision, Decision::Show { slot: Slot::Run(7), is_silent: false });
    }
    let two_more = [alert(Kind::Stopped, 8, "b"), alert(Kind::Stopped, 9, "c")];
    for alert in two_more {
        assert!(
            matches!(policy.decide(&alert, by_day(0), all()), Decision::Show { .. }),
            "an episode costs one banner"
        );
    }
}

#[test]
fn the_same_of_the_same_job_is_told_once_in_half_an_hour() {
    let mut policy = Policy::default();
    let mut said = |run, job, at_ms| word(&policy.decide(&alert(Kind::Stopped, run, job), by_day(at_ms), all()));
    assert_eq!(said(1, "a", 0), "Run(1)");
    assert_eq!(said(2, "a", 29 * MIN), "the same was told within 30 min");
    assert_eq!(said(3, "b", 29 * MIN), "Run(3)");
    // What was not told does not put the next one off.
    assert_eq!(said(4, "a", 30 * MIN), "Run(4)");
    // A clock that was set back makes nobody wait for it.
    assert_eq!(said(5, "a", 10 * MIN), "Run(5)");
}

#[test]
fn another_kind_of_the_same_job_is_told() {
    let mut policy = Policy::default();
    assert_eq!(word(&policy.decide(&alert(Kind::Stopped, 1, "a"), by_day(0), all())), "Run(1)");
    assert_eq!(word(&policy.decide(&alert(Kind::Breaker, 1, "a"), by_day(0), all())), "Breaker(\"a\")");
}

#[test]
fn what_comes_after_three_banners_within_ten_minutes_is_merged_into_one() {
    let mut policy = Policy::default();
    let mut said = |run, job, at_ms| word(&policy.decide(&alert(Kind::Stopped, run, job), by_day(at_ms), all()));
    assert_eq!(said(1, "a", 0), "Run(1)");
    assert_eq!(said(2, "b", MIN), "Run(2)");
    assert_eq!(said(3, "c", 2 * MIN), "Run(3)");
    assert_eq!(said(4, "d", 3 * MIN), "a b c d in one for [Run(1), Run(2), Run(3)]");
    assert_eq!(said(5, "e", 9 * MIN), "a b c d e in one for []");
    assert_eq!(said(6, "e", 9 * MIN), "the same was told within 30 min");
    assert_eq!(said(7, "f", 10 * MIN), "Run(7)", "the first of the three is ten minutes old");
    assert_eq!(said(8, "g", 10 * MIN), "b c f g in one for [Run(7)]");
}

#[test]
fn what_is_critical_is_never_merged_never_held_and_costs_no_banner() {
    let mut policy = Policy::default();
    for run in 1..=5 {
        let said = word(&policy.decide(&alert(Kind::CouldNotStop, run, "a"), by_day(0), all()));
        assert_eq!(said, format!("Run({run})"), "each run that could not be stopped is one of its own");
    }
    assert_eq!(word(&policy.decide(&alert(Kind::Stopped, 6, "b"), by_day(0), all())), "Run(6)");
    assert_eq!(word(&policy.decide(&alert(Kind::CouldNotStop, 7, "a"), AT_NIGHT, all())), "Run(7), silent");
    let watch = Alert { kind: Kind::NotWatching, run: None, job: String::new(), is_wanted: false, is_asked_for: false };
    assert_eq!(word(&policy.decide(&watch, AT_NIGHT, all())), "Watch, silent");
    assert_eq!(word(&policy.decide(&watch, AT_NIGHT, all())), "the same was told within 30 min", "it still stands");
}

#[test]
fn a_policy_goes_on_from_what_an_earlier_engine_told() {
    let told = ["stopped/a", "stopped/b", "breaker/b", "could-not-stop/#3", "nonsense"];
    let mut policy = Policy::going_on_from(told.into_iter().map(|same| (same.to_owned(), 0)).collect());
    let mut said = |kind, run, job| word(&policy.decide(&alert(kind, run, job), by_day(MIN), all()));
    assert_eq!(said(Kind::Stopped, 5, "a"), "the same was told within 30 min");
    assert_eq!(said(Kind::CouldNotStop, 3, "c"), "the same was told within 30 min");
    assert_eq!(said(Kind::Stopped, 6, "c"), "b a b c in one for []", "three banners were shown a minute ago");
}

#[test]
fn what_is_remembered_does_not_grow_without_end() {
    let mut policy = Policy::default();
    for n in 0..10_000_u32 {
        let alert = alert(Kind::Stopped, n.into(), &format!("job-{n}"));
        let _decision = policy.decide(&alert, by_day(i64::from(n) * MIN / 2), all());
    }
    assert!(policy.told.len() <= 60 && policy.shown.len() <= BANNERS_MAX && policy.standing.len() <= STANDING_MAX);
    assert!(policy.merged.len() <= 30, "{}", policy.merged.len());
}

#[test]
fn whoever_was_warned_about_is_merged_as_what_has_become_of_it() {
    let mut policy = Policy::default();
    let mut kinds = |kind, run: u64| {
        let alert = Alert { is_wanted: true, ..alert(kind, run, &format!("job-{run}")) };
        match policy.decide(&alert, by_day(0), all()) {
            Decision::Merge { members, .. } => members.iter().map(|member| member.kind.word()).collect(),
            Decision::Show { .. } | Decision::Hold | Decision::Drop(_) => Vec::new(),
        }
    };
    for run in 1..=3 {
        assert_eq!(kinds(Kind::Warning, run), Vec::<&str>::new());
    }
    assert_eq!(kinds(Kind::Stopped, 1), Vec::<&str>::new(), "it has a banner");
    assert_eq!(kinds(Kind::Warning, 4), ["stopped", "warning", "warning", "warning"]);
    assert_eq!(kinds(Kind::Stopped, 2), ["stopped", "warning", "warning", "stopped"]);
}

#[test]
fn the_banner_of_what_could_not_be_stopped_is_not_merged_away() {
    let mut policy = Policy::default();
    for run in 1..=3 {
        let warning = Alert { is_wanted: true, ..alert(Kind::Warning, run, &format!("job-{run}")) };
        let _shown = policy.decide(&warning, by_day(0), all());
    }
    let _shown = policy.decide(&alert(Kind::CouldNotStop, 2, "job-2"), by_day(0), all());
    let said = word(&policy.decide(&alert(Kind::Stopped, 4, "job-4"), by_day(0), all()));
    assert_eq!(said, "job-1 job-2 job-3 job-4 in one for [Run(1), Run(3)]");
}
