//! What is known to be nobody else's business, whatever it looks like: values of environments, and what opens pings.

use crate::api::JobSpec;
use crate::config::Config;
use crate::pings;
use crate::places::Places;
use crate::report::{HIDDEN, homeless, looks_like_a_key, names_a_secret, without_secrets};

/// A value that is shorter stands in too many words; one whose name speaks of a secret is looked for from here on.
const CHARS_MIN: usize = 8;
const SECRET_CHARS_MIN: usize = 4;

/// What may stand nowhere.
#[derive(Debug, Default)]
pub(super) struct Hiding {
    /// The longest first, since one may be a part of another.
    values: Vec<String>,
    home: Option<String>,
}

impl Hiding {
    pub(super) fn of<'j>(jobs: impl Iterator<Item = &'j JobSpec>, places: &Places, config: Option<&Config>) -> Self {
        let key_of_the_file = config.and_then(|config| config.pings().key.clone());
        let keys = key_of_the_file.into_iter().chain(pings::kept_key(places));
        let home = etcetera::home_dir().ok().map(|home| home.display().to_string());
        Self::of_values(jobs, keys, home)
    }

    pub(super) fn of_values<'j>(
        jobs: impl Iterator<Item = &'j JobSpec>,
        keys: impl Iterator<Item = String>,
        home: Option<String>,
    ) -> Self {
        let mut values: Vec<String> = keys.collect();
        for job in jobs {
            values.extend(job.ping.clone());
            let told = job.env.iter().filter(|(name, value)| {
                let chars_min = if names_a_secret(name) { SECRET_CHARS_MIN } else { CHARS_MIN };
                value.chars().count() >= chars_min
            });
            values.extend(told.map(|(_, value)| value.clone()));
        }
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self { values, home: home.filter(|home| home.len() > 1) }
    }

    /// The text without it, without what looks like a secret, and with `~` for home directories.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.values {
            text = text.replace(value, HIDDEN);
        }
        if let Some(home) = &self.home {
            text = text.replace(home, "~");
        }
        without_secrets(&homeless(&text))
    }
}

/// The job as it can be shown: which variables it sets, and nothing of what they hold.
pub(super) fn shown(job: &JobSpec) -> JobSpec {
    JobSpec {
        env: job.env.keys().map(|name| (name.clone(), HIDDEN.to_owned())).collect(),
        ping: job.ping.as_ref().map(|_| HIDDEN.to_owned()),
        command: command(&job.command),
        ..job.clone()
    }
}

/// The arguments, but for those that look like a secret or follow a flag that names one.
fn command(arguments: &[String]) -> Vec<String> {
    let mut before = "";
    let mut shown = Vec::with_capacity(arguments.len());
    for argument in arguments {
        // A number of tokens is no secret.
        let is_count = before.contains("tokens") && argument.chars().all(|c| c.is_ascii_digit());
        let is_named = before.starts_with('-') && !before.contains('=') && names_a_secret(before) && !is_count;
        let is_login = matches!(before, "-u" | "--user") && argument.contains(':');
        let is_hidden = (is_named && !argument.starts_with('-')) || is_login || looks_like_a_key(argument);
        shown.push(if is_hidden { HIDDEN.to_owned() } else { without_secrets(argument) });
        before = argument;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn arguments_that_look_like_a_secret_are_left_out_and_others_stay() {
        for (said, told) in [
            ("tool --client-secret hunter2 -v", "tool --client-secret [hidden] -v"),
            ("tool --api-key=abcd1234 x", "tool --api-key=[hidden] x"),
            ("curl -u ann:pw http://host/", "curl -u [hidden] http://host/"),
            ("tool 9f86d081884c7d659a2feaa0c55ad015 x", "tool [hidden] x"),
            ("tool --resume 5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278", "tool --resume [hidden]"),
            ("claude --model claude-sonnet-4-20250514 -p work", "claude --model claude-sonnet-4-20250514 -p work"),
            ("python3 gen.py --tokens 4000 --no-password -v", "python3 gen.py --tokens 4000 --no-password -v"),
        ] {
            assert_eq!(command(&words(said)).join(" "), told);
        }
    }

    #[test]
    fn a_value_of_an_environment_is_found_wherever_it_stands() {
        let env = [("MODE", "night"), ("CODE", "open-sesame-7"), ("PASSWORD", "pw-1")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let job = JobSpec { name: "a".to_owned(), env, ..JobSpec::default() };
        let hiding = Hiding::of_values([&job].into_iter(), std::iter::empty(), Some("/srv/ann".to_owned()));
        let text = hiding.apply("/srv/ann/x: at night, sent open-sesame-7 and pw-1");
        assert_eq!(text, "~/x: at night, sent [hidden] and [hidden]");
        assert_eq!(shown(&job).env.values().collect::<Vec<_>>(), ["[hidden]"; 3]);
    }
}
