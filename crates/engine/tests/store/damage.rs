//! Files that cannot be used: set aside and kept, never deleted, and reported.

use std::fs;
use std::path::Path;

use nightkeep_core::time::Wall;
use nightkeep_engine::store::{Quarantine, Store, StoreError};

use crate::support::{START_MS, advanced, at, open, place, reader, registration, stamped};

#[test]
fn an_empty_file_is_set_aside() {
    check_set_aside(b"", "empty");
}

#[test]
fn garbage_is_set_aside() {
    check_set_aside(&[0xa5; 9000], "not a SQLite database");
}

#[test]
fn a_database_whose_header_is_damaged_is_set_aside() {
    let place = place();
    open(&place.path).close().unwrap();
    let mut bytes = fs::read(&place.path).unwrap();
    // The size of a page, which the magic does not cover.
    bytes[16..20].copy_from_slice(&[0xff; 4]);
    check_set_aside(&bytes, "");
}

#[test]
fn a_database_that_was_cut_off_is_set_aside() {
    let place = place();
    open(&place.path).close().unwrap();
    let bytes = fs::read(&place.path).unwrap();
    check_set_aside(&bytes[..5000], "malformed");
}

#[test]
fn the_database_of_another_program_is_set_aside() {
    let other = place();
    let db = rusqlite::Connection::open(&other.path).unwrap();
    db.execute_batch("CREATE TABLE songs (title TEXT); PRAGMA application_id = 42;").unwrap();
    drop(db);
    check_set_aside(&fs::read(&other.path).unwrap(), "another program");
}

#[test]
fn a_log_without_its_database_is_set_aside() {
    let place = place();
    let log = place.directory.path().join("nightkeep.db-wal");
    fs::write(&log, [7; 4000]).unwrap();
    let notice = Store::open(&place.path, Wall::from_ms(START_MS)).unwrap().notice.unwrap();
    assert!(notice.why.contains("missing"), "{notice:?}");
    let kept = place.directory.path().join("nightkeep.db.corrupt-20251122T004612Z-wal");
    assert_eq!(fs::read(kept).unwrap(), [7; 4000]);
}

#[test]
fn the_newest_good_backup_takes_the_place_and_no_number_is_given_twice() {
    let place = place();
    let mut store = open(&place.path);
    store.register(&at(0), &registration("kept", "job")).unwrap();
    let good = store.back_up(Wall::from_ms(START_MS)).unwrap();
    let damaged_copy = store.back_up(Wall::from_ms(START_MS + 1000)).unwrap();
    fs::write(&damaged_copy, b"rubbish").unwrap();
    let run = store.register(&at(1), &registration("lost", "job")).unwrap();
    for n in 1..2000 {
        store.append(run, vec![stamped(n, advanced(n, 1, 1))]).unwrap();
    }
    store.close().unwrap();
    damage_the_last_pages_after_a_crash(&place.path);

    let opened = Store::open(&place.path, Wall::from_ms(START_MS + 2000)).unwrap();
    let Quarantine { moved_to, restored_from, .. } = opened.notice.clone().unwrap();
    assert!(moved_to.exists());
    assert_eq!(restored_from, Some(good));
    let mut store = opened.store;
    assert_eq!(reader(&place.path).find_tag("kept").unwrap(), Some(1));
    assert_eq!(store.register(&at(2), &registration("next", "job")).unwrap(), 3);
    let message = opened.notice.unwrap().message();
    assert!(message.contains("set aside as `") && message.contains("took its place."), "{message}");
}

#[test]
fn a_damaged_page_in_the_middle_is_found_at_the_next_start_even_after_an_orderly_end() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("kept", "job")).unwrap();
    for n in 1..2000 {
        store.append(run, vec![stamped(n, advanced(n, 1, 1))]).unwrap();
    }
    let good = store.back_up(Wall::from_ms(START_MS)).unwrap();
    store.close().unwrap();
    let mut bytes = fs::read(&place.path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xff);
    fs::write(&place.path, &bytes).unwrap();

    let opened = Store::open(&place.path, Wall::from_ms(START_MS + 2000)).unwrap();
    let notice = opened.notice.unwrap();
    assert_eq!(notice.restored_from, Some(good));
    assert_eq!(fs::read(notice.moved_to).unwrap(), bytes);
    assert_eq!(reader(&place.path).run(run).unwrap().unwrap().gaps.count, 1999);
}

