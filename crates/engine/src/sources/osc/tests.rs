use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nightkeep_core::{Advance, Claim, HumanWait, Wait};
use proptest::prelude::*;

use super::*;

fn read(pieces: &[&[u8]]) -> Vec<Signal> {
    let mut reader = Osc::new();
    let mut out = Vec::new();
    for piece in pieces {
        reader.take(piece, &mut out);
    }
    out
}

/// What the commands say, each read by itself.
fn said(commands: &[&str]) -> Vec<Signal> {
    let sequences: Vec<String> = commands.iter().map(|command| format!("\u{1b}]{command}\u{7}")).collect();
    read(&sequences.iter().map(String::as_bytes).collect::<Vec<_>>())
}

fn advance(step: i64, series: &str) -> Signal {
    Signal::Advance(Advance { step: Some(step), total: Some(100), note: None, series: Some(series.to_owned()) })
}

fn waits(kind: HumanWait, what: Option<&str>) -> Signal {
    Signal::Waits(Wait::Human { kind, what: what.map(str::to_owned) })
}

fn claims(succeeded: bool, message: Option<&str>) -> Signal {
    Signal::Claims(Claim { succeeded, message: message.map(str::to_owned) })
}

fn note(text: &str) -> Signal {
    Signal::Note(text.to_owned())
}

#[test]
fn a_progress_bar_advances_only_where_it_rises() {
    let found = said(&["9;4;1;10", "9;4;1;20", "9;4;1;20", "9;4;1;15", "9;4;1;30"]);
    assert_eq!(found, [Signal::Beat, advance(20, "9;4#1"), Signal::Beat, Signal::Beat, advance(30, "9;4#1")]);
}

#[test]
fn a_cleared_progress_bar_is_no_success_and_the_next_one_begins_anew() {
    let found = said(&["9;4;1;50", "9;4;1;60", "9;4;0;0", "9;4;1;5", "9;4;1;6"]);
    assert_eq!(found, [Signal::Beat, advance(60, "9;4#1"), Signal::Beat, Signal::Beat, advance(6, "9;4#2")]);
}

#[test]
fn a_program_that_begins_its_progress_bar_again_and_again_gets_nowhere() {
    let found = said(&["9;4;1;1", "9;4;0", "9;4;1;1", "9;4;0", "9;4;1;2", "9;4;0"]);
    assert!(found.iter().all(|signal| *signal == Signal::Beat), "{found:?}");
}

#[test]
fn an_error_and_a_pause_of_a_progress_bar_are_noted_once() {
    let found = said(&["9;4;2;10", "9;4;2;11", "9;4;4;11", "9;4;3;0", "9;4;1;500", "9;4;9;1"]);
    let beat = Signal::Beat;
    assert_eq!(
        found,
        [note("progress bar: error"), beat.clone(), note("progress bar: paused"), beat.clone(), beat.clone(), beat]
    );
}

#[test]
fn a_program_that_asks_a_person_waits_until_it_works_again() {
    let question = STANDARD.encode("approve Bash: touch x");
    let blocked = format!("7501;state=blocked:app=claude-code:kind=permission:msg={question}");
    let found = said(&[
        "7501;state=idle",
        "7501;state=working:app=x",
        &blocked,
        &blocked,
        "7501;state=working",
        "7501;state=done",
    ]);
    assert_eq!(
        found,
        [
            waits(HumanWait::Instructions, None),
            Signal::Resumes,
            waits(HumanWait::Permission, Some("approve Bash: touch x")),
            Signal::Beat,
            Signal::Resumes,
            claims(true, None),
        ]
    );
}

#[test]
fn an_end_is_claimed_once_and_ends_the_wait() {
    let message = STANDARD.encode("out of credit");
    let error = format!("7501;state=error:msg={message}");
    let found = said(&["7501;state=blocked", &error, &error, "7501;state=clear"]);
    let failed = claims(false, Some("out of credit"));
    assert_eq!(found, [waits(HumanWait::Question, None), Signal::Resumes, failed, Signal::Beat, Signal::Beat]);
}

