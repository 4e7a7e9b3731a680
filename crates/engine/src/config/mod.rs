//! What the user wants: `config.toml` with its settings, job types and jobs.
//!
//! ```toml
//! [settings]
//! notifications = true            # system notifications
//! keep_days = 30                  # how long the directories of ended runs are kept
//! keep_output_days = 14           # how long their outputs are
//! output_max = "20MB"             # what is kept of the output of each run: its end
//! output_total_max = "1GB"        # of all ended runs together; the oldest go first
//! max_runtime = "8h"              # the longest run time where neither job nor type names one; left out: none
//! max_running = 4                 # how many runs may run side by side; left out: any number
//! keep_awake = "plugged-in"       # or "always", "never": whether the computer stays awake while runs are active
//! icon_style = "colour"           # or "white", "black": the icon in the tray
//!
//! [notifications]
//! quiet_hours = "23:00-07:00"     # what can wait is told in the morning; or "off"
//! quiet_days = "every day"        # on which they begin, such as "Sun-Thu" or "Mon, Wed"
//! morning_report = "on"           # at their end; or not before "08:00", or "off"
//! sound = true                    # false: every banner is silent
//!
//! [notifications.show]            # where each event is told: "banner", "digest" (the morning report) or "off"
//! warning = "off"                 # "banner" in short: `warnings = true` in the table above
//! stopped = "banner"
//! breaker = "banner"
//! recovered = "banner"
//! needs_you = "banner"
//! finished = "per-job"            # a banner for jobs with `notify_end`
//! failed = "per-job"
//!
//! [pings]                         # off unless there is a `listen`
//! listen = "127.0.0.1:0"          # any free port, or one: `8765`
//! key = "0123456789abcdef012345"  # what opens the slugs; left out: one is made
//!
//! [types.llm]                     # a built-in type with another limit, or a type of one's own
//! stall_after = "20m"
//! max_running = 1                 # how many runs of this type may run side by side
//!
//! [jobs.nightly]
//! type = "llm"
//! command = ["python3", "gen.py"] # or one text, split as a shell would: "python3 gen.py"
//! cwd = "~/articles"              # `~` is the home directory; left out: the home directory
//! env = { MODE = "night" }
//! progress = "progress.json"      # the marker, relative to `cwd`
//! leftovers = "report"            # or "stop" or "keep": processes that outlive the command
//! stop_signal = "INT"             # how it is asked to end; TERM when left out
//! on_stall = "restart"            # or "abort", "notify": what becomes of a run that stalls
//! output_max = "50MB"             # what is kept of its output, when not that of the settings
//! ping = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278" # takes pings under this UUID, besides its name's slug
//! ping_mode = "heartbeat"         # or "job" or "auto": what a success is that is pinged
//! export_ping_env = true          # its runs are told where to ping
//! notify_end = true               # a banner when a run of it finishes or fails by itself, too
//! may_wake = true                 # its banners are shown in quiet hours, too
//! stall_after = "15m"             # limits stand directly in the table of the job or type
//! max_runtime = "off"             # none, whatever type or settings say
//! beat = "30s"                    # it says this often that it is alive
//! tool_stall_after = "45m"        # while a tool runs; the same for `subagent_` and `compacting_`
//! max_cost = 5                    # in dollars, a run
//! max_cost_per_day = 20           # all runs of the job within 24 hours
//! on_max_cost = "stop"            # or "notify"; so it is with `on_unreachable` and `on_circling`
//! ```
//!
//! The text is read into a [`Config`] or into one [`ConfigFault`] that says where. [`ConfigFile`] holds the file of one
//! engine: it edits the text without touching the user's comments and order, picks up edits by hand, and stays with the
//! last good configuration while the file is broken. [`validate()`] says of a job what is wrong with it before it is saved.

mod checks;
mod comments;
pub mod duration;
mod edit;
mod fault;
mod file;
mod limits;
pub mod money;
mod names;
mod notifications;
mod preflight;
mod program;
mod reports;
mod resolve;
mod settings;
mod shape;
pub mod size;
mod types;
mod validate;

