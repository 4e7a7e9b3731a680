//! The file on disk.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::*;

fn job(name: &str) -> JobSpec {
    JobSpec { name: name.into(), command: vec!["x".into()], ..JobSpec::default() }
}

fn names(config: &Config) -> Vec<&str> {
    config.jobs().iter().map(|job| job.name.as_str()).collect()
}

const ONE: &str = "# mine\n[jobs.a]\ncommand = 'x'\n";

#[test]
fn a_missing_file_is_an_empty_configuration_and_the_first_edit_makes_it_private() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("deep/config.toml");
    let file = ConfigFile::load(&path);
    assert_eq!((*file.current()).clone(), Config::default());
    assert_eq!(names(&file.add_job(&job("b")).unwrap()), ["b"]);
    assert!(matches!(crate::marker::place::mode_of(&path), Some(0o600) | None));
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn an_edit_goes_out_from_what_the_file_says_at_that_moment() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    let file = ConfigFile::load(&path);
    std::fs::write(&path, ONE).unwrap();
    assert_eq!(names(&file.add_job(&job("b")).unwrap()), ["a", "b"]);
    assert!(std::fs::read_to_string(&path).unwrap().starts_with(ONE));
    assert_eq!(file.reread(), None, "an edit of our own is not a change");
}

#[test]
fn a_broken_file_keeps_the_last_good_configuration_and_is_not_written_over() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    std::fs::write(&path, ONE).unwrap();
    let file = ConfigFile::load(&path);
    for broken in [b"[jobs.a\n".as_slice(), b"# \xff\n"] {
        std::fs::write(&path, broken).unwrap();
        let Some(ConfigEvent::Broken(fault)) = file.reread() else { panic!("it is broken") };
        assert_eq!(file.fault(), Some(fault));
        assert_eq!(names(&file.current()), ["a"]);
        assert!(file.add_job(&job("b")).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), broken);
    }
    std::fs::write(&path, "").unwrap();
    assert_eq!(file.reread(), Some(ConfigEvent::Loaded(Arc::new(Config::default()))));
    assert_eq!(file.fault(), None);
}

#[test]
fn a_file_that_somebody_else_wrote_meanwhile_is_not_written_over() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    std::fs::write(&path, ONE).unwrap();
    assert!(!file::write_over(&path, "", "[jobs.b]\ncommand = 'x'\n").unwrap());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), ONE);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_a_link_stays_a_link() {
    let home = tempfile::tempdir().unwrap();
    let (real, link) = (home.path().join("real.toml"), home.path().join("config.toml"));
    std::fs::write(&real, ONE).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    ConfigFile::load(&link).add_job(&job("b")).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(std::fs::read_to_string(&real).unwrap().contains("[jobs.b]"));
}

/// Writes as editors do: beside, then renamed over it.
fn save(path: &Path, text: &str) {
    crate::marker::replace_file(path, text.as_bytes(), None).unwrap();
}

#[tokio::test]
async fn edits_by_hand_are_taken_up_and_broken_ones_are_reported() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    save(&path, "");
    let file = Arc::new(ConfigFile::load(&path));
    let (sender, mut events) = mpsc::channel(8);
    let watching = tokio::spawn(Arc::clone(&file).watch(sender));
    save(&path, ONE);
    let Some(ConfigEvent::Loaded(config)) = events.recv().await else { panic!("it can be used") };
    assert_eq!(names(&config), ["a"]);
    std::fs::write(&path, "[jobs.a\n").unwrap();
    let Some(ConfigEvent::Broken(fault)) = events.recv().await else { panic!("it is broken") };
    assert_eq!((fault.line, fault.column), (1, 8));
    save(&path, ONE);
    assert!(matches!(events.recv().await, Some(ConfigEvent::Loaded(_))));
    file.add_job(&job("b")).unwrap();
    std::fs::remove_file(&path).unwrap();
    let Some(ConfigEvent::Loaded(config)) = events.recv().await else { panic!("a missing file is empty") };
    assert_eq!(names(&config), [""; 0], "our own edit came in between and was not sent");
    drop(events);
    watching.await.unwrap();
}

#[tokio::test]
async fn edits_are_taken_up_after_the_directory_was_replaced() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("config");
    std::fs::create_dir(&directory).unwrap();
    let path = directory.join("config.toml");
    let file = Arc::new(ConfigFile::load(&path));
    let (sender, mut events) = mpsc::channel(8);
    let _watching = tokio::spawn(Arc::clone(&file).watch(sender));
    save(&path, ONE);
    events.recv().await.unwrap();
    let other = home.path().join("other");
    std::fs::create_dir(&other).unwrap();
    save(&other.join("config.toml"), "[jobs.moved]\ncommand = 'x'\n");
    std::fs::rename(&directory, home.path().join("away")).unwrap();
    std::fs::rename(&other, &directory).unwrap();
    let Some(ConfigEvent::Loaded(config)) = events.recv().await else { panic!("it can be used") };
    assert_eq!(names(&config), ["moved"]);
    save(&path, "[jobs.again]\ncommand = 'x'\n");
    let Some(ConfigEvent::Loaded(config)) = events.recv().await else { panic!("it can be used") };
    assert_eq!(names(&config), ["again"]);
}
