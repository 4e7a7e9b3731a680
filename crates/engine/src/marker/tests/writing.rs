//! What is written into a marker, and what stays.

use std::path::Path;

use nightkeep_core::time::{Span, Wall};

use super::{place, write};
use crate::marker::place::mode_of;
use crate::marker::{Mark, MarkStep, read, replace_file, write_marker};

const MARK: Mark<'_> = Mark {
    step: MarkStep::Next,
    note: None,
    total: None,
    expect: None,
    series: None,
    at: Wall::from_ms(1_764_000_000_999),
};

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_first_mark_makes_the_marker_and_the_next_ones_count_on() {
    let (home, path) = place();
    assert_eq!(write_marker(&path, &Mark { note: Some("collected"), ..MARK }).unwrap(), 1);
    assert_eq!(text(&path), "{\"step\":1,\"note\":\"collected\",\"ts\":1764000000}\n");
    assert_eq!(write_marker(&path, &MARK).unwrap(), 2);
    assert_eq!(text(&path), "{\"step\":2,\"ts\":1764000000}\n", "the note was about the step before");
    assert_eq!(write_marker(&path, &Mark { step: MarkStep::To(7), ..MARK }).unwrap(), 7);
    assert!(matches!(mode_of(&path), Some(0o600) | None));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_mark_keeps_the_fields_it_does_not_know_and_the_permissions() {
    let (_home, path) = place();
    replace_file(&path, br#"{"model": "x", "step": 3, "total": 9, "note": "old", "tags": [1]}"#, Some(0o640)).unwrap();
    write_marker(
        &path,
        &Mark { step: MarkStep::Keep, note: Some("checked"), expect: Some(Span::from_mins(45)), ..MARK },
    )
    .unwrap();
    assert_eq!(
        text(&path),
        "{\"model\":\"x\",\"step\":3,\"total\":9,\"note\":\"checked\",\"tags\":[1],\"ts\":1764000000,\"expect\":\"45m\"}\n"
    );
    write_marker(&path, &MARK).unwrap();
    assert_eq!(text(&path), "{\"model\":\"x\",\"step\":4,\"total\":9,\"tags\":[1],\"ts\":1764000000}\n");
    assert!(matches!(mode_of(&path), Some(0o640) | None));
}

#[test]
fn the_steps_of_another_run_are_not_counted_on() {
    let (_home, path) = place();
    write(&path, r#"{"step": 9, "run_id": "a"}"#);
    assert_eq!(write_marker(&path, &Mark { series: Some("b"), ..MARK }).unwrap(), 1);
    assert_eq!(write_marker(&path, &Mark { series: Some("b"), ..MARK }).unwrap(), 2);
    assert_eq!(read(&path).unwrap().series.as_deref(), Some("b"));
}

#[test]
fn the_aborted_note_is_written_and_a_next_start_counts_from_one() {
    let (_home, path) = place();
    write(&path, r#"{"step": 2}"#);
    let aborted = Mark { step: MarkStep::Aborted, note: Some("aborted: stalled at step 2"), ..MARK };
    assert_eq!(write_marker(&path, &aborted).unwrap(), -1);
    assert!(read(&path).unwrap().aborted);
    assert_eq!(write_marker(&path, &MARK).unwrap(), 1);
    assert_eq!(text(&path), "{\"step\":1,\"ts\":1764000000}\n");
}

#[test]
fn a_half_written_marker_is_replaced_and_anything_else_is_left_alone() {
    let (home, path) = place();
    for half in ["", "{\"step\": 3, \"no"] {
        write(&path, half);
        assert_eq!(write_marker(&path, &MARK).unwrap(), 1);
    }
    for other in ["name,age\nada,36\n", "[1]"] {
        write(&path, other);
        let error = write_marker(&path, &MARK).unwrap_err();
        assert!(error.to_string().starts_with("cannot write the marker"), "{error}");
        assert_eq!(text(&path), other);
    }
    assert!(write_marker(home.path(), &MARK).is_err());
    assert!(write_marker(&home.path().join("gone/p.json"), &MARK).is_err());
}
