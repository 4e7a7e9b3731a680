//! The reader of `config.toml`, and the edits that are made in it.

use crate::api::{JobSpec, LimitsSpec};
use crate::config::{Config, Edit, apply, name_fault};

pub(super) fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let config = match Config::parse(text) {
        Ok(config) => config,
        Err(fault) => {
            assert!(!fault.to_string().is_empty());
            return;
        }
    };
    for job in config.jobs() {
        assert_eq!(name_fault(&job.name), None);
        assert!(config.limits_of(job).is_ok(), "{job:?}");
    }
    let added = JobSpec { name: "added by a test".to_owned(), command: vec!["true".to_owned()], ..JobSpec::default() };
    if config.job(&added.name).is_none() {
        let jobs = edited(text, &config, Edit::AddJob(&added));
        assert!(jobs.contains(&added));
        assert_eq!(
            jobs.iter().filter(|job| **job != added).collect::<Vec<_>>(),
            config.jobs().iter().collect::<Vec<_>>()
        );
    }
    if let Some(first) = config.jobs().first() {
        let jobs = edited(text, &config, Edit::RemoveJob { name: &first.name });
        assert_eq!(jobs, config.jobs().get(1..).unwrap_or_default());
        let renamed = JobSpec { name: "renamed by a test".to_owned(), ..first.clone() };
        if config.job(&renamed.name).is_none() {
            let jobs = edited(text, &config, Edit::ReplaceJob { name: &first.name, job: &renamed });
            assert!(jobs.contains(&renamed) && jobs.len() == config.jobs().len());
        }
    }
    let grace = LimitsSpec { grace: Some("7s".to_owned()), ..LimitsSpec::default() };
    let jobs = edited(text, &config, Edit::SetType { name: "made by a test", limits: &grace });
    assert_eq!(jobs, config.jobs());
}

/// The jobs of the text after an edit; such an edit of a good configuration always succeeds.
fn edited(text: &str, config: &Config, edit: Edit<'_>) -> Vec<JobSpec> {
    let after = apply(text, config, edit).unwrap_or_else(|fault| panic!("{edit:?}: {fault}"));
    match Config::parse(&after) {
        Ok(config) => config.jobs().to_vec(),
        Err(fault) => panic!("{edit:?}: {fault}\n{after}"),
    }
}