#[test]
fn a_run_waits_only_when_nothing_in_it_works() {
    let found = said(&[
        "7501;state=working:id=a",
        "7501;state=blocked:id=b:kind=auth",
        "7501;state=done:id=a",
        "7501;state=working:id=a/c",
        "7501;state=clear:id=a/c",
        "7501;state=clear:id=b",
    ]);
    let sign_in = || waits(HumanWait::SignIn, None);
    let done = claims(true, None);
    assert_eq!(found, [Signal::Beat, Signal::Beat, sign_in(), done, Signal::Resumes, sign_in(), Signal::Resumes]);
}

#[test]
fn progress_of_a_record_rises_in_a_series_of_its_own_and_a_wait_goes_on_behind_it() {
    let found = said(&[
        "7501;state=working:progress=10",
        "7501;state=working:progress=20",
        "7501;state=blocked:progress=20",
        "7501;state=blocked:progress=30",
        "7501;state=working:id=b:progress=1",
        "7501;state=working:id=b:progress=2",
    ]);
    let question = || waits(HumanWait::Question, None);
    assert_eq!(
        found,
        [
            Signal::Beat,
            advance(20, "7501#1"),
            question(),
            advance(30, "7501#1"),
            question(),
            Signal::Resumes,
            advance(2, "7501#2"),
        ]
    );
}

#[test]
fn a_prompt_of_the_shell_ends_what_works_or_is_blocked() {
    let found = said(&["7501;state=blocked", "133;A", "133;D;1"]);
    assert_eq!(found, [waits(HumanWait::Question, None), Signal::Resumes]);
}

#[test]
fn notifications_are_notes_in_one_clean_line() {
    let found =
        said(&["9;tests passed", "9;tests passed", "777;notify;Claude;needs you", "99;i=1:d=0;hello", "9;a\u{202e}b"]);
    let notes = [note("Claude;needs you"), note("hello"), note("a\\u202eb")];
    assert_eq!(found, [&[note("tests passed"), Signal::Beat][..], &notes].concat());
}

#[test]
fn what_is_not_about_the_program_says_nothing() {
    for command in [
        "0;title",
        "8;;https://x",
        "52;c;AAAA",
        "9;9;/home",
        "9;1;500",
        "777;other;x",
        "99;e=1;aGk=",
        "99;p=icon;x",
        "133;D;0",
        "",
        ";",
        "7501",
        "94;1;50",
    ] {
        let found = said(&[command]);
        assert!(found.is_empty() || (command == "7501" && found == [Signal::Beat]), "{command:?}: {found:?}");
    }
    assert_eq!(said(&["7501;?"]), [Signal::Beat]);
    assert!(read(&[b"plain output\nof 10%\r20%"]).is_empty());
}

#[test]
fn a_flood_of_reports_leaves_no_more_than_what_changed() {
    let flood = b"\x1b]9;4;1;7\x07\x1b]7501;state=working:progress=7\x1b\\\x1b]9;again\x07".repeat(50_000);
    assert_eq!(read(&[&flood]), [note("again")]);
    let notes: String = (0..10_000).map(|n| format!("\u{1b}]9;note {n}\u{7}")).collect();
    assert_eq!(read(&[notes.as_bytes()]).len(), NOTES_MAX);
    let records: String = (0..10_000).map(|n| format!("\u{1b}]7501;state=working:id={n}\u{7}")).collect();
    let mut reader = Osc::new();
    reader.take(records.as_bytes(), &mut Vec::new());
    assert_eq!(reader.heard.status.count(), 256);
}

proptest! {
    #[test]
    fn any_output_in_any_pieces_says_the_same(
        parts in prop::collection::vec(prop_oneof![
            Just(&b"\x1b]9;4;1;"[..]), Just(&b"\x1b]7501;state="[..]), Just(&b"blocked"[..]), Just(&b"working"[..]),
            Just(&b":progress="[..]), Just(&b"1"[..]), Just(&b"2"[..]), Just(&b"\x07"[..]), Just(&b"\x1b\\"[..]), Just(&b"\xff"[..]),
        ], 0..60),
        size in 1_usize..9,
    ) {
        let bytes = parts.concat();
        let besides_beats = |mut found: Vec<Signal>| {
            found.retain(|signal| *signal != Signal::Beat);
            found
        };
        let cut: Vec<&[u8]> = bytes.chunks(size).collect();
        prop_assert_eq!(besides_beats(read(&cut)), besides_beats(read(&[&bytes])));
    }
}