/// What a kill leaves within a transaction of a file that is written with a journal: a change half done, and the journal
/// that undoes it.
fn cut_off_within_a_transaction(of: &Path, at: &Path) {
    let db = rusqlite::Connection::open(of).unwrap();
    db.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN; DELETE FROM advances;").unwrap();
    let journal = |path: &Path| path.with_file_name("nightkeep.db-journal");
    assert!(fs::metadata(journal(of)).unwrap().len() > 0);
    fs::copy(of, at).unwrap();
    fs::copy(journal(of), journal(at)).unwrap();
}

#[test]
fn a_transaction_that_was_cut_off_is_undone_at_the_next_start() {
    let (before, place) = (place(), place());
    let mut store = open(&before.path);
    let run = store.register(&at(0), &registration("kept", "job")).unwrap();
    let story = (1..2000).map(|n| stamped(n, advanced(n, 1, 1))).collect();
    store.append(run, story).unwrap();
    store.close().unwrap();
    cut_off_within_a_transaction(&before.path, &place.path);

    assert!(nightkeep_engine::store::why_unusable(&place.path).is_none(), "an engine undoes it");
    open(&place.path).close().unwrap();
    assert_eq!(reader(&place.path).run(run).unwrap().unwrap().gaps.count, 1999);
}

#[test]
fn a_journal_goes_with_the_history_that_is_set_aside() {
    let place = place();
    fs::write(&place.path, [0xa5; 9000]).unwrap();
    let journal = place.directory.path().join("nightkeep.db-journal");
    fs::write(&journal, [7; 4000]).unwrap();
    open_after_setting_aside(&place.path).close().unwrap();
    assert!(!journal.exists());
    let kept = place.directory.path().join("nightkeep.db.corrupt-20251122T004612Z-journal");
    assert_eq!(fs::read(kept).unwrap(), [7; 4000]);
}

fn open_after_setting_aside(path: &Path) -> Store {
    let opened = Store::open(path, Wall::from_ms(START_MS)).unwrap();
    assert!(opened.notice.is_some());
    opened.store
}

#[test]
fn a_file_that_does_not_tell_its_numbers_leaves_a_gap_above_those_of_the_backup() {
    let place = place();
    let mut store = open(&place.path);
    store.register(&at(0), &registration("kept", "job")).unwrap();
    store.back_up(Wall::from_ms(START_MS)).unwrap();
    assert_eq!(store.register(&at(1), &registration("lost", "job")).unwrap(), 2);
    store.close().unwrap();
    fs::write(&place.path, [0xa5; 9000]).unwrap();
    let mut store = Store::open(&place.path, Wall::from_ms(START_MS + 2000)).unwrap().store;
    assert_eq!(store.register(&at(2), &registration("next", "job")).unwrap(), 1002);
}

#[test]
fn a_restore_that_fails_moves_nothing_away() {
    let place = place();
    let mut store = open(&place.path);
    store.register(&at(0), &registration("kept", "job")).unwrap();
    store.back_up(Wall::from_ms(START_MS)).unwrap();
    store.close().unwrap();
    fs::write(&place.path, [0xa5; 9000]).unwrap();
    let obstacle = place.directory.path().join("nightkeep.db.restore-unfinished");
    fs::create_dir(&obstacle).unwrap();
    Store::open(&place.path, Wall::from_ms(START_MS + 1000)).unwrap_err();
    assert_eq!(fs::read(&place.path).unwrap(), [0xa5; 9000]);
    fs::remove_dir(obstacle).unwrap();
    let opened = Store::open(&place.path, Wall::from_ms(START_MS + 2000)).unwrap();
    assert!(opened.notice.unwrap().restored_from.is_some());
    assert_eq!(reader(&place.path).find_tag("kept").unwrap(), Some(1));
}

