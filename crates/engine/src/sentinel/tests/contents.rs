//! What one file says. Most of it is in the corpus; here is what takes many inputs, or large ones.

use crate::sentinel::{Defect, Kind, Pid, State, pid, report, status};

#[test]
fn a_pid_has_a_start_when_the_writer_gives_one() {
    assert_eq!(pid(b"4711"), Ok(Pid { pid: 4711, start: None }));
    assert_eq!(pid(b"\t4711\n8151623\n"), Ok(Pid { pid: 4711, start: Some(8_151_623) }));
    assert_eq!(pid(b"2147483647 18446744073709551615").unwrap().start, Some(u64::MAX));
}

#[test]
fn a_number_that_no_process_has_is_told_apart_from_other_text() {
    let defects = ["0", "-1", "-0", "2147483648", "-99999999999999999999", "", "-", "1e3", "0x10", "1 -5", "1 2 3"];
    let said: Vec<String> =
        defects.iter().map(|text| format!("`{text}`: {}", pid(text.as_bytes()).unwrap_err())).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_status_counts_in_any_case_and_by_its_first_line_only() {
    for text in ["SUCCESS", "success\n", " Success \r\n", "\n\nSUCCESS\nFAILED\n", "\u{feff}sUcCeSs"] {
        assert_eq!(status(text.as_bytes()).unwrap().state, State::Success, "{text:?}");
    }
}

#[test]
fn every_half_of_a_word_or_of_a_document_is_looked_at_again() {
    for whole in ["SUCCESS", "failed", r#"{"state": "waiting", "step": 3, "msg": "ä"}"#] {
        assert!(status(whole.as_bytes()).is_ok());
        for end in 0..whole.len() {
            let half = &whole.as_bytes()[..end];
            assert_eq!(status(half), Err(Defect::HalfWritten), "{:?}", String::from_utf8_lossy(half));
        }
    }
    let whole = r#"{"ok": true, "list": [null, "\u00e4", 2.5e3]}"#;
    for end in 0..whole.len() {
        assert_eq!(report(&whole.as_bytes()[..end]), Err(Defect::HalfWritten), "{end}");
    }
}

#[test]
fn what_a_step_waits_for_keeps_its_time() {
    let waits = status(br#"{"state": "RATE_LIMITED", "retry_at": 1764007200, "ts": "2025-11-24T16:00:00Z"}"#).unwrap();
    assert_eq!(waits.state, State::RateLimited);
    assert_eq!(waits.retry_at.map(|at| at.as_ms()), Some(1_764_007_200_000));
    assert_eq!(waits.claimed_at.map(|at| at.as_ms()), Some(1_764_000_000_000));
    assert!(!waits.state.is_end() && State::Failed.is_end() && State::Success.is_end());
}

#[test]
fn a_result_is_kept_as_it_was_written() {
    let written = "{\"b\":1.50,\n \"a\": \"\\u00e4\", \"ok\": true, \"code\": 3.0}";
    let read = report(format!("\u{feff} {written}\n\n").as_bytes()).unwrap();
    assert_eq!(read.document, written);
    assert_eq!((read.ok, read.code, read.msg), (Some(true), Some(3), None));
    let most = usize::try_from(Kind::Result.bytes_max()).unwrap();
    let full = format!("\"{}\"", "x".repeat(most - 2));
    assert_eq!(report(full.as_bytes()).unwrap().document, full);
}

#[test]
fn a_long_message_is_cut_and_one_without_anything_visible_is_none() {
    let long = format!(r#"{{"msg": "{}"}}"#, "x".repeat(900));
    assert_eq!(report(long.as_bytes()).unwrap().msg.unwrap().chars().count(), 500);
    assert_eq!(report(br#"{"msg": " \n "}"#).unwrap().msg, None);
}