use nightkeep_core::Capacities;
use nightkeep_core::limits::{DEFAULT_TYPE, Limits, built_in_types};

pub use checks::{name_fault, source_faults};
pub use edit::EditError;
pub(crate) use edit::as_text;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use edit::{Edit, apply};
pub use fault::ConfigFault;
pub use file::{ConfigEvent, ConfigFile, read_text};
pub use limits::{is_off, overrides, view};
pub use names::{SettingName, listed_settings, setting_names};
pub use notifications::Notifications;
pub use preflight::preflight;
pub use resolve::{Surroundings, cwd_of, expand, progress_of, stop_signal_of};
pub use types::validate_type;
pub use validate::validate;

use crate::api::{FieldFault, IconStyle, JobSpec, JobType, KeepAwake, LimitsSpec, TypeView};
use crate::pings::Listen;

/// What is kept of the outputs of all ended runs, unless the settings say otherwise.
const OUTPUT_TOTAL_MAX: u64 = 1_000_000_000;

/// For how many days the output of an ended run is kept, unless the settings say otherwise.
pub(crate) const KEEP_OUTPUT_DAYS: u32 = 14;

/// What is not about one job: the table `[settings]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether system notifications are shown.
    pub notifications: bool,
    /// For how many days the directories of ended runs are kept.
    pub keep_days: u32,
    /// For how many days their outputs are.
    pub keep_output_days: u32,
    /// How many bytes are kept of the output of a run.
    pub output_max: u64,
    /// How many bytes are kept of the outputs of all runs that have ended.
    pub output_total_max: u64,
    /// The longest run time where neither job nor type names one, as it is written.
    pub max_runtime: Option<String>,
    /// How many runs may run side by side; `None` for any number.
    pub max_running: Option<u32>,
    /// When the computer is kept awake while runs are active.
    pub keep_awake: KeepAwake,
    /// How the icon in the tray is coloured.
    pub icon_style: IconStyle,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            notifications: true,
            keep_days: 30,
            keep_output_days: KEEP_OUTPUT_DAYS,
            output_max: crate::captured::OUTPUT_BYTES_MAX,
            output_total_max: OUTPUT_TOTAL_MAX,
            max_runtime: None,
            max_running: None,
            keep_awake: KeepAwake::Never,
            icon_style: IconStyle::Colour,
        }
    }
}

/// The table `[pings]`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Pings {
    /// Where pings are listened for; `None` for nowhere.
    pub listen: Option<Listen>,
    /// What opens the slugs of all jobs; `None` for one that is made.
    pub key: Option<String>,
}

/// The key is a secret.
impl std::fmt::Debug for Pings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = self.key.as_ref().map(|_| "…");
        f.debug_struct("Pings").field("listen", &self.listen).field("key", &key).finish()
    }
}

impl Settings {
    /// What they say of limits.
    fn limits(&self) -> LimitsSpec {
        LimitsSpec { max_runtime: self.max_runtime.clone(), ..LimitsSpec::default() }
    }
}

/// A configuration that can be used as it is: every name, type, duration and limit in it was checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    settings: Settings,
    notifications: Notifications,
    pings: Pings,
    types: Vec<(String, JobType)>,
    jobs: Vec<JobSpec>,
}

