use super::*;

const NOON: Wall = Wall::from_ms(1_767_268_800_000);

fn around() -> Around {
    Around {
        step: Some(14),
        total: Some(40),
        last_advance: Some(Wall::from_ms(1_767_231_060_000)),
        processes: Some(4),
        is_whole: true,
        stubborn: vec!["parser-e2e".to_owned()],
        stalled_unwatched: false,
    }
}

fn said(notice: &Notice, around: &Around) -> String {
    let text = Text::of(notice, around, NOON, &TimeZone::UTC);
    format!("{}\n  {}", text.title, text.body)
}

fn words(notice: &Notice) -> String {
    let text = Text::of(notice, &Around::default(), NOON, &TimeZone::UTC);
    format!("{}\n{}", text.title, text.body)
}

fn warning(stop_in: Option<Span>) -> Notice {
    let job = "refactor-parser".to_owned();
    Notice::Warning { run: RunId(4), job, since: Span::from_mins(30), step: Some(14), stop_in }
}

fn stopped(reason: Reason, method: Method, grace: u64) -> Notice {
    Notice::Stopped {
        run: RunId(4),
        job: "refactor-parser".to_owned(),
        reason,
        method,
        since: Span::from_mins(45),
        step: Some(14),
        grace: Span::from_secs(grace),
    }
}

#[test]
fn warnings_and_stops_have_their_words() {
    let (graceful, forced) =
        (stopped(Reason::Stalled, Method::Graceful, 30), stopped(Reason::Stalled, Method::Forced, 30));
    let some = Around { is_whole: false, ..around() };
    let two = Around { stubborn: vec!["sh".to_owned(), "node".to_owned()], ..around() };
    let three = Around { stubborn: vec!["sh".to_owned(), "node".to_owned(), "npm".to_owned()], ..around() };
    let said = [
        said(&warning(Some(Span::from_mins(15))), &around()),
        said(&warning(None), &Around::default()),
        said(&graceful, &around()),
        said(&graceful, &some),
        said(&graceful, &Around { processes: Some(1), ..around() }),
        said(&graceful, &Around::default()),
        said(&forced, &around()),
        said(&forced, &two),
        said(&forced, &three),
        said(&forced, &Around::default()),
        said(&stopped(Reason::User, Method::Forced, 0), &around()),
        said(&graceful, &Around { stalled_unwatched: true, ..around() }),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn the_end_of_a_run_by_itself_has_its_words() {
    let end = |exit: Exit, mins, around: &Around| {
        let text = Text::of_end(RunId(4), "docs-sweep", &exit, Span::from_mins(mins), around);
        format!("{}: {}", text.title, text.body)
    };
    let all = Around { step: Some(40), ..around() };
    let message = "No such file or directory".to_owned();
    let said = [
        end(Exit::Code(0), 72, &all),
        end(Exit::Code(0), 72, &Around::default()),
        end(Exit::Code(101), 12, &Around { step: Some(9), ..around() }),
        end(Exit::Signal(9), 12, &Around::default()),
        end(Exit::NotStarted { errno: Some(2), message }, 0, &Around::default()),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn that_runs_are_not_watched_is_said_with_the_cause() {
    let said = [
        Text::of_no_watch(Some("the database is read-only"), 2),
        Text::of_no_watch(Some("the disk is full"), 1),
        Text::of_no_watch(None, 0),
    ];
    assert!(said.iter().all(|text| text.urgency == Urgency::Critical));
    let said: Vec<String> = said.iter().map(|text| format!("{}: {}", text.title, text.body)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_job_that_will_not_start_again_says_how_often_it_failed_and_why_last() {
    let opened = |outcome, reason, exit| {
        let last = LastEnd { outcome, reason, since: Span::from_mins(20), exit };
        words(&Notice::BreakerOpened { run: RunId(4), job: "nightly-fuzz".to_owned(), failures: 3, last })
    };
    assert_eq!(
        opened(Outcome::Aborted, Some(Reason::Stalled), Exit::Signal(15)),
        "nightly-fuzz will not start again\nStopped 3 times in a row. Last cause: no progress for 20 min."
    );
    assert_eq!(
        opened(Outcome::Failed, None, Exit::Code(101)),
        "nightly-fuzz will not start again\nFailed 3 times in a row. Last cause: exit code 101."
    );
}

#[test]
fn a_stop_that_left_something_names_it_and_stays_on_screen() {
    let notice = Notice::CouldNotStop { run: RunId(4), job: "articles".to_owned(), survivors: vec![48211] };
    let text = Text::of(&notice, &Around::default(), NOON, &TimeZone::UTC);
    assert_eq!(text.urgency, Urgency::Critical);
    assert_eq!(text.body, "1 process is still running (pid 48211). It may keep using your quota.");
}

#[test]
fn a_name_that_tries_to_rewrite_the_screen_is_shown_harmlessly() {
    let notice = Notice::CouldNotJudge { run: RunId(1), job: "a\u{202e}b\u{1b}[31m".to_owned(), since: Span::ZERO };
    let text = Text::of(&notice, &Around::default(), NOON, &TimeZone::UTC);
    assert!(!text.title.contains('\u{202e}') && !text.title.contains('\u{1b}'), "{}", text.title);
}
