//! Job types: what comes out of them, and how they may be changed.

use nightkeep_core::limits::{DEFAULT_TYPE, Limits};

use super::edit::EditError;
use super::limits::view;
use super::shape::listed;
use super::{Config, checks};
use crate::api::{FieldFault, JobType, LimitsSpec, TypeDraft, TypeView, Validation};

/// Says what is wrong with a job type before it is saved: the one authority for the window's form.
#[must_use]
pub fn validate_type(draft: &TypeDraft, config: &Config) -> Validation {
    let mut said = Validation::default();
    let mut error = |field: &str, message: String| said.errors.push(FieldFault { field: field.to_owned(), message });
    if let Some(message) = checks::name_fault(&draft.name) {
        error("name", message);
    } else if draft.adding && config.type_names().any(|known| known == draft.name) {
        error("name", format!("there is a job type `{}` already", draft.name));
    }
    if draft.max_running == Some(0) {
        error("max_running", checks::NO_RUN_AT_ALL.to_owned());
    }
    let unreadable = checks::unreadable_limits(&draft.limits);
    if unreadable.is_empty() {
        said.errors.extend(config.with_type(&draft.name, &draft.limits).err());
    } else {
        said.errors.extend(unreadable);
    }
    said.errors.iter_mut().for_each(super::validate::into_sentence);
    said
}

impl Config {
    /// This configuration with other limits of one type, if every job can still be judged.
    pub(super) fn with_type(&self, name: &str, limits: &LimitsSpec) -> Result<Self, FieldFault> {
        let mut changed = self.clone();
        let max_running = self.max_running_of(name);
        changed.types.retain(|(known, _)| known != name);
        changed.types.push((name.to_owned(), JobType { limits: limits.clone(), max_running }));
        changed.limits_of_type(name)?;
        changed.suits_its_jobs()?;
        Ok(changed)
    }

    /// Whether what is said of a type may be taken away.
    pub(super) fn without_type(&self, name: &str) -> Result<(), EditError> {
        if self.type_overrides(name).is_none() {
            return Err(EditError::NoType { name: name.to_owned() });
        }
        let users = self.jobs.iter().filter(|job| job.r#type.as_deref().unwrap_or(DEFAULT_TYPE) == name);
        let users: Vec<&str> = users.map(|job| job.name.as_str()).collect();
        if Limits::built_in(name).is_none() && !users.is_empty() {
            let jobs = listed(users.into_iter());
            return Err(EditError::TypeInUse { name: name.to_owned(), jobs });
        }
        let mut changed = self.clone();
        changed.types.retain(|(known, _)| known != name);
        changed.suits_its_jobs().map_err(EditError::Invalid)
    }

    fn suits_its_jobs(&self) -> Result<(), FieldFault> {
        self.jobs.iter().try_for_each(|job| {
            self.limits_of(job).map(drop).map_err(|fault| FieldFault {
                message: format!("the job `{}` does not go with it: {}", job.name, fault.message),
                field: fault.field,
            })
        })
    }

    pub(super) fn type_view(&self, name: &str) -> TypeView {
        let count = self.jobs.iter().filter(|job| job.r#type.as_deref().unwrap_or(DEFAULT_TYPE) == name).count();
        TypeView {
            name: name.to_owned(),
            built_in: Limits::built_in(name).is_some(),
            overrides: self.type_overrides(name).cloned().unwrap_or_default(),
            limits: view(&self.limits_of_type(name).expect("limits of types were checked when the text was read")),
            max_running: self.max_running_of(name),
            jobs: u32::try_from(count).unwrap_or(u32::MAX),
        }
    }
}