#[test]
fn a_restore_that_was_cut_off_is_finished_by_the_next_start() {
    let place = place();
    let mut store = open(&place.path);
    store.register(&at(0), &registration("kept", "job")).unwrap();
    let copy = store.back_up(Wall::from_ms(START_MS)).unwrap();
    store.close().unwrap();
    fs::remove_file(&place.path).unwrap();
    fs::copy(copy, place.directory.path().join("nightkeep.db.restore-ready")).unwrap();
    drop(open(&place.path));
    assert_eq!(reader(&place.path).find_tag("kept").unwrap(), Some(1));
}

#[test]
fn only_the_newest_three_backups_are_kept() {
    let place = place();
    let store = open(&place.path);
    for second in 0..5 {
        store.back_up(Wall::from_ms(START_MS + second * 1000)).unwrap();
    }
    assert_eq!(
        names(&place.directory.path().join("nightkeep.db"), ".backup-"),
        [
            "nightkeep.db.backup-20251122T004614Z",
            "nightkeep.db.backup-20251122T004615Z",
            "nightkeep.db.backup-20251122T004616Z"
        ]
    );
}

#[test]
fn a_file_of_a_later_version_is_refused_and_not_touched() {
    let place = place();
    open(&place.path).close().unwrap();
    rusqlite::Connection::open(&place.path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&place.path).unwrap();

    let refusal = Store::open(&place.path, Wall::from_ms(START_MS)).unwrap_err();
    assert!(matches!(refusal, StoreError::Newer { found: 99, known: 3, .. }), "{refusal:?}");
    assert!(refusal.to_string().contains("later version"), "{refusal}");
    let program = format!("install Nightkeep {} or later", env!("CARGO_PKG_VERSION"));
    assert_eq!(refusal.hint(), Some(program), "the newest program that has opened it");
    assert_eq!(fs::read(&place.path).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let mut store = open(&place.path);
    store.register(&at(0), &registration("a", "job")).unwrap();
    store.back_up(Wall::from_ms(START_MS)).unwrap();
    let files: Vec<_> = fs::read_dir(place.directory.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_may_not_be_written_gives_a_typed_error() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    fs::set_permissions(place.directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let path = place.path.clone();
    let opened = std::thread::spawn(move || {
        if rustix::process::geteuid().is_root() {
            // Permissions mean nothing to root; this thread alone becomes somebody else.
            rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65534)).unwrap();
        }
        Store::open(&path, Wall::from_ms(START_MS))
    });
    let refusal = opened.join().unwrap().unwrap_err();
    fs::set_permissions(place.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(refusal, StoreError::NotWritable { .. }), "{refusal:?}");
}

/// Puts `bytes` where the history should be: they are kept under another name, and a history begins.
fn check_set_aside(bytes: &[u8], why: &str) {
    let place = place();
    fs::write(&place.path, bytes).unwrap();
    let opened = Store::open(&place.path, Wall::from_ms(START_MS)).unwrap();
    let notice = opened.notice.unwrap();
    assert!(notice.why.contains(why), "{notice:?}");
    assert_eq!(notice.moved_to, place.directory.path().join("nightkeep.db.corrupt-20251122T004612Z"));
    assert_eq!(notice.restored_from, None);
    assert_eq!(fs::read(&notice.moved_to).unwrap(), bytes);
    let mut store = opened.store;
    assert_eq!(store.register(&at(0), &registration("a", "job")).unwrap(), 1);
}

fn damage_the_last_pages_after_a_crash(path: &Path) {
    rusqlite::Connection::open(path).unwrap().execute("UPDATE meta SET value = 0 WHERE key = 'closed'", []).unwrap();
    let mut bytes = fs::read(path).unwrap();
    let end = bytes.len();
    bytes[end - 40_960..].fill(0xff);
    fs::write(path, bytes).unwrap();
}

fn names(path: &Path, infix: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(infix))
        .collect();
    names.sort();
    names
}