impl Config {
    /// Reads the text of a `config.toml`.
    ///
    /// # Errors
    /// The first fault in it, with its place: broken TOML, an unknown key, a wrong type, a duration or limits that
    /// cannot be meant, a job type that does not exist.
    pub fn parse(text: &str) -> Result<Self, ConfigFault> {
        let (config, spots) = shape::read(text)?;
        match checks::first_fault(&config) {
            None => Ok(config),
            Some((path, message)) => {
                Err(ConfigFault::at(text, spots.offset(&path), format!("`{}`: {message}", path.join())))
            }
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is said of notifications.
    #[must_use]
    pub fn notifications(&self) -> &Notifications {
        &self.notifications
    }

    /// What is said of pings.
    #[must_use]
    pub fn pings(&self) -> &Pings {
        &self.pings
    }

    /// The jobs, in the order of the file.
    #[must_use]
    pub fn jobs(&self) -> &[JobSpec] {
        &self.jobs
    }

    /// The job of that name.
    #[must_use]
    pub fn job(&self, name: &str) -> Option<&JobSpec> {
        self.jobs.iter().find(|job| job.name == name)
    }

    /// The names of all job types: the built-in ones first, then those of the file in its order.
    pub fn type_names<'c>(&'c self) -> impl Iterator<Item = &'c str> {
        let own = self.types.iter().map(|(name, _)| name.as_str()).filter(|name| Limits::built_in(name).is_none());
        built_in_types().map(|name| -> &'c str { name }).chain(own)
    }

    /// All job types with the limits that come out, in the order of [`Config::type_names`].
    #[must_use]
    pub fn types(&self) -> Vec<TypeView> {
        self.type_names().map(|name| self.type_view(name)).collect()
    }

    /// How many bytes are kept of the output of a run of `job`.
    ///
    /// # Errors
    /// When what the job says is no size. Never for a job that [`Config::job`] gave out.
    pub fn output_max_of(&self, job: &JobSpec) -> Result<u64, FieldFault> {
        job.output_max.as_deref().map_or(Ok(self.settings.output_max), checks::output_max)
    }

    /// How many runs may run side by side.
    #[must_use]
    pub fn capacities(&self) -> Capacities {
        let of_type = self.types.iter().filter_map(|(name, kind)| Some((name.clone(), kind.max_running?)));
        Capacities { in_all: self.settings.max_running, of_type: of_type.collect() }
    }

    /// The limits that a job of this kind is judged by: its own, else those of its type in the file, else those of the
    /// built-in type of that name, else those of `generic`.
    ///
    /// # Errors
    /// What is wrong with the type or with a limit. Never for a job that [`Config::job`] gave out.
    pub fn limits_of(&self, job: &JobSpec) -> Result<Limits, FieldFault> {
        self.limits_for(job.r#type.as_deref(), &job.limits)
    }

    /// The limits that come out of a type (`generic` when left out) and of what is said beside it, checked.
    ///
    /// # Errors
    /// The field that is at fault: `type`, or `limits.…`.
    pub fn limits_for(&self, kind: Option<&str>, own: &LimitsSpec) -> Result<Limits, FieldFault> {
        let kind = kind.unwrap_or(DEFAULT_TYPE);
        if !self.type_names().any(|known| known == kind) {
            return Err(checks::unknown_type(kind, self.type_names()));
        }
        let mut said = overrides(own)?;
        if let Some(of_type) = self.type_overrides(kind) {
            // A type may say what is done about beats that only its jobs declare.
            said.reports.stops = said.reports.stops.or(overrides(of_type)?.reports.stops);
        }
        let limits = self.limits_of_type(kind)?.with(&said);
        limits::check(&limits, own)?;
        Ok(limits)
    }

    fn limits_of_type(&self, name: &str) -> Result<Limits, FieldFault> {
        let mut built_in = Limits::built_in(name).unwrap_or_default();
        if built_in.max_runtime.is_none() {
            built_in = built_in.with(&overrides(&self.settings.limits())?);
        }
        match self.type_overrides(name) {
            None => Ok(built_in),
            Some(own) => {
                let limits = built_in.with(&overrides(own)?);
                limits::check(&limits, own)?;
                Ok(limits)
            }
        }
    }

    fn type_overrides(&self, name: &str) -> Option<&LimitsSpec> {
        self.types.iter().find(|(known, _)| known == name).map(|(_, kind)| &kind.limits)
    }

    fn max_running_of(&self, name: &str) -> Option<u32> {
        self.types.iter().find(|(known, _)| known == name).and_then(|(_, kind)| kind.max_running)
    }
}

#[cfg(test)]
mod tests;
